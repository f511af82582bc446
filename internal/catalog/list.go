package catalog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A Filter says which backups are meant; empty fields mean all.
type Filter struct{ Kind, Source string }

// An Entry is a backup as a listing shows it; nothing of it has been read.
type Entry struct {
	ID, Kind, Source string
	Time             time.Time        // of the ID, UTC
	Size             int64            // of the data as stored
	Complete         bool             // the manifest is there
	Objects          []storage.Object // all that lies under the ID, by key
}

// Key returns where an object of the backup with that suffix lies.
func (e Entry) Key(suffix string) Key {
	return Key{Kind: e.Kind, Source: e.Source, ID: e.ID, Suffix: suffix}
}

// Object returns what the listing said of a key, and whether it was there.
func (e Entry) Object(key string) (storage.Object, bool) {
	i := slices.IndexFunc(e.Objects, func(o storage.Object) bool { return o.Key == key })
	if i < 0 {
		return storage.Object{}, false
	}
	return e.Objects[i], true
}

// A Listing is what a destination holds, in the order of time.
type Listing struct {
	Entries []Entry // with a manifest
	// Orphans have no manifest: they failed, were interrupted, lost it, or are
	// being written right now. They are no backups.
	Orphans []Entry
	Foreign int // objects that are not of this program
}

// List lists a destination. It needs the right to list and reads no object.
// With a filter, Foreign counts only what lies among what was asked for.
func List(ctx context.Context, s storage.Store, f Filter) (Listing, error) {
	prefix, err := f.prefix()
	if err != nil {
		return Listing{}, fmt.Errorf("list backups: %w", err)
	}
	var out Listing
	found := map[Key]*Entry{}
	for o, err := range s.List(ctx, prefix) {
		if err != nil {
			return Listing{}, fmt.Errorf("list backups: %w", err)
		}
		key, err := ParseKey(o.Key)
		switch {
		case err != nil && o.Key != ReadmeKey:
			out.Foreign++
		case err == nil && (f.Source == "" || f.Source == key.Source):
			id := key.With("")
			if found[id] == nil {
				found[id] = newEntry(key)
			}
			found[id].add(key, o)
		}
	}
	for _, e := range found {
		slices.SortFunc(e.Objects, func(a, b storage.Object) int { return cmp.Compare(a.Key, b.Key) })
		if e.Complete {
			out.Entries = append(out.Entries, *e)
		} else {
			out.Orphans = append(out.Orphans, *e)
		}
	}
	slices.SortFunc(out.Entries, compare)
	slices.SortFunc(out.Orphans, compare)
	return out, nil
}

func (f Filter) prefix() (string, error) {
	for _, name := range []string{f.Kind, f.Source} {
		if name != "" && !isName(name) {
			return "", fmt.Errorf("%q cannot be the name of a kind or a source", name)
		}
	}
	switch {
	case f.Kind == "":
		return "", nil
	case f.Source == "":
		return f.Kind + "/", nil
	}
	return f.Kind + "/" + f.Source + "/", nil
}

func newEntry(k Key) *Entry {
	t, _ := ParseID(k.ID) // ParseKey has seen to it
	return &Entry{ID: k.ID, Kind: k.Kind, Source: k.Source, Time: t}
}

func (e *Entry) add(k Key, o storage.Object) {
	e.Objects = append(e.Objects, o)
	switch {
	case k.Suffix == ManifestSuffix:
		e.Complete = true
	case k.Suffix != SecretsSuffix && strings.HasSuffix(k.Suffix, SealedSuffix):
		e.Size += o.Size
	}
}

func compare(a, b Entry) int {
	return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Source, b.Source))
}
