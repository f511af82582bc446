package prune

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Backups is the Keeper of what lies in a destination.
type Backups struct {
	Store    storage.Store
	Verifier catalog.Verifier // nil: nobody is trusted, and signatures are not checked
	// Recipients, if not nil, are the fingerprints of those whom a source's backups are
	// sealed for today: no generation for others takes the place of an older one.
	Recipients func(source string) []string

	listing catalog.Listing // is not changed any more
}

var _ Keeper = (*Backups)(nil)

// NewPlace returns a destination as a Place. keep is the policy for a kind.
func NewPlace(name string, b *Backups, l catalog.Listing, takes retention.Slot, keep func(kind string) retention.Policy) Place {
	p := Place{Name: name, Keeper: b}
	b.listing = l
	at := map[[2]string]int{}
	for i := range l.Entries {
		e := &l.Entries[i]
		of := [2]string{e.Kind, e.Source}
		g, ok := at[of]
		if !ok {
			g = len(p.Groups)
			at[of] = g
			p.Groups = append(p.Groups, retention.Group{Place: name, Kind: e.Kind, Source: e.Source, Policy: keep(e.Kind), Takes: takes})
		}
		p.Groups[g].Items = append(p.Groups[g].Items, e.Item())
	}
	slices.SortFunc(p.Groups, func(x, y retention.Group) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Source, y.Source))
	})
	return p
}

// entry is that of an item, without any objects if there is none. What has no
// manifest is no backup, and may be what a deletion left behind.
func (b *Backups) entry(d retention.Deletion) catalog.Entry {
	if e := b.listing.Find(d.Kind, d.Source, d.ID); e != nil {
		return *e
	}
	return catalog.Entry{Kind: d.Kind, Source: d.Source, ID: d.ID}
}

// Judge implements Keeper. A backup is good if its manifest is signed by somebody
// who is trusted, all that it names lies there, and no signed verification says
// otherwise. Only the last makes it bad: who is trusted may have changed since, and
// anybody who may write can spoil the look of one.
func (b *Backups) Judge(ctx context.Context, d retention.Deletion) (Verdict, error) {
	return b.judge(ctx, b.entry(d))
}

func (b *Backups) judge(ctx context.Context, e catalog.Entry) (Verdict, error) {
	e, err := b.vouched(ctx, e)
	if err != nil {
		return Verdict{}, err
	}
	said, ok := e.Verified()
	if ok && !said.Good {
		return Verdict{Bad: "it was verified, and is bad"}, nil
	}
	out := Verdict{Verified: ok}
	seen, store := e.Repaired(b.Store)
	m, _, err := catalog.Load(ctx, store, seen, b.Verifier)
	if err == nil {
		if err := seen.Holds(m); err != nil {
			out.Doubt = err.Error()
		}
	}
	if blames(err) {
		out.Doubt, err = err.Error(), nil
	}
	return out, err
}

// vouched is the entry with those verifications that count: of each level the newest
// that somebody who is trusted signed. Anybody who may write can put a word into a key.
func (b *Backups) vouched(ctx context.Context, e catalog.Entry) (catalog.Entry, error) {
	said := slices.Clone(e.Verifications)
	slices.SortStableFunc(said, func(x, y catalog.Verification) int { return y.At.Compare(x.At) })
	e.Verifications = nil
	found := map[string]bool{}
	for _, v := range said {
		if found[v.Level] || b.Verifier == nil {
			continue
		}
		var record json.RawMessage
		switch _, err := catalog.LoadRecord(ctx, b.Store, v.Key, b.Verifier, &record); {
		case err == nil:
			found[v.Level] = true
			e.Verifications = append(e.Verifications, v)
		case !blames(err):
			return e, err
		}
	}
	return e, nil
}

// blames reports whether an error is a word against what is stored.
func blames(err error) bool {
	for _, known := range []error{fs.ErrNotExist, catalog.ErrInvalid, catalog.ErrUnsigned, catalog.ErrUntrusted} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// Protection implements Keeper: the longest lock of all the backup's objects.
func (b *Backups) Protection(ctx context.Context, d retention.Deletion) (locked time.Time, held bool, err error) {
	locker, ok := b.Store.(storage.Locker)
	if !ok {
		return locked, false, nil
	}
	for _, key := range b.entry(d).Keys() {
		p, err := locker.Protection(ctx, key)
		if errors.Is(err, fs.ErrNotExist) {
			continue // as after a deletion that was interrupted
		}
		if err != nil {
			return locked, false, err
		}
		held = held || p.Hold
		if p.Lock.Until.After(locked) {
			locked = p.Lock.Until
		}
	}
	return locked, held, nil
}

// Weigh implements Keeper.
func (b *Backups) Weigh(d retention.Deletion) (objects int, bytes int64) {
	e := b.entry(d)
	for _, o := range e.Objects {
		bytes += o.Size
	}
	return len(e.Objects), bytes
}

// Delete implements Keeper. The manifest goes first: without it there is no
// backup, and what an interruption leaves is an orphan.
func (b *Backups) Delete(ctx context.Context, d retention.Deletion) error {
	e := b.entry(d)
	locked, held, err := b.Protection(ctx, d)
	switch {
	case err != nil:
		return err
	case held:
		return fmt.Errorf("held: %w", storage.ErrLocked)
	case !locked.IsZero():
		return fmt.Errorf("until %s: %w", locked.UTC().Format(time.RFC3339), storage.ErrLocked)
	}
	keys := e.Keys()
	slices.SortStableFunc(keys, func(x, y string) int { return cmp.Compare(rank(x), rank(y)) })
	for _, key := range keys {
		if err := b.Store.Delete(ctx, key); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// rank has every manifest before all else, of repairs and generations too.
func rank(key string) int {
	if strings.HasSuffix(key, catalog.ManifestSuffix) {
		return 0
	}
	return 1
}
