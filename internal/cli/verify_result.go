package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/verify"
)

// verified is the result of `verify`.
type verified struct {
	Level   string       `json:"level"`
	Backups []verifiedAt `json:"backups"`
	bad     int
	err     error // the last that kept a copy from being judged
	cure    string
}

type verifiedAt struct {
	ID          string   `json:"id"`
	Source      string   `json:"source"`
	Destination string   `json:"destination"`
	OK          bool     `json:"ok"`
	Cold        bool     `json:"cold,omitempty"` // not read, and no deeper than the signature
	Problems    []string `json:"problems,omitempty"`
	// Error is what kept the copy from being judged; it is no word against it.
	Error   string  `json:"error,omitempty"`
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
}

// checkAll verifies what every place should hold, all places at once.
func (v *verified) checkAll(ctx context.Context, a *app, places []place, wanted []string, opt verify.Options, r *recorder) {
	all := make([]verified, len(places))
	var checking sync.WaitGroup
	for i, p := range places {
		checking.Go(func() { all[i].check(ctx, a, p, wanted, opt, r) })
	}
	checking.Wait()
	for _, x := range all {
		v.Backups = append(v.Backups, x.Backups...)
		v.bad += x.bad
		if x.err != nil {
			v.err = x.err
		}
		v.cure = cmp.Or(v.cure, x.cure)
	}
}

// check verifies one place's copies of what is wanted. That it lacks one is no
// fault here: `list` and `sync` know what it should hold.
func (v *verified) check(ctx context.Context, a *app, p place, wanted []string, opt verify.Options, r *recorder) {
	var entries []catalog.Entry
	for _, e := range p.entries {
		if slices.Contains(wanted, e.ID) {
			entries = append(entries, e)
		}
	}
	opt.Store, opt.Entries = p.store, entries
	a.say("verifying %d backups at %s (%s)", len(entries), p.Name, opt.Level)
	for i, o := range verify.Run(ctx, opt) {
		at := verifiedAt{
			ID: o.ID, Source: entries[i].Source, Destination: p.Name, OK: o.OK, Cold: o.Cold, Problems: o.Problems, Bytes: o.Bytes, Seconds: o.Took.Seconds(),
		}
		if o.Err != nil {
			at.Error = o.Err.Error()
			v.err = o.Err
		}
		v.Backups = append(v.Backups, at)
		if !o.OK {
			v.bad++
			v.cure = cmp.Or(v.cure, o.Cure)
		}
		r.record(ctx, a, p, entries[i], o)
	}
}

// warm has what is wanted at a place thawed, where that is asked for.
func (o *verifyOptions) warm(ctx context.Context, a *app, p place, wanted []string) error {
	if !o.thaw.asked {
		return nil
	}
	if err := o.thaw.check(); err != nil {
		return err
	}
	for _, e := range p.entries {
		if !slices.Contains(wanted, e.ID) {
			continue
		}
		z, err := freeze(ctx, p.Name, p.store, e.Keys())
		if err != nil {
			return fmt.Errorf("look whether %s at %s is cold: %w", e.ID, p.Name, err)
		}
		if len(z.keys) == 0 {
			continue
		}
		if _, err := a.melt(ctx, e.ID, z, &o.thaw); err != nil {
			return err
		}
	}
	return nil
}

// mendable are the destinations with a bad copy of what another has a good one of.
func (v verified) mendable() (names []string) {
	for _, b := range v.Backups {
		if b.OK || b.Error != "" || slices.Contains(names, b.Destination) {
			continue
		}
		if slices.ContainsFunc(v.Backups, func(o verifiedAt) bool { return o.ID == b.ID && o.Source == b.Source && o.OK && !o.Cold }) {
			names = append(names, b.Destination)
		}
	}
	return names
}

func (v verified) cold() (n int) {
	for _, b := range v.Backups {
		if b.Cold {
			n++
		}
	}
	return n
}

func (v verified) Text(w io.Writer) {
	table(w, func(w io.Writer) {
		for _, b := range v.Backups {
			state := "good"
			switch {
			case b.Error != "":
				state = "UNKNOWN"
			case !b.OK:
				state = "BAD"
			case b.Cold:
				state = "cold"
			}
			linef(w, "%s\t%s\t%s\t%s\t%s\t%s in %s\n", state, b.ID, b.Source, b.Destination, v.Level, size(b.Bytes), seconds(b.Seconds))
		}
	})
	for _, b := range v.Backups {
		for _, p := range b.Problems {
			linef(w, "%s at %s: %s\n", b.ID, b.Destination, p)
		}
		if b.Error != "" {
			linef(w, "%s at %s: not judged: %s\n", b.ID, b.Destination, b.Error)
		}
	}
}
