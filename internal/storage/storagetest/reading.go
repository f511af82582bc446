package storagetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func (s Suite) prefixes(t *testing.T, st storage.Store) {
	keys := []string{"a/b/1", "a/b-x", "a/bc/2", "ab/3", "b", "a b/c+d=e&f%25ü"}
	for _, key := range keys {
		put(t, st, key, []byte(key))
	}
	for prefix, matching := range map[string][]string{
		"":                 keys,
		"a/":               {"a/b/1", "a/b-x", "a/bc/2"},
		"a/b":              {"a/b/1", "a/b-x", "a/bc/2"},
		"a/b/":             {"a/b/1"},
		"a/b/1":            {"a/b/1"},
		"a/b/1/":           nil,
		"a":                {"a/b/1", "a/b-x", "a/bc/2", "ab/3", "a b/c+d=e&f%25ü"},
		"a b/c+d=e&f%25":   {"a b/c+d=e&f%25ü"},
		"b":                {"b"},
		"nothing":          nil,
		"nothing/at/all":   nil,
		"../":              nil,
		"a/../":            nil,
		"a/b/../../../etc": nil,
	} {
		wantPrefix(t, st, prefix, matching...)
	}
	for range st.List(t.Context(), "") {
		break // a caller may stop
	}
	if got := string(get(t, st, "a b/c+d=e&f%25ü")); got != "a b/c+d=e&f%25ü" {
		t.Errorf("got %q", got)
	}
}

func (s Suite) many(t *testing.T, st storage.Store) {
	keys := make([]string, s.Objects)
	for i := range keys {
		keys[i] = fmt.Sprintf("kind/source/%02d/%05d", i%7, i)
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := worker; i < len(keys); i += 8 {
				if err := st.Put(t.Context(), keys[i], bytes.NewReader([]byte{byte(i)}), storage.PutOptions{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	want(t, st, keys...)
	wantPrefix(t, st, "kind/source/", keys...)
}

func (s Suite) ranges(t *testing.T, st storage.Store) {
	size := 2*s.PartSize + 100
	data := random(size)
	put(t, st, "kind/ranges", data)
	r, ok := st.(storage.Ranger)
	if !ok {
		t.Fatal("the store is no storage.Ranger")
	}
	for _, x := range []struct{ offset, length int }{
		{0, 1}, {0, 10}, {0, size}, {1, size - 1}, {s.PartSize - 5, 10}, {size - 1, 1}, {size - 10, 10}, {5, 0},
	} {
		got, err := part(t, r, int64(x.offset), int64(x.length))
		if err != nil || !bytes.Equal(got, data[x.offset:x.offset+x.length]) {
			t.Errorf("%d bytes from %d: got %d bytes, %v", x.length, x.offset, len(got), err)
		}
	}
	for _, x := range []struct{ offset, length int }{{0, size + 1}, {size - 1, 2}, {size, 1}, {size + 100, 1}} {
		if _, err := part(t, r, int64(x.offset), int64(x.length)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes from %d of %d: got %v, want io.ErrUnexpectedEOF", x.length, x.offset, size, err)
		}
	}
	for _, x := range []struct{ offset, length int }{{-1, 1}, {0, -1}} {
		if _, err := part(t, r, int64(x.offset), int64(x.length)); err == nil {
			t.Errorf("%d bytes from %d: no error", x.length, x.offset)
		}
	}
}

func part(t *testing.T, r storage.Ranger, offset, length int64) ([]byte, error) {
	t.Helper()
	body, err := r.GetRange(t.Context(), "kind/ranges", offset, length)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

func (s Suite) readerAt(t *testing.T, st storage.Store) {
	data := random(1000)
	put(t, st, "kind/ranges", data)
	r, err := storage.ReaderAt(t.Context(), "kind/ranges", 1000, st)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 100)
	if n, err := r.ReadAt(p, 850); n != 100 || err != nil || !bytes.Equal(p, data[850:950]) {
		t.Errorf("in the middle: got %d bytes, %v", n, err)
	}
	if n, err := r.ReadAt(p, 950); n != 50 || err != io.EOF || !bytes.Equal(p[:50], data[950:]) {
		t.Errorf("over the end: got %d bytes, %v, want 50, io.EOF", n, err)
	}
	if n, err := r.ReadAt(p, 1000); n != 0 || err != io.EOF {
		t.Errorf("at the end: got %d bytes, %v, want 0, io.EOF", n, err)
	}
	if got := r.Bytes(); got != 150 {
		t.Errorf("counted: got %d bytes, want 150", got)
	}
	// An object that is shorter than its catalog says is cut, not at its end.
	r, err = storage.ReaderAt(t.Context(), "kind/ranges", 2000, st)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadAt(p, 950); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a short object: got %v, want io.ErrUnexpectedEOF", err)
	}
}

func (s Suite) concurrent(t *testing.T, st storage.Store) {
	var wg sync.WaitGroup
	for worker := range 6 {
		wg.Go(func() {
			for i := range 4 {
				key := fmt.Sprintf("kind/shared/%d/%d", i, worker)
				data := random(s.PartSize/2*i + worker)
				if err := st.Put(t.Context(), key, bytes.NewReader(data), storage.PutOptions{}); err != nil {
					t.Error(err)
					return
				}
				r, err := st.Get(t.Context(), key)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(r)
				r.Close()
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s: got %d bytes, %v, want %d", key, len(got), err, len(data))
				}
				// Folders come and go beside the Puts of the others.
				if i%2 == 0 {
					if err := st.Delete(t.Context(), key); err != nil {
						t.Error(err)
					}
				}
				for _, err := range st.List(t.Context(), "kind/shared/") {
					if err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	var left []string
	for worker := range 6 {
		left = append(left, fmt.Sprintf("kind/shared/1/%d", worker), fmt.Sprintf("kind/shared/3/%d", worker))
	}
	want(t, st, left...)
}
