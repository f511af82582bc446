package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

// A sample is what a command took, its children included.
type sample struct {
	wall, cpu float64 // seconds
	peak      int64   // bytes, of the largest process
	stored    int64   // bytes that it left, where that is measured
}

// shell runs a command line and measures it.
func (b *bench) shell(ctx context.Context, line string, env ...string) (sample, error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "DB_PASSWORD=root", "RESTIC_PASSWORD=x", "BORG_PASSPHRASE=x", "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes")
	cmd.Env = append(cmd.Env, env...)
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w\n%s", line, err, out)
	}
	s := sample{wall: time.Since(begin).Seconds(), cpu: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.peak = usage.Maxrss << 10
	}
	return s, nil
}

// A side is one half of a comparison: what is measured, and what comes before
// each run of it, unmeasured.
type side struct {
	line   string
	before string
	stored string // a path below the bench's folder whose size is taken
	// server, if not nil, starts an empty one for each run, whose address the line
	// finds in $URL.
	server func(context.Context) (*surrealtest.Server, error)
}

// run runs a side once.
func (b *bench) run(ctx context.Context, s side) (got sample, err error) {
	if s.before != "" {
		if _, err := b.shell(ctx, s.before); err != nil {
			return got, err
		}
	}
	var env []string
	if s.server != nil {
		srv, err := s.server(ctx)
		if err != nil {
			return got, err
		}
		defer srv.Stop() // its error would hide nothing
		env = append(env, "URL="+srv.URL, "VAPORA_BACKUP__DATABASES__VAPORA__URL="+srv.URL)
	}
	if got, err = b.shell(ctx, s.line, env...); err != nil {
		return got, err
	}
	if s.stored != "" {
		got.stored = size(filepath.Join(b.dir, s.stored))
	}
	return got, nil
}

// pair measures two sides in turn, after one run of each that does not count.
func (b *bench) pair(ctx context.Context, ours, theirs side) (x, y sample, err error) {
	var xs, ys []sample
	for i := range b.runs + 1 {
		for _, s := range []struct {
			side
			into *[]sample
		}{{ours, &xs}, {theirs, &ys}} {
			got, err := b.run(ctx, s.side)
			if err != nil {
				return x, y, err
			}
			if i > 0 {
				*s.into = append(*s.into, got)
			}
		}
	}
	return median(xs), median(ys), nil
}

// median takes each figure's median on its own, and the largest peak.
func median(all []sample) sample {
	of := func(f func(sample) float64) float64 {
		v := make([]float64, len(all))
		for i, s := range all {
			v[i] = f(s)
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	out := sample{wall: of(func(s sample) float64 { return s.wall }), cpu: of(func(s sample) float64 { return s.cpu })}
	for _, s := range all {
		out.peak, out.stored = max(out.peak, s.peak), s.stored
	}
	return out
}

// size adds up the files below a path.
func size(path string) (n int64) {
	_ = filepath.Walk(path, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
		return nil
	})
	return n
}
