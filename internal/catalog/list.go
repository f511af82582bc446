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
type Filter struct {
	Kind, Source string
	// From and To bound the moment of the backup, both included. They count only
	// together and with a Kind and a Source, and then no more is listed than
	// their months.
	From, To time.Time
}

// An Entry is a backup as a listing shows it; nothing of it has been read.
type Entry struct {
	ID, Kind, Source string
	Time             time.Time        // of the ID, UTC
	Size             int64            // of the data as stored
	Complete         bool             // the manifest is there
	Objects          []storage.Object // all that lies under the ID, by key

	Base          string   // ID of the backup that this one needs; "": none
	Tags          []string // that people gave it
	Verifications []Verification
}

// Key returns where an object of the backup with that suffix lies.
func (e Entry) Key(suffix string) Key {
	return Key{Kind: e.Kind, Source: e.Source, ID: e.ID, Suffix: suffix}
}

// Keys returns the keys of all that lies under the ID.
func (e Entry) Keys() []string {
	out := make([]string, len(e.Objects))
	for i, o := range e.Objects {
		out[i] = o.Key
	}
	return out
}

// Object returns what the listing said of a key, and whether it was there.
func (e Entry) Object(key string) (storage.Object, bool) {
	i := slices.IndexFunc(e.Objects, func(o storage.Object) bool { return o.Key == key })
	if i < 0 {
		return storage.Object{}, false
	}
	return e.Objects[i], true
}

// HasData reports whether any data was listed, repaired or not: a backup without is read
// from another place.
func (e Entry) HasData() bool {
	return slices.ContainsFunc(e.Objects, func(o storage.Object) bool {
		return strings.HasSuffix(o.Key, SealedSuffix) && !strings.HasSuffix(o.Key, SecretsSuffix)
	})
}

// Holds returns an error unless all objects of the manifest were listed in
// their size.
func (e Entry) Holds(m *Manifest) error {
	for _, o := range m.Objects {
		switch got, ok := e.Object(o.Key); {
		case !ok:
			return fmt.Errorf("%s: missing", o.Role)
		case got.Size != o.Stored.Size:
			return fmt.Errorf("%s: got %d stored bytes, want %d", o.Role, got.Size, o.Stored.Size)
		}
	}
	return nil
}

// A Listing is what a destination holds, in the order of time.
type Listing struct {
	Entries []Entry // with a manifest
	// Orphans have no manifest: they failed, were interrupted, lost it, or are
	// being written right now. They are no backups.
	Orphans []Entry
	// Records belong to no backup: restore tests, deletions.
	Records []Entry
	Foreign int // objects that are not of this program
}

// AuditPrefix begins the keys of the record of what was done, which package audit
// keeps, where it lies beside backups.
const AuditPrefix = "audit/"

// List lists a destination. It needs the right to list and reads no object.
// With a filter, Foreign counts only what lies among what was asked for.
func List(ctx context.Context, s storage.Store, f Filter) (Listing, error) {
	prefixes, err := f.prefixes()
	if err != nil {
		return Listing{}, fmt.Errorf("list backups: %w", err)
	}
	var out Listing
	// By what is before the suffix. Most stores list the objects of a backup one
	// after the other, and then the last entry is the one that is wanted.
	found := map[string]*Entry{}
	var last *Entry
	var lastID string
	for _, prefix := range prefixes {
		for o, err := range s.List(ctx, prefix) {
			if err != nil {
				return Listing{}, fmt.Errorf("list backups: %w", err)
			}
			key, err := ParseKey(o.Key)
			switch {
			case err != nil && !Ours(o.Key):
				out.Foreign++
			case err == nil && f.match(key):
				if id := o.Key[:len(o.Key)-len(key.Suffix)]; id != lastID {
					if last = found[id]; last == nil {
						last = newEntry(key)
						found[id] = last
					}
					lastID = id
				}
				last.add(key, o)
			}
		}
	}
	out.Entries = make([]Entry, 0, len(found))
	for _, e := range found {
		e.measure()
		slices.SortFunc(e.Objects, func(a, b storage.Object) int { return strings.Compare(a.Key, b.Key) })
		switch {
		case isRecord(e.Kind):
			out.Records = append(out.Records, *e)
		case e.Complete:
			out.Entries = append(out.Entries, *e)
		default:
			out.Orphans = append(out.Orphans, *e)
		}
	}
	slices.SortFunc(out.Records, compare)
	slices.SortFunc(out.Entries, compare)
	slices.SortFunc(out.Orphans, compare)
	return out, nil
}

