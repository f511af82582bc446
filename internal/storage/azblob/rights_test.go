package azblob_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage/azblob"
)

func withSAS(t *testing.T, name, rights string) azblob.Options {
	t.Helper()
	o := options((&proxy{after: azureCodes}).start(t, server), name)
	o.AccountKey, o.SASToken = "", "?"+server.SAS(t, name, rights)
	return o
}

// Who may create may do nothing else, and needs nothing else, as long as an
// object is one block. For more blocks Azure wants the right to write.
func TestCreateOnly(t *testing.T) {
	t.Parallel()
	name := server.Container(t)
	create := open(t, withSAS(t, name, "c"))
	for key, size := range map[string]int64{"kind/empty": 0, "kind/small": small, "kind/block": azblob.MinPartSize - 1} {
		if err := putZeros(t.Context(), create, key, size); err != nil {
			t.Errorf("put %d bytes: %v", size, err)
		}
	}
	if err := putZeros(t.Context(), create, "kind/small", small); !errors.Is(err, fs.ErrExist) {
		t.Errorf("put again: got %v, want fs.ErrExist", err)
	}
	err := putZeros(t.Context(), create, "kind/large", large)
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(hint.Of(err), "sp=cw") || !strings.Contains(hint.Of(err), "part_size") {
		t.Errorf("put more than a block: got %v (%s), want fs.ErrPermission and what helps", err, hint.Of(err))
	}
	wide := withSAS(t, name, "c")
	wide.PartSize = 2 * large
	if err := putZeros(t.Context(), open(t, wide), "kind/large", large); err != nil {
		t.Errorf("put what is one block by its part size: %v", err)
	}
	_, gerr := create.Get(t.Context(), "kind/small")
	var lerr error
	for _, lerr = range create.List(t.Context(), "") {
	}
	_, terr := create.Temperature(t.Context(), "kind/small")
	for verb, err := range map[string]error{
		"get": gerr, "list": lerr, "delete": create.Delete(t.Context(), "kind/small"), "temperature": terr,
	} {
		if !errors.Is(err, fs.ErrPermission) || hint.Of(err) == "" {
			t.Errorf("%s: got %v, want fs.ErrPermission with a hint", verb, err)
		}
	}
}

// Who may create and write needs not read, list or delete.
func TestWriteOnly(t *testing.T) {
	t.Parallel()
	name := server.Container(t)
	s := open(t, withSAS(t, name, "cw"))
	for key, size := range map[string]int64{"kind/small": small, "kind/large": large} {
		if err := putZeros(t.Context(), s, key, size); err != nil {
			t.Errorf("put %d bytes: %v", size, err)
		}
		if err := putZeros(t.Context(), s, key, size); !errors.Is(err, fs.ErrExist) {
			t.Errorf("put %d bytes again: got %v, want fs.ErrExist", size, err)
		}
		if h, err := head(t, name, key); err != nil || *h.ContentLength != size {
			t.Errorf("%s: got %v, %v, want %d bytes", key, h.ContentLength, err, size)
		}
	}
	if _, err := s.Get(t.Context(), "kind/small"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("get: got %v, want fs.ErrPermission", err)
	}
}

// Who may delete needs not read.
func TestDeleteOnly(t *testing.T) {
	t.Parallel()
	name := server.Container(t)
	if err := putZeros(t.Context(), open(t, options(server, name)), "kind/a", small); err != nil {
		t.Fatal(err)
	}
	s := open(t, withSAS(t, name, "d"))
	if err := s.Delete(t.Context(), "kind/a"); err != nil {
		t.Error(err)
	}
	if err := s.Delete(t.Context(), "kind/a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("again: got %v, want fs.ErrNotExist", err)
	}
	wantNothing(t, name)
}
