package prune_test

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/prune"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
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
		left, err := prune.Leftover(t.Context(), "primary", &prune.Backups{Store: s, Verifier: h.machine.key}, l, nil, h.now)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range left.Objects {
			found = append(found, o.Key)
		}
		slices.Sort(found)
		did, err := prune.Sweep(t.Context(), s, left)
		if err != nil || did.Locked != 1 || len(did.Removed) != len(found)-1 {
			t.Fatalf("sweep: got %+v, %v, want %d removed and 1 locked", did, err, len(found)-1)
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
	left, err := prune.Leftover(t.Context(), "primary", &prune.Backups{Store: s, Verifier: h.machine.key}, l, nil, h.now)
	if err != nil || len(left.Objects) != 1 {
		t.Fatalf("got %d leftovers and %v, want 1", len(left.Objects), err)
	}
	put(catalog.ManifestSuffix)
	if did, err := prune.Sweep(t.Context(), s, left); len(did.Removed) != 0 || err != nil {
		t.Errorf("got %q removed and %v, want none", did.Removed, err)
	}
	if !slices.Contains(s.Keys(), base+".surql.zst.age") {
		t.Error("the data of a backup is gone")
	}
}

// Manifests that were removed by mistake make orphans of all the rest: that is too
// much at once, and what another destination has whole stays.
func TestManifestsRemovedByMistake(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.stores["primary"]
	for i := range 20 {
		if err := s.Delete(t.Context(), h.key(i, catalog.ManifestSuffix)); err != nil {
			t.Fatal(err)
		}
	}
	h.now = h.now.Add(2 * day)
	l, err := catalog.List(t.Context(), s, catalog.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	b := &prune.Backups{Store: s, Verifier: h.machine.key}
	left, err := prune.Leftover(t.Context(), "primary", b, l, nil, h.now)
	if err != nil || len(left.Objects) != 60 {
		t.Fatalf("got %d objects, %v, want 60", len(left.Objects), err)
	}
	for limits, want := range map[retention.Limits]string{
		{MaxShare: 0.25}: "20 of 40 backups would go, at most 25 % at once", {MaxCount: 19}: "20 deletions, at most 19 at once", {MaxShare: 0.5, MaxCount: 20}: "",
	} {
		if got := left.Excess(limits, len(l.Entries)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	left, err = prune.Leftover(t.Context(), "primary", b, l, func(e catalog.Entry) string {
		if e.ID == h.ids[0] {
			return "the other has it"
		}
		return ""
	}, h.now)
	if err != nil || len(left.Objects) != 57 || len(left.Stays) != 1 || !strings.Contains(left.Stays[0], "the other has it") {
		t.Errorf("got %d objects, %q, %v, want one spared", len(left.Objects), left.Stays, err)
	}
}

// uploading is a store with uploads that nobody ends.
type uploading struct {
	*storagetest.Memory
	keys []string
}

func (u uploading) Unfinished(_ context.Context, _ time.Time, ours func(string) bool) iter.Seq2[storage.Unfinished, error] {
	return func(yield func(storage.Unfinished, error) bool) {
		for _, key := range u.keys {
			if ours(key) && !yield(storage.Unfinished{Key: key}, nil) {
				return
			}
		}
	}
}

func (u uploading) Abandon(context.Context, storage.Unfinished) error { return nil }

// In a bucket that others use too their uploads are not touched.
func TestUploadsOfOthers(t *testing.T) {
	t.Parallel()
	const ours = "database/vapora/2026-01-01/20260101T000000Z-aaaaaa.surql.zst.age"
	s := uploading{&storagetest.Memory{}, []string{"videos/holiday.mp4", ours, catalog.ReadmeKey, "audit/entries/1.json", "database/vapora/note.txt"}}
	left, err := prune.Leftover(t.Context(), "primary", &prune.Backups{Store: s}, catalog.Listing{}, nil, time.Now())
	if err != nil || len(left.Uploads) != 3 || left.Uploads[0].Key != ours {
		t.Errorf("got %v, %v, want three of ours", left.Uploads, err)
	}
}
