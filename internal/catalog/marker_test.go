package catalog_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// A listing alone tells the base, the tags and the last verification.
func TestMarkers(t *testing.T) {
	t.Parallel()
	signer, trusted := signingKey(t)
	s := &storagetest.Memory{}
	must(t, catalog.Commit(t.Context(), s, sign(t, manifest(firstID), signer), storage.PutOptions{}))
	entry := func() catalog.Entry {
		t.Helper()
		l, err := catalog.List(t.Context(), s, catalog.Filter{})
		if err != nil || len(l.Entries) != 1 || l.Foreign != 0 || len(l.Orphans) != 0 {
			t.Fatalf("got %+v, %v, want one backup", l, err)
		}
		return l.Entries[0]
	}
	e := entry()
	if _, ok := e.Verified(); ok || e.Base != "20261122T140000Z-222222" {
		t.Errorf("got %+v", e)
	}
	// A manifest without data stands for nothing, and with a good copy of it does.
	if item := e.Item(); !item.Bad || item.Doubt == "" {
		t.Errorf("without data: got %+v", item)
	}
	for _, suffix := range []string{catalog.SecretsSuffix, ".repair-1.surql.zst.age"} {
		must(t, s.Put(t.Context(), e.Key(suffix).String(), strings.NewReader("x"), storage.PutOptions{}))
		if e := entry(); e.Item().Bad != (suffix == catalog.SecretsSuffix) {
			t.Errorf("with %s: got %+v", suffix, e.Item())
		}
	}
	for range 2 {
		must(t, catalog.Tag(t.Context(), s, e, "before-upgrade", storage.PutOptions{}))
	}
	for _, bad := range []string{"", "Upper", "a/b", "../x", "a b"} {
		if err := catalog.Tag(t.Context(), s, e, bad, storage.PutOptions{}); err == nil {
			t.Errorf("the tag %q was taken", bad)
		}
	}
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for i, x := range []struct {
		level string
		good  bool
	}{{"sums", true}, {"deep", false}, {"exists", true}, {"sums", true}, {"deep", true}, {"sums", false}, {"deep", true}} {
		key := e.VerificationKey(noon.Add(time.Duration(i)*time.Hour), x.level, x.good)
		must(t, catalog.PutRecord(t.Context(), s, key, note{"seen"}, signer, storage.PutOptions{}))
		v, ok := entry().Verified()
		item := catalog.Items([]catalog.Entry{entry()})[0]
		// A bad one stands until another has looked as deep.
		if want := i >= 1 && i <= 3 || i == 5; !ok || v.Good == want || item.Bad != want || item.Verified == want {
			t.Errorf("after %s %v: got %+v, %+v", x.level, x.good, v, item)
		}
		var n note
		if _, err := catalog.LoadRecord(t.Context(), s, v.Key, trusted, &n); err != nil || n.Text != "seen" {
			t.Errorf("got %v, %v", n, err)
		}
	}
	if got := entry(); !slices.Equal(got.Tags, []string{"before-upgrade"}) || len(got.Verifications) != 7 || len(got.Records()) != 7 {
		t.Errorf("got %+v", got)
	}
}
