package prune

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Grace is how old what is left over must be before it is swept: a backup that is
// being written looks like that too.
const Grace = 24 * time.Hour

// Leftovers are what failed runs left at a destination: no backups, and nothing
// that anybody could want. Objects of others are none.
type Leftovers struct {
	Place   string               `json:"destination"`
	Objects []storage.Object     `json:"objects"` // of backups without a manifest
	Uploads []storage.Unfinished `json:"uploads"`
	// Superseded are objects of backups that were sealed anew and are good.
	Superseded []storage.Object `json:"superseded"`
	Bytes      int64            `json:"bytes"`
	// Stays says what is left over and stays, and why.
	Stays []string `json:"-"`
}

// Leftover finds what is older than Grace by the store's clock. Nothing is changed.
// spare, if not nil, says why an orphan stays nevertheless, "" if it may go.
func Leftover(ctx context.Context, name string, b *Backups, l catalog.Listing, spare func(catalog.Entry) string, now time.Time) (Leftovers, error) {
	before := now.Add(-Grace)
	out := Leftovers{Place: name, Objects: []storage.Object{}, Uploads: []storage.Unfinished{}, Superseded: []storage.Object{}}
	if err := out.supersede(ctx, b, l.Entries, before); err != nil {
		return out, fmt.Errorf("look at backups that were sealed anew at %s: %w", name, err)
	}
	for _, e := range l.Orphans {
		if !e.Time.Before(before) || young(e, before) {
			continue
		}
		if spare != nil {
			if why := spare(e); why != "" {
				out.Stays = append(out.Stays, fmt.Sprintf("%s has no manifest, and stays: %s", e.ID, why))
				continue
			}
		}
		for _, o := range e.Objects {
			out.Objects, out.Bytes = append(out.Objects, o), out.Bytes+o.Size
		}
	}
	sweeper, ok := b.Store.(storage.Sweeper)
	if !ok {
		return out, nil
	}
	for u, err := range sweeper.Unfinished(ctx, before, catalog.Ours) {
		if err != nil {
			return out, fmt.Errorf("look for unfinished uploads at %s: %w", name, err)
		}
		out.Uploads, out.Bytes = append(out.Uploads, u), out.Bytes+u.Size
	}
	return out, nil
}

// supersede finds what readers do not take any more, because the backup was sealed
// for other recipients. It goes only where what they take now is signed, was read to
// its last byte, and has been there for a while.
func (l *Leftovers) supersede(ctx context.Context, b *Backups, entries []catalog.Entry, before time.Time) error {
	for _, e := range entries {
		old := e.Superseded()
		if len(old) == 0 || young(e, before) {
			continue
		}
		why, err := b.unproved(ctx, e)
		if err != nil {
			return err
		}
		if why != "" {
			l.Stays = append(l.Stays, fmt.Sprintf("%s was sealed anew, and its older generation stays: %s", e.ID, why))
			continue
		}
		for _, o := range old {
			l.Superseded, l.Bytes = append(l.Superseded, o), l.Bytes+o.Size
		}
	}
	return nil
}

// young reports whether one of the objects is not old enough: somebody may be
// at work.
func young(e catalog.Entry, before time.Time) bool {
	for _, o := range e.Objects {
		if !o.Modified.Before(before) {
			return true
		}
	}
	return false
}

// Excess says why so many orphans are too many at once, of a destination that holds
// so many backups, "" if they are not. Where manifests were removed by mistake, all
// the rest looks left over.
func (l Leftovers) Excess(limits retention.Limits, backups int) string {
	orphans := map[catalog.Key]bool{}
	for _, o := range l.Objects {
		if k, err := catalog.ParseKey(o.Key); err == nil {
			orphans[k.With("")] = true
		}
	}
	return limits.Excess(len(orphans), backups+len(orphans))
}

// Swept is what became of leftovers.
type Swept struct {
	Removed []string // keys
	Uploads int      // that were abandoned
	Locked  int      // objects that stay until their lock ends
}

// Sweep removes leftovers. What is locked stays until the lock ends, and is
// counted. So does, uncounted, what has become part of a backup since it was found: a copy that
// was interrupted long ago may have been finished meanwhile.
func Sweep(ctx context.Context, s storage.Store, l Leftovers) (out Swept, err error) {
	var errs []error
	remove := func(key string) {
		switch err := s.Delete(ctx, key); {
		case errors.Is(err, storage.ErrLocked):
			out.Locked++
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			errs = append(errs, err)
		default:
			out.Removed = append(out.Removed, key)
		}
	}
	for _, o := range l.Objects {
		switch done, err := finished(ctx, s, o.Key); {
		case err != nil:
			errs = append(errs, err)
		case !done:
			remove(o.Key)
		}
	}
	for _, o := range l.Superseded {
		remove(o.Key)
	}
	if sweeper, ok := s.(storage.Sweeper); ok {
		for _, u := range l.Uploads {
			if err := sweeper.Abandon(ctx, u); err != nil {
				errs = append(errs, err)
				continue
			}
			out.Uploads++
		}
	}
	return out, errors.Join(errs...)
}

// finished reports whether the backup that an object lies with has a manifest now.
func finished(ctx context.Context, s storage.Store, key string) (bool, error) {
	k, err := catalog.ParseKey(key)
	if err != nil {
		return false, err
	}
	manifest := k.With(catalog.ManifestSuffix).String()
	for o, err := range s.List(ctx, manifest) {
		if err != nil {
			return false, fmt.Errorf("look for the manifest of %s: %w", key, err)
		}
		if o.Key == manifest {
			return true, nil
		}
	}
	return false, nil
}
