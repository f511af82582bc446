package catalog_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

type note struct {
	Text string `json:"text"`
}

func TestRecord(t *testing.T) {
	t.Parallel()
	signer, trusted := signingKey(t)
	_, others := signingKey(t)
	s := &storagetest.Memory{}
	key := catalog.Key{Kind: catalog.Deletions, Source: "requests", ID: firstID, Suffix: ".request.json"}
	put := func(k catalog.Key) error {
		return catalog.PutRecord(t.Context(), s, k, note{"hello"}, signer, storage.PutOptions{})
	}
	if err := put(key); err != nil {
		t.Fatal(err)
	}
	if err := put(key); !errors.Is(err, fs.ErrExist) {
		t.Errorf("again: got %v, want fs.ErrExist", err)
	}
	var got note
	if sig, err := catalog.LoadRecord(t.Context(), s, key, trusted, &got); err != nil || got.Text != "hello" || !sig.Checked {
		t.Errorf("got %+v, %v", got, err)
	}
	listing, err := catalog.List(t.Context(), s, catalog.Filter{})
	if err != nil || len(listing.Records) != 1 || len(listing.Orphans)+len(listing.Entries)+listing.Foreign != 0 {
		t.Errorf("got %+v, %v, want one record and no backup", listing, err)
	}
	if keys := listing.Records[0].Records(); len(keys) != 1 || keys[0] != key {
		t.Errorf("got records %v", keys)
	}

	text, _ := s.Bytes(key.String())
	sig, _ := s.Bytes(key.String() + ".minisig")
	for name, x := range map[string]struct {
		harm     func()
		verifier catalog.Verifier
		want     error
	}{
		"nobody is trusted": {func() {}, nil, catalog.ErrUntrusted},
		"by somebody else":  {func() {}, others, catalog.ErrUntrusted},
		"changed":           {func() { s.Set(key.String(), []byte(`{"text":"hullo"}`)) }, trusted, catalog.ErrUntrusted},
		"cut":               {func() { s.Set(key.String(), text[:len(text)-2]) }, trusted, catalog.ErrUntrusted},
		"not signed":        {func() { must(t, s.Delete(t.Context(), key.String()+".minisig")) }, trusted, catalog.ErrUnsigned},
		"gone":              {func() { must(t, s.Delete(t.Context(), key.String())) }, trusted, fs.ErrNotExist},
	} {
		s.Set(key.String(), text)
		s.Set(key.String()+".minisig", sig)
		x.harm()
		if _, err := catalog.LoadRecord(t.Context(), s, key, x.verifier, &got); !errors.Is(err, x.want) {
			t.Errorf("%s: got %v, want %v", name, err, x.want)
		}
	}
	// Moved to another place it does not count.
	moved := key
	moved.ID = secondID
	s.Set(moved.String(), text)
	s.Set(moved.String()+".minisig", sig)
	if _, err := catalog.LoadRecord(t.Context(), s, moved, trusted, &got); !errors.Is(err, catalog.ErrUntrusted) {
		t.Errorf("moved: got %v, want ErrUntrusted", err)
	}
	if err := catalog.PutRecord(t.Context(), s, key, note{}, nil, storage.PutOptions{}); err == nil {
		t.Error("a record without a signature was stored")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
