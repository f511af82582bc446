// Package storagetest proves that a store keeps the contract of
// storage.Store, and has stores for the tests of those who use one.
package storagetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"maps"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A Suite is what there is to prove of one store.
type Suite struct {
	// Open returns an empty store that is used by one test.
	Open func(t *testing.T) storage.Store

	// PartSize is the size at which the store changes its way of writing; the
	// sizes around it and around its double are tried. 0: 64 KiB.
	PartSize int

	// Objects is how many objects are written and listed. 0: 2500, more than
	// the page of an object store.
	Objects int

	// IgnoresContext leaves out what a store can only do with its context.
	IgnoresContext bool
}

// Test proves the store that open returns with the defaults of a Suite.
func Test(t *testing.T, open func(t *testing.T) storage.Store) {
	t.Helper()
	Suite{Open: open}.Test(t)
}

// Test runs the suite.
func (s Suite) Test(t *testing.T) {
	if s.PartSize == 0 {
		s.PartSize = 64 << 10
	}
	if s.Objects == 0 {
		s.Objects = 2500
	}
	for _, test := range []struct {
		name string
		run  func(*testing.T, storage.Store)
	}{
		{"round trip", s.roundTrip},
		{"a reader that fails leaves nothing", s.failedReader},
		{"an unexpected end is no end", s.unexpectedEOF},
		{"a stream that is cancelled leaves nothing", s.cancelledReader},
		{"a Put never replaces", s.neverReplaces},
		{"of many at once one wins", s.race},
		{"a missing object", s.missing},
		{"delete", s.delete},
		{"keys that are refused", s.invalidKeys},
		{"prefixes", s.prefixes},
		{"many objects", s.many},
		{"ranges", s.ranges},
		{"at random", s.readerAt},
		{"used by many at once", s.concurrent},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, s.Open(t))
		})
	}
	if !s.IgnoresContext {
		t.Run("the end of the context", func(t *testing.T) {
			t.Parallel()
			s.cancelled(t, s.Open(t))
		})
	}
}

func (s Suite) roundTrip(t *testing.T, st storage.Store) {
	want := map[string]int64{}
	for name, size := range map[string]int{
		"empty": 0, "one": 1, "some": 1000,
		"part less one": s.PartSize - 1, "part": s.PartSize, "part and one": s.PartSize + 1,
		"two parts": 2 * s.PartSize, "more": 2*s.PartSize + 4711,
	} {
		key := "kind/round trip/" + name
		data := random(size)
		// A reader that gives little at a time, as a pipe does, and no WriterTo.
		if err := st.Put(t.Context(), key, pieces{bytes.NewReader(data)}, storage.PutOptions{}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := get(t, st, key); !bytes.Equal(got, data) {
			t.Errorf("%s: got %d bytes back, want the %d that were put", name, len(got), len(data))
		}
		want[key] = int64(size)
	}
	got := map[string]int64{}
	for o, err := range st.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		got[o.Key] = o.Size
		if o.Modified.IsZero() {
			t.Errorf("%s: has no time", o.Key)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("list: got %v, want %v", got, want)
	}
}

func (s Suite) neverReplaces(t *testing.T, st storage.Store) {
	for _, size := range []int{100, 2*s.PartSize + 1} {
		key := "kind/kept"
		if size > s.PartSize {
			key += "-large"
		}
		first := random(size)
		put(t, st, key, first)
		for _, again := range []int{0, 100, 2*s.PartSize + 1} {
			err := st.Put(t.Context(), key, bytes.NewReader(random(again)), storage.PutOptions{})
			if !errors.Is(err, fs.ErrExist) {
				t.Errorf("put of %d bytes over %d: got %v, want fs.ErrExist", again, size, err)
			}
			if got := get(t, st, key); !bytes.Equal(got, first) {
				t.Errorf("put of %d bytes over %d: the object changed", again, size)
			}
		}
	}
}

func (s Suite) race(t *testing.T, st storage.Store) {
	for _, size := range []int{10, 2*s.PartSize + 1} {
		const rivals = 16
		key := "kind/race"
		if size > s.PartSize {
			key += "-large"
		}
		var all [rivals][]byte
		var errs [rivals]chan error
		for i := range rivals {
			all[i] = random(size)
			errs[i] = make(chan error, 1)
			go func() { errs[i] <- st.Put(t.Context(), key, bytes.NewReader(all[i]), storage.PutOptions{}) }()
		}
		winner := -1
		for i := range rivals {
			switch err := <-errs[i]; {
			case err == nil && winner >= 0:
				t.Errorf("%d bytes: more than one Put of one key succeeded", size)
			case err == nil:
				winner = i
			case !errors.Is(err, fs.ErrExist):
				t.Errorf("%d bytes: got %v, want fs.ErrExist", size, err)
			}
		}
		if winner < 0 {
			t.Fatalf("%d bytes: no Put succeeded", size)
		}
		if got := get(t, st, key); !bytes.Equal(got, all[winner]) {
			t.Errorf("%d bytes: the object is not the winner's", size)
		}
	}
}

func (s Suite) missing(t *testing.T, st storage.Store) {
	put(t, st, "kind/here", []byte("x"))
	for _, key := range []string{"kind/nowhere", "other/folder/key", "kind/here/below", "kind"} {
		if _, err := st.Get(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("get %s: got %v, want fs.ErrNotExist", key, err)
		}
		if _, err := st.(storage.Ranger).GetRange(t.Context(), key, 0, 1); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("get a range of %s: got %v, want fs.ErrNotExist", key, err)
		}
		// Not every store can tell.
		if err := st.Delete(t.Context(), key); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("delete %s: got %v, want nil or fs.ErrNotExist", key, err)
		}
	}
	want(t, st, "kind/here")
}