// prefixes are what to list: together they hold all that matches.
func (f Filter) prefixes() ([]string, error) {
	for _, name := range []string{f.Kind, f.Source} {
		if name != "" && !isName(name) {
			return nil, fmt.Errorf("%q cannot be the name of a kind or a source", name)
		}
	}
	switch {
	case f.Kind == "":
		return []string{""}, nil
	case f.Source == "":
		return []string{f.Kind + "/"}, nil
	case !f.bounded():
		return []string{f.Kind + "/" + f.Source + "/"}, nil
	}
	var months []string
	y, m, _ := f.From.UTC().Date()
	for month := time.Date(y, m, 1, 0, 0, 0, 0, time.UTC); !month.After(f.To); month = month.AddDate(0, 1, 0) {
		months = append(months, f.Kind+"/"+f.Source+"/"+month.Format("2006-01-"))
	}
	return months, nil
}

func (f Filter) bounded() bool { return !f.From.IsZero() && !f.To.IsZero() }

func (f Filter) match(k Key) bool {
	if f.Source != "" && f.Source != k.Source {
		return false
	}
	if !f.bounded() || f.Kind == "" || f.Source == "" {
		return true
	}
	t, _ := ParseID(k.ID) // ParseKey has seen to it
	return !t.Before(f.From) && !t.After(f.To)
}

func newEntry(k Key) *Entry {
	t, _ := ParseID(k.ID) // ParseKey has seen to it
	return &Entry{ID: k.ID, Kind: k.Kind, Source: k.Source, Time: t, Objects: make([]storage.Object, 0, 4)}
}

func (e *Entry) add(k Key, o storage.Object) {
	e.Objects = append(e.Objects, o)
	if k.isData() { // unless there are generations, see measure
		e.Size += o.Size
		return
	}
	k, _ = k.repairs()
	k, _ = k.Generation()
	switch {
	case k.Suffix == ManifestSuffix:
		e.Complete = true
	case !k.isPart():
		e.mark(k)
	}
}

// measure sums up the data that readers take.
func (e *Entry) measure() {
	if !slices.ContainsFunc(e.Objects, func(o storage.Object) bool { return strings.Contains(o.Key, rewrapMark) }) {
		return // its size is that of the objects as they came
	}
	e.Size = 0
	n := e.Generation()
	for _, o := range e.Objects {
		k, _ := ParseKey(o.Key)
		if first, its := k.Generation(); its == n && first.isData() {
			e.Size += o.Size
		}
	}
}

// isData reports whether a key of generation 0 is of the data.
func (k Key) isData() bool {
	return strings.HasSuffix(k.Suffix, SealedSuffix) && k.Suffix != SecretsSuffix && k.isPart() && !strings.HasPrefix(k.Suffix, repairMark)
}

func compare(a, b Entry) int {
	return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Source, b.Source))
}

// Find returns what the listing has under an ID, a backup or what is left of one,
// nil if there is nothing. The listing must be as List made it.
func (l Listing) Find(kind, source, id string) *Entry {
	want := Entry{Kind: kind, Source: source, ID: id}
	for _, entries := range [][]Entry{l.Entries, l.Orphans} {
		if i, ok := slices.BinarySearchFunc(entries, want, compare); ok {
			return &entries[i]
		}
	}
	return nil
}
