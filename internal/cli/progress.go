package cli

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/vapora-platform/vapora-backup/internal/backup"
)

// heartbeat is how often a run without a terminal says that it is alive.
const heartbeat = 30 * time.Second

// A progress tells how far a run is: a bar on a terminal, a line every 30
// seconds elsewhere, nothing with --quiet. It never alters the run.
type progress struct {
	add  func(n int)
	done func()
	// note says how far each of several parts is; what it returns stands beside
	// the rest.
	note *atomic.Pointer[func() string]
}

// progress starts one for n units (0: not known) of a phase. bytes says that
// the units are bytes.
func (a *app) progress(what string, n int64, bytes bool) progress {
	switch {
	case a.quiet:
		return progress{add: func(int) {}, done: func() {}, note: &atomic.Pointer[func() string]{}}
	case a.ErrTerminal && !a.json && a.logFormat == "text":
		return a.bar(what, n, bytes)
	}
	return a.beat(what, n, bytes)
}

func (a *app) bar(what string, n int64, bytes bool) progress {
	if n == 0 {
		n = -1
	}
	bar := progressbar.NewOptions64(n, progressbar.OptionSetWriter(a.Err), progressbar.OptionSetDescription(what),
		progressbar.OptionShowBytes(bytes), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(24), progressbar.OptionShowCount())
	p := progress{note: &atomic.Pointer[func() string]{}}
	var last atomic.Int64
	p.add = func(n int) {
		// As often as the bar itself is drawn.
		if f, now := p.note.Load(), time.Now().UnixMilli(); f != nil && now-last.Load() > 100 {
			last.Store(now)
			bar.Describe(what + " (" + (*f)() + ")")
		}
		_ = bar.Add(n) // a bar that cannot be drawn is no failure
	}
	p.done = func() { _ = bar.Finish() }
	return p
}

func (a *app) beat(what string, n int64, bytes bool) progress {
	var seen atomic.Int64
	note := &atomic.Pointer[func() string]{}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(heartbeat)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				line := amount(seen.Load(), n, bytes) + " so far"
				if f := note.Load(); f != nil {
					line += " (" + (*f)() + ")"
				}
				a.say("%s: %s", what, line)
			}
		}
	}()
	return progress{
		add:  func(n int) { seen.Add(int64(n)) },
		done: func() { close(stop); <-stopped },
		note: note,
	}
}

// taken counts the stored bytes that each destination has taken.
type taken struct {
	names []string
	bytes []atomic.Int64
}

// newTaken shows them beside a progress.
func newTaken(to []backup.Destination, p progress) *taken {
	t := &taken{bytes: make([]atomic.Int64, len(to))}
	for _, d := range to {
		t.names = append(t.names, d.Name)
	}
	show := t.String
	p.note.Store(&show)
	return t
}

func (t *taken) add(name string, n int) {
	for i := range t.names {
		if t.names[i] == name {
			t.bytes[i].Add(int64(n))
		}
	}
}

func (t *taken) String() string {
	var parts []string
	for i, name := range t.names {
		parts = append(parts, name+" "+size(t.bytes[i].Load()))
	}
	return strings.Join(parts, ", ")
}

func amount(seen, of int64, bytes bool) string {
	text := fmt.Sprint
	show := func(n int64) string { return text(n) }
	if bytes {
		show = size
	}
	if of > 0 {
		return show(seen) + " of " + show(of)
	}
	return show(seen)
}
