package prune_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/prune"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// What a failed run left goes after a day and not before; what is locked stays and
// is counted; backups and the files of others are not touched.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.stores["primary"]
	want := s.Keys()
	put := func(key string, o storage.PutOptions) {
		t.Helper()
		if err := s.Put(t.Context(), key, strings.NewReader("half"), o); err != nil {
			t.Fatal(err)
		}
	}
	const (
		old    = "database/vapora/2026-01-01/20260101T000000Z-aaaaaa.surql.zst.age"
		locked = "database/vapora/2026-01-01/20260101T000000Z-bbbbbb.surql.zst.age"
		late   = "database/vapora/2026-01-01/20260101T000000Z-dddddd.surql.zst.age" // an old name, written now
		theirs = "database/vapora/note.txt"
	)
	put(old, storage.PutOptions{})
	put(locked, storage.PutOptions{Lock: storage.Lock{Mode: storage.Compliance, Until: h.now.Add(90 * day)}})
	put(theirs, storage.PutOptions{})
	h.now = h.now.Add(2 * day)
	young := "database/vapora/" + h.now.Format("2006-01-02/20060102T150405Z") + "-cccccc.surql.zst.age"
	put(young, storage.PutOptions{})
	put(late, storage.PutOptions{})

	sweep := func() (found []string) {
		t.Helper()
		l, err := catalog.List(t.Context(), s, catalog.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		left, err := prune.Leftover(t.Context(), "primary", &prune.Backups{Store: s, Verifier: h.machine.key}, l, h.now)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range left.Objects {
			found = append(found, o.Key)
		}
		slices.Sort(found)
		removed, kept, err := prune.Sweep(t.Context(), s, left)
		if err != nil || kept != 1 || removed != len(found)-1 {
			t.Fatalf("sweep: got %d removed, %d locked, %v, want %d and 1", removed, kept, err, len(found)-1)
		}
		return found
	}
	if got := sweep(); !slices.Equal(got, []string{old, locked}) {
		t.Errorf("got %v, want the old one and the locked one", got)
	}
	if got := sweep(); !slices.Equal(got, []string{locked}) {
		t.Errorf("afterwards: got %v, want the locked one", got)
	}
	h.now = h.now.Add(25 * time.Hour)
	if got := sweep(); !slices.Equal(got, []string{locked, late, young}) {
		t.Errorf("a day later: got %v, want what was being written too", got)
	}
	want = append(want, locked, theirs)
	slices.Sort(want)
	got := s.Keys()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("left: got %d objects, want %d", len(got), len(want))
	}
}

// A copy that was interrupted long ago and finished since the look is a backup, and
// stays.
func TestFinishedMeanwhile(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.stores["primary"]
	const base = "database/vapora/2026-01-01/20260101T000000Z-aaaaaa"
	put := func(suffix string) {
		t.Helper()
		if err := s.Put(t.Context(), base+suffix, strings.NewReader("x"), storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	put(".surql.zst.age")
	h.now = h.now.Add(2 * day)
	l, err := catalog.List(t.Context(), s, catalog.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	left, err := prune.Leftover(t.Context(), "primary", &prune.Backups{Store: s, Verifier: h.machine.key}, l, h.now)
	if err != nil || len(left.Objects) != 1 {
		t.Fatalf("got %d leftovers and %v, want 1", len(left.Objects), err)
	}
	put(catalog.ManifestSuffix)
	if removed, _, err := prune.Sweep(t.Context(), s, left); removed != 0 || err != nil {
		t.Errorf("got %d removed and %v, want none", removed, err)
	}
	if !slices.Contains(s.Keys(), base+".surql.zst.age") {
		t.Error("the data of a backup is gone")
	}
}
