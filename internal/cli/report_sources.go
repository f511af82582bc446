package cli

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/drill"
	"github.com/vapora-platform/vapora-backup/internal/report"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// reportedSources are those that the config names, and what else there are backups of.
func (a *app) reportedSources(ctx context.Context, cfg *config.Config, places []place, v catalog.Verifier) []report.Source {
	if v == nil {
		a.warn("nobody is trusted (signing.trusted in %s): no verification and no restore test counts", cfg.File())
	}
	trials := a.trials(ctx, places, v)
	var out []report.Source
	at, backups := map[string]int{}, map[catalog.Key]int{}
	source := func(kind, name string) *report.Source {
		of := kind + "/" + name
		if _, ok := at[of]; !ok {
			at[of] = len(out)
			command, configured := backsUp(cfg, kind, name)
			out = append(out, report.Source{Kind: kind, Name: name, Configured: configured, Command: command, Thinned: thinned(places, kind), Trials: trials[of]})
		}
		return &out[at[of]]
	}
	for _, d := range cfg.Databases {
		if !d.AllDatabases {
			source("database", d.Name)
		}
	}
	for _, p := range places {
		for _, e := range p.entries {
			s := source(e.Kind, e.Source)
			i, ok := backups[e.Key(catalog.ManifestSuffix)]
			if !ok {
				i = len(s.Backups)
				backups[e.Key(catalog.ManifestSuffix)] = i
				s.Backups = append(s.Backups, report.Backup{ID: e.ID, Time: e.Time})
			}
			c := report.Copy{Destination: p.Name, Bad: e.Item().Bad, Read: reading(ctx, p, e, v)}
			if seen, ok := e.Verified(); ok {
				c.Verified, c.Level = seen.At, seen.Level
				c.Vouched = sync.OnceValue(func() bool { return a.vouched(ctx, p, seen.Key, v) })
				if deep, ok := e.VerifiedAt("deep"); ok && deep.Good {
					c.Deep, c.DeepVouched = deep.At, c.Vouched
					if deep.Key != seen.Key {
						c.DeepVouched = func() bool { return a.vouched(ctx, p, deep.Key, v) }
					}
				}
			}
			s.Backups[i].Copies = append(s.Backups[i].Copies, c)
		}
	}
	for _, d := range cfg.Databases {
		if d.AllDatabases && !slices.ContainsFunc(out, func(s report.Source) bool { return strings.HasPrefix(s.Name, d.Name+".") }) {
			source("database", d.Name) // of which there is no backup at all
		}
	}
	for i := range out {
		slices.SortFunc(out[i].Backups, func(x, y report.Backup) int { return x.Time.Compare(y.Time) })
	}
	readNewest(out)
	return out
}

// reading reads the manifest of a copy and its signature, once, and holds the listing
// against it.
func reading(ctx context.Context, p place, e catalog.Entry, v catalog.Verifier) func() error {
	return sync.OnceValue(func() error {
		seen, store := e.Repaired(p.store)
		m, _, err := catalog.Load(ctx, store, seen, v)
		switch {
		case errors.Is(err, storage.ErrCold):
			return nil // it is there, and no report waits for it to thaw
		case err != nil:
			return err
		}
		return seen.Holds(m)
	})
}

// readNewest reads the newest backup of each source, several at a time: a report asks
// for these, one after the other.
func readNewest(sources []report.Source) {
	var reads errgroup.Group
	reads.SetLimit(8)
	for _, s := range sources {
		if len(s.Backups) == 0 {
			continue
		}
		for _, c := range s.Backups[len(s.Backups)-1].Copies {
			if !c.Bad {
				reads.Go(c.Read)
			}
		}
	}
	_ = reads.Wait() // each keeps its error for who asks
}

// thinned is the age from which on no destination keeps every backup of a kind, 0 if
// one does for ever.
func thinned(places []place, kind string) time.Duration {
	longest := time.Nanosecond // nowhere
	for _, p := range places {
		switch keep := p.keeps(kind); {
		case p.takes() != retention.Each:
		case keep.IsZero():
			return 0
		default:
			longest = max(longest, keep.Hourly)
		}
	}
	return longest
}

// backsUp is the command that takes a backup of a source, if the config names it.
func backsUp(cfg *config.Config, kind, name string) (command string, configured bool) {
	d, ok := cfg.DatabaseOf(name)
	if !ok || kind != "database" || d.Name != name && !d.AllDatabases {
		return "", false
	}
	return "vapora-backup backup db " + d.Name, true
}

// vouched reports whether somebody who is trusted signed a verification.
func (a *app) vouched(ctx context.Context, p place, key catalog.Key, v catalog.Verifier) bool {
	if v == nil {
		return false // which was said
	}
	var record struct{}
	if _, err := catalog.LoadRecord(ctx, p.store, key, v, &record); err != nil {
		a.warn("a verification at %s does not count: %v", p.Name, err)
		return false
	}
	return true
}

// trialsRead is how many results of restore tests are read of each source: a
// year of monthly ones.
const trialsRead = 12

// trials are the last restore tests by kind and source, the oldest first. One that
// nobody vouches for is none.
func (a *app) trials(ctx context.Context, places []place, v catalog.Verifier) map[string][]report.Trial {
	out, seen := map[string][]report.Trial{}, map[string]bool{}
	if v == nil {
		return out
	}
	for _, p := range places {
		bySource := map[string][]catalog.Entry{}
		for _, e := range p.records {
			if e.Kind == catalog.RestoreTests {
				bySource[e.Source] = append(bySource[e.Source], e)
			}
		}
		for _, entries := range bySource {
			slices.SortFunc(entries, func(x, y catalog.Entry) int { return x.Time.Compare(y.Time) })
			for _, e := range entries[max(0, len(entries)-trialsRead):] {
				if seen[e.ID] {
					continue
				}
				r, err := drill.Load(ctx, p.store, e, v)
				if err != nil {
					a.warn("restore test %s at %s does not count: %v", e.ID, p.Name, err)
					continue
				}
				seen[e.ID] = true
				of := r.Kind + "/" + r.Source
				out[of] = append(out[of], report.Trial{ID: r.ID, Backup: r.Backup, Destination: r.Destination, At: r.Started, Passed: r.OK(), Seconds: r.Restore})
			}
		}
	}
	for of := range out {
		slices.SortFunc(out[of], func(x, y report.Trial) int { return x.At.Compare(y.At) })
	}
	return out
}
