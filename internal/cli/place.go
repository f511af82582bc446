package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/replica"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A place is a destination with what lies in it.
type place struct {
	destination
	entries []catalog.Entry
	orphans []catalog.Entry
	records []catalog.Entry // that belong to no backup
	foreign int
	absent  bool // it is offline, and not there now
}

// survey lists destinations, all at once. What cannot be listed is no place,
// and an error beside.
func survey(ctx context.Context, open []destination, filter catalog.Filter) (out []place, failed []error) {
	listings, errs := make([]catalog.Listing, len(open)), make([]error, len(open))
	var listing sync.WaitGroup
	for i, d := range open {
		listing.Go(func() { listings[i], errs[i] = catalog.List(ctx, d.store, filter) })
	}
	listing.Wait()
	for i, d := range open {
		switch err := errs[i]; {
		case d.Offline && errors.Is(err, storage.ErrOffline):
			out = append(out, place{destination: d, absent: true})
		case err != nil:
			failed = append(failed, fmt.Errorf("list destination %s: %w", d.Name, err))
		default:
			out = append(out, place{d, listings[i].Entries, listings[i].Orphans, listings[i].Records, listings[i].Foreign, false})
		}
	}
	return out, failed
}

// places surveys the destinations of this run. One that cannot be listed is a
// warning as long as another can.
func (a *app) places(ctx context.Context, cfg *config.Config, filter catalog.Filter) ([]place, error) {
	out, _, err := a.everyPlace(ctx, cfg, filter)
	return out, err
}

// everyPlace is places for who has to reach all of them: missed is a partial failure
// where one could not be listed, to end with.
func (a *app) everyPlace(ctx context.Context, cfg *config.Config, filter catalog.Filter) (out []place, missed, err error) {
	out, failed := survey(ctx, a.open(ctx, cfg), filter)
	if len(out) == 0 && len(failed) > 0 {
		return nil, nil, errors.Join(failed...)
	}
	for _, err := range failed {
		a.warn("%v", err)
	}
	if len(failed) > 0 {
		missed = partialError{fmt.Errorf("%d of %d destinations could not be listed, and nothing was done there", len(failed), len(failed)+len(out))}
	}
	return out, missed, nil
}

// unlisted names the destinations that are no places: they could not be listed.
func unlisted(open []destination, places []place) []string {
	out := []string{}
	for _, d := range open {
		if !slices.ContainsFunc(places, func(p place) bool { return p.Name == d.Name }) {
			out = append(out, d.Name)
		}
	}
	return out
}

// namedIDs finds what each argument means over all places: one backup, or it is an
// error.
func namedIDs(places []place, args []string) ([]string, error) {
	var all []catalog.Entry
	for _, p := range places {
		all = append(all, p.entries...)
	}
	var out []string
	for _, arg := range args {
		e, err := catalog.Find(all, arg)
		if err != nil {
			return nil, err
		}
		out = append(out, e.ID)
	}
	return out, nil
}

// missingFolder is the folder of the place if it does not exist, which to a store is one
// that holds nothing; else "".
func (p place) missingFolder() string {
	if p.absent || p.Store.File == nil {
		return ""
	}
	if _, err := os.Stat(p.Store.File.Dir); !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return p.Store.File.Dir
}

// replica is the place for who keeps destinations complete.
func (p place) replica(now time.Time) replica.Place {
	return replica.Place{
		Name: p.Name, Store: p.store, Takes: p.takes(), Keep: p.keeps, Class: p.StorageClass, Entries: p.entries,
		Lock:   func(taken, until time.Time) storage.Lock { return p.locks().At(taken, until, now) },
		Source: !p.absent, Target: !p.absent,
	}
}
