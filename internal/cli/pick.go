package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/restore"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// picked says which backup is meant where no ID is given.
type picked struct {
	source string
	// good takes the next one where the newest has no manifest that counts.
	good bool
}

func (p *picked) flags(f *pflag.FlagSet) {
	f.StringVar(&p.source, "source", "", "the newest backup of the source `NAME`; needed where there are several sources")
}

// A found backup, and where it lies.
type found struct {
	manifest *catalog.Manifest
	entry    catalog.Entry // as the first copy has it
	copies   []copyAt      // in the order of the config
	used     string        // the copy that was read last
	opened   string        // fingerprints of the identities at hand
}

// A copyAt is the backup at one destination, as a reader sees it.
type copyAt struct {
	name  string
	store storage.Store
}

// pick finds one backup: the one with that ID, or the newest of a source. It is
// read from the first destination that has it and whose manifest is good.
func (a *app) pick(ctx context.Context, cfg *config.Config, p picked, args []string) (*found, error) {
	places, err := a.places(ctx, cfg, catalog.Filter{Kind: "database", Source: p.source})
	if err != nil {
		return nil, err
	}
	id := ""
	if len(args) > 0 {
		id = args[0]
	}
	entries, err := choose(places, p.source, id, a.Now())
	if err != nil {
		return nil, err
	}
	trust, err := trusted(cfg)
	if err != nil {
		return nil, err
	}
	if trust == nil {
		a.warn("nobody is trusted (signing.trusted in %s): the signature of the backup is not checked", cfg.File())
	}
	if !p.good {
		entries = entries[:1]
	}
	return a.firstGood(ctx, places, entries, verifier(trust))
}

// mostPassed is how many backups are passed over, the newest first, where their manifests
// do not count.
const mostPassed = 10

// firstGood gathers the first backup whose manifest counts. What stands in its way for
// another reason, such as a destination that does not answer, is no reason for an older one.
func (a *app) firstGood(ctx context.Context, places []place, entries []catalog.Entry, v catalog.Verifier) (*found, error) {
	var passed []error
	for _, e := range entries[:min(len(entries), mostPassed+1)] {
		f, err := a.gather(ctx, places, e, v)
		if err == nil {
			for i, why := range passed {
				a.warn("the newer backup %s is PASSED OVER, and %s taken in its place: %v", entries[i].ID, e.ID, why)
			}
			return f, nil
		}
		passed = append(passed, err)
		if !errors.As(err, new(unreadError)) {
			break
		}
	}
	return nil, passed[0]
}

// An unreadError says that no copy of a backup has a manifest that counts.
type unreadError struct{ error }

func (e unreadError) Unwrap() error { return e.error }

// discredited reports whether a manifest is to blame for an error of reading it.
func discredited(err error) bool {
	return errors.Is(err, catalog.ErrInvalid) || errors.Is(err, catalog.ErrUnsigned) || errors.Is(err, catalog.ErrUntrusted) || errors.Is(err, fs.ErrNotExist)
}

// gather finds the copies of a backup, and its manifest: the first good one. One that does
// not count is a warning, for somebody may have written it.
func (a *app) gather(ctx context.Context, places []place, entry catalog.Entry, v catalog.Verifier) (*found, error) {
	f := &found{}
	var bad []error
	for _, at := range places {
		i := slices.IndexFunc(at.entries, func(e catalog.Entry) bool {
			return e.Key(catalog.ManifestSuffix) == entry.Key(catalog.ManifestSuffix)
		})
		if i < 0 {
			continue
		}
		seen, store := at.entries[i].Repaired(at.store)
		f.copies = append(f.copies, copyAt{at.Name, store})
		if f.manifest != nil {
			continue
		}
		m, _, err := catalog.Load(ctx, store, seen, v)
		if err != nil {
			bad = append(bad, fmt.Errorf("at %s: %w", at.Name, err))
			continue
		}
		f.manifest, f.entry, f.used = m, seen, at.Name
		for _, err := range bad {
			a.warn("the manifest of %s is passed over: %v", entry.ID, err)
		}
	}
	if f.manifest == nil {
		err := fmt.Errorf("read backup %s: %w", entry.ID, errors.Join(bad...))
		if hint.Of(err) == "" { // else older ones may fail for the same reason
			err = hint.Wrap(err, "vapora-backup list shows the others; name one that is older")
		}
		if !slices.ContainsFunc(bad, func(err error) bool { return !discredited(err) }) {
			err = unreadError{err}
		}
		return nil, err
	}
	return f, nil
}

// union is every backup that some place has, once.
func union(places []place) []catalog.Entry {
	var lists [][]catalog.Entry
	for _, p := range places {
		lists = append(lists, p.entries)
	}
	return catalog.Union(lists...)
}

// choose finds the entries that are meant, over all places: the one with that ID, or
// those of the source, the newest first.
func choose(places []place, source, id string, now time.Time) ([]catalog.Entry, error) {
	all := union(places)
	if id != "" {
		e, err := catalog.Find(all, id)
		return []catalog.Entry{e}, err
	}
	var names []string
	for _, e := range all {
		if !slices.Contains(names, e.Source) {
			names = append(names, e.Source)
		}
	}
	switch {
	case len(all) == 0 && source != "":
		return nil, hint.Wrap(fmt.Errorf("no backup of %s in any destination", source), "vapora-backup list")
	case len(all) == 0:
		return nil, hint.Wrap(errors.New("no backup in any destination"), "take one with: vapora-backup backup db")
	case len(names) > 1:
		slices.Sort(names)
		return nil, usagef("there are backups of %s: name one with --source, or give an ID", strings.Join(names, ", "))
	}
	newest := func(x, y catalog.Entry) int { return strings.Compare(y.ID, x.ID) }
	// What is known to be bad, or is of the future and so not of ours, is for who names it.
	good := slices.DeleteFunc(slices.Clone(all), func(e catalog.Entry) bool { return e.Item().Bad || e.Time.After(now.Add(backup.MaxSkew)) })
	if len(good) == 0 {
		return []catalog.Entry{slices.MinFunc(all, newest)}, nil
	}
	slices.SortFunc(good, newest)
	return good, nil
}

// readable is a found backup with the keys to open it.
func (a *app) readable(cfg *config.Config, f *found, files []string) (restore.Backup, error) {
	ids, err := a.identities(cfg, files)
	if err != nil {
		return restore.Backup{}, err
	}
	return a.withKeys(f, ids), nil
}

// withKeys is a found backup with these keys.
func (a *app) withKeys(f *found, ids *crypt.Identities) restore.Backup {
	f.opened = fingerprints(ids)
	var told sync.Map // of each copy once
	b := restore.Backup{Manifest: f.manifest, Opener: ids, Used: func(name string) { f.used = name }, Passed: func(name string, why error) {
		if _, again := told.LoadOrStore(name, true); !again {
			a.warn("%s: the copy at %s is passed over: %v", f.manifest.ID, name, why)
		}
	}}
	for _, c := range f.copies {
		b.Copies = append(b.Copies, restore.Copy{Name: c.name, Store: c.store})
	}
	return b
}

// fingerprints name the identities by their public halves.
func fingerprints(ids *crypt.Identities) string {
	var out []string
	for _, r := range ids.Recipients() {
		out = append(out, crypt.Fingerprint(r.Public))
	}
	return strings.Join(out, ", ")
}
