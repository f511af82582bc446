package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/restore"
)

// picked says which backup is meant where no ID is given.
type picked struct {
	source string
}

func (p *picked) flags(f *pflag.FlagSet) {
	f.StringVar(&p.source, "source", "", "the newest backup of the source `NAME`; needed where there are several sources")
}

// A found backup, and where it was found.
type found struct {
	destination string
	entry       catalog.Entry
	manifest    *catalog.Manifest
	at          destination
}

// A place is a destination with what lies in it.
type place struct {
	destination
	entries []catalog.Entry
	orphans []catalog.Entry
	foreign int
}

// places lists every destination. One that cannot be listed is a warning as
// long as another can.
func (a *app) places(ctx context.Context, cfg *config.Config, filter catalog.Filter) ([]place, error) {
	open, err := a.open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	var out []place
	var failed []error
	for _, d := range open {
		listing, err := catalog.List(ctx, d.store, filter)
		if err != nil {
			failed = append(failed, fmt.Errorf("list destination %s: %w", d.Name, err))
			continue
		}
		out = append(out, place{d, listing.Entries, listing.Orphans, listing.Foreign})
	}
	if len(out) == 0 {
		return nil, errors.Join(failed...)
	}
	for _, err := range failed {
		a.warn("%v", err)
	}
	return out, nil
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
	entry, err := choose(places, p.source, id)
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
	var bad []error
	for _, at := range places {
		i := slices.IndexFunc(at.entries, func(e catalog.Entry) bool { return e.ID == entry.ID })
		if i < 0 {
			continue
		}
		m, _, err := catalog.Load(ctx, at.store, at.entries[i], verifier(trust))
		if err == nil {
			return &found{at.Name, at.entries[i], m, at.destination}, nil
		}
		bad = append(bad, fmt.Errorf("at %s: %w", at.Name, err))
	}
	return nil, fmt.Errorf("read backup %s: %w", entry.ID, errors.Join(bad...))
}

// choose finds the entry that is meant, over all places.
func choose(places []place, source, id string) (catalog.Entry, error) {
	var all []catalog.Entry
	for _, p := range places {
		for _, e := range p.entries {
			if !slices.ContainsFunc(all, func(x catalog.Entry) bool { return x.ID == e.ID }) {
				all = append(all, e)
			}
		}
	}
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
	return slices.MaxFunc(all, func(x, y catalog.Entry) int { return strings.Compare(x.ID, y.ID) }), nil
}

// readable is a found backup with the keys to open it.
func (a *app) readable(cfg *config.Config, f *found, files []string) (restore.Backup, error) {
	ids, err := a.identities(cfg, files)
	if err != nil {
		return restore.Backup{}, err
	}
	return restore.Backup{Store: f.at.store, Manifest: f.manifest, Opener: ids}, nil
}
