package cli

import (
	"context"
	"errors"
	"fmt"
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
	entry, err := choose(places, p.source, id, a.Now())
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
	return a.gather(ctx, places, entry, verifier(trust))
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
		return nil, hint.Wrap(fmt.Errorf("read backup %s: %w", entry.ID, errors.Join(bad...)), "vapora-backup list shows the others; name one that is older")
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

// choose finds the entry that is meant, over all places.
func choose(places []place, source, id string, now time.Time) (catalog.Entry, error) {
	all := union(places)
	if id != "" {
		return catalog.Find(all, id)
	}
	var names []string
	for _, e := range all {
		if !slices.Contains(names, e.Source) {
			names = append(names, e.Source)
		}
	}
	switch {
	case len(all) == 0 && source != "":
		return catalog.Entry{}, hint.Wrap(fmt.Errorf("no backup of %s in any destination", source), "vapora-backup list")
	case len(all) == 0:
		return catalog.Entry{}, hint.Wrap(errors.New("no backup in any destination"), "take one with: vapora-backup backup db")
	case len(names) > 1:
		slices.Sort(names)
		return catalog.Entry{}, usagef("there are backups of %s: name one with --source, or give an ID", strings.Join(names, ", "))
	}
	newest := func(x, y catalog.Entry) int { return strings.Compare(x.ID, y.ID) }
	// What is known to be bad, or is of the future and so not of ours, is for who names it.
	good := slices.DeleteFunc(slices.Clone(all), func(e catalog.Entry) bool { return e.Item().Bad || e.Time.After(now.Add(backup.MaxSkew)) })
	if len(good) == 0 {
		return slices.MaxFunc(all, newest), nil
	}
	return slices.MaxFunc(good, newest), nil
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
