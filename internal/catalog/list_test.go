package catalog_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// plant fills a store with objects that are as long as said.
func plant(objects map[string]int) *storagetest.Memory {
	s := &storagetest.Memory{}
	for key, n := range objects {
		s.Set(key, make([]byte, n))
	}
	return s
}

func ids(entries []catalog.Entry) []string {
	var out []string
	for _, e := range entries {
		out = append(out, e.Kind+"/"+e.Source+" "+e.ID)
	}
	return out
}

var bucket = map[string]int{
	"README.txt": 1,
	"database/vapora/2026-11-23/" + secondID + ".manifest.json":        1,
	"database/vapora/2026-11-23/" + secondID + ".surql.zst.age":        7,
	"database/vapora/2026-11-23/" + firstID + ".manifest.json":         1,
	"database/vapora/2026-11-23/" + firstID + ".manifest.json.minisig": 1,
	"database/vapora/2026-11-23/" + firstID + ".surql.zst.age":         5,
	"database/vapora/2026-11-23/" + firstID + ".secrets.json.zst.age":  3,
	"database/vapora/2026-11-22/20261122T140000Z-222222.surql.zst.age": 9,
	"database/vapora2/2026-11-23/" + firstID + ".manifest.json":        1,
	"git/vapora/2026-11-23/" + firstID + ".manifest.json":              1,
	"database/vapora/2026-11-23/" + firstID + "..manifest.json":        1,
	"database/vapora/2026-11-24/" + firstID + ".manifest.json":         1,
	"database/vapora/notes.txt":                                        1,
	"database/vapora/2026-11-23/deeper/" + firstID + ".manifest.json":  1,
	"elsewhere": 1,
}

func TestList(t *testing.T) {
	t.Parallel()
	s := plant(bucket)
	for _, c := range []struct {
		filter           catalog.Filter
		entries, orphans []string
		foreign          int
	}{
		{catalog.Filter{}, []string{
			"database/vapora " + firstID, "database/vapora2 " + firstID, "git/vapora " + firstID, "database/vapora " + secondID,
		}, []string{"database/vapora 20261122T140000Z-222222"}, 5},
		{catalog.Filter{Kind: "git"}, []string{"git/vapora " + firstID}, nil, 0},
		{catalog.Filter{Kind: "database", Source: "vapora"}, []string{"database/vapora " + firstID, "database/vapora " + secondID},
			[]string{"database/vapora 20261122T140000Z-222222"}, 4},
		{catalog.Filter{Source: "vapora2"}, []string{"database/vapora2 " + firstID}, nil, 5},
		{catalog.Filter{Source: "nobody"}, nil, nil, 5},
	} {
		got, err := catalog.List(t.Context(), s, c.filter)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(ids(got.Entries), c.entries) || !slices.Equal(ids(got.Orphans), c.orphans) || got.Foreign != c.foreign {
			t.Errorf("%+v: got %q, %q, %d, want %q, %q, %d", c.filter,
				ids(got.Entries), ids(got.Orphans), got.Foreign, c.entries, c.orphans, c.foreign)
		}
	}
}

func TestListEntry(t *testing.T) {
	t.Parallel()
	got, err := catalog.List(t.Context(), plant(bucket), catalog.Filter{Kind: "database", Source: "vapora"})
	if err != nil {
		t.Fatal(err)
	}
	e := got.Entries[0]
	if !e.Complete || got.Orphans[0].Complete || e.Size != 5 || !e.Time.Equal(time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)) || len(e.Objects) != 4 {
		t.Errorf("got %+v", e)
	}
	if o, ok := e.Object(e.Key(catalog.SecretsSuffix).String()); !ok || o.Size != 3 {
		t.Errorf("secrets: got %+v, %v", o, ok)
	}
	if o, ok := e.Object("elsewhere"); ok {
		t.Errorf("got %+v", o)
	}
}

func TestListReadsNothing(t *testing.T) {
	t.Parallel()
	get := &storagetest.Faulty{Store: plant(bucket), Op: storagetest.Get, Err: errors.New("denied")}
	if _, err := catalog.List(t.Context(), get, catalog.Filter{}); err != nil || get.Calls() != 0 {
		t.Errorf("got %v after %d reads, want none", err, get.Calls())
	}
}

func TestListFails(t *testing.T) {
	t.Parallel()
	denied := errors.New("denied")
	for _, late := range []bool{false, true} {
		s := &storagetest.Faulty{Store: plant(bucket), Op: storagetest.List, Err: denied, Late: late}
		// A part of a listing must not pass for the whole.
		if got, err := catalog.List(t.Context(), s, catalog.Filter{}); !errors.Is(err, denied) || len(got.Entries) > 0 {
			t.Errorf("late %v: got %v, %v, want %v", late, got.Entries, err, denied)
		}
	}
	for _, f := range []catalog.Filter{{Source: ".."}, {Kind: "a/b"}, {Kind: "../x", Source: "y"}, {Source: "Vapora"}} {
		if _, err := catalog.List(t.Context(), plant(nil), f); err == nil {
			t.Errorf("%+v: got no error", f)
		}
	}
}

func TestListFolder(t *testing.T) {
	t.Parallel()
	s, err := local.Open(local.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := catalog.List(t.Context(), s, catalog.Filter{}); err != nil || len(got.Entries)+len(got.Orphans)+got.Foreign != 0 {
		t.Errorf("empty: got %+v, %v", got, err)
	}
	for _, id := range []string{secondID, firstID} {
		if err := catalog.Commit(t.Context(), s, sign(t, manifest(id), nil), storage.PutOptions{Kind: "database"}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := catalog.List(t.Context(), s, catalog.Filter{Kind: "database", Source: "vapora"})
	if want := []string{"database/vapora " + firstID, "database/vapora " + secondID}; err != nil || !slices.Equal(ids(got.Entries), want) {
		t.Errorf("got %q, %v, want %q", ids(got.Entries), err, want)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	listed, err := catalog.List(t.Context(), plant(bucket), catalog.Filter{Source: "vapora", Kind: "database"})
	if err != nil {
		t.Fatal(err)
	}
	all := append(listed.Entries, listed.Entries...) // as of two destinations
	for _, id := range []string{secondID, "20261123T15", "20261123T150000Z-"} {
		if e, err := catalog.Find(all, id); err != nil || e.ID != secondID {
			t.Errorf("%q: got %s, %v, want %s", id, e.ID, err, secondID)
		}
	}
	_, err = catalog.Find(all, "20261123")
	wantError(t, err, firstID+" (database/vapora), "+secondID+" (database/vapora)")
	for _, id := range []string{"", "2027", "7f3k2m", firstID + "x"} {
		_, err := catalog.Find(all, id)
		wantError(t, err, "no backup")
		if hint.Of(err) == "" {
			t.Errorf("%q: got no hint", id)
		}
	}
	other := all[0]
	other.Source = "other"
	_, err = catalog.Find(append(all, other), firstID)
	wantError(t, err, "(database/other)")
}

func TestFindNamesOnlySome(t *testing.T) {
	t.Parallel()
	var many []catalog.Entry
	for _, c := range "abcdefgh" {
		many = append(many, catalog.Entry{ID: "20261123T140000Z-aaaaa" + string(c), Kind: "database", Source: "vapora"})
	}
	_, err := catalog.Find(many, "2026")
	wantError(t, err, "aaaaae (database/vapora), 3 more")
}