func (s Suite) delete(t *testing.T, st storage.Store) {
	for _, key := range []string{"a/b/one", "a/b/two", "a/three"} {
		put(t, st, key, []byte(key))
	}
	for _, key := range []string{"a/b/two", "a/b/one"} {
		if err := st.Delete(t.Context(), key); err != nil {
			t.Errorf("delete %s: %v", key, err)
		}
	}
	if _, err := st.Get(t.Context(), "a/b/one"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("get what was deleted: got %v, want fs.ErrNotExist", err)
	}
	want(t, st, "a/three")
	put(t, st, "a/b/one", []byte("again"))
	want(t, st, "a/three", "a/b/one")
}

func (s Suite) invalidKeys(t *testing.T, st storage.Store) {
	for _, key := range []string{"", "/", "/etc/x", "../x", "a/../../x", "a/./b", "a//b", "a/", `a\b`, "a\x00b", "a\nb", "a\xffb"} {
		err := st.Put(t.Context(), key, bytes.NewReader([]byte("x")), storage.PutOptions{})
		if !errors.Is(err, storage.ErrKey) {
			t.Errorf("put %q: got %v, want storage.ErrKey", key, err)
		}
		if _, err := st.Get(t.Context(), key); !errors.Is(err, storage.ErrKey) {
			t.Errorf("get %q: got %v, want storage.ErrKey", key, err)
		}
		if err := st.Delete(t.Context(), key); !errors.Is(err, storage.ErrKey) {
			t.Errorf("delete %q: got %v, want storage.ErrKey", key, err)
		}
	}
	want(t, st)
}

// random bytes, so that nothing can be mistaken for another object's.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

func put(t *testing.T, st storage.Store, key string, data []byte) {
	t.Helper()
	if err := st.Put(t.Context(), key, bytes.NewReader(data), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, st storage.Store, key string) []byte {
	t.Helper()
	r, err := st.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	return data
}

// want checks that the store holds these keys and no other.
func want(t *testing.T, st storage.Store, keys ...string) {
	t.Helper()
	wantPrefix(t, st, "", keys...)
}

func wantPrefix(t *testing.T, st storage.Store, prefix string, keys ...string) {
	t.Helper()
	wanted := map[string]int{}
	for _, key := range keys {
		wanted[key] = 1
	}
	got := map[string]int{}
	// Not the test's context: some tests look after they have cancelled theirs.
	for o, err := range st.List(context.WithoutCancel(t.Context()), prefix) {
		if err != nil {
			t.Fatalf("list %q: %v", prefix, err)
		}
		got[o.Key]++
	}
	if !maps.Equal(got, wanted) {
		t.Errorf("list %q: got %v, want %v", prefix, got, wanted)
	}
}
