package storagetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// pieces reads a few bytes at a time.
type pieces struct{ r io.Reader }

func (p pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), 1500)]) }

// broken gives its bytes and then its error, with the last bytes or after them.
type broken struct {
	data []byte
	err  error
	with bool
}

func (b *broken) Read(p []byte) (int, error) {
	n := copy(p, b.data)
	b.data = b.data[n:]
	if len(b.data) == 0 && (b.with || n == 0) {
		return n, b.err
	}
	return n, nil
}

// sizes at which a stream may break: in the first part, at a seam, later.
func (s Suite) sizes() []int {
	return []int{0, 1, s.PartSize / 2, s.PartSize, s.PartSize + 1, 2 * s.PartSize, 3*s.PartSize + 5}
}

func (s Suite) failedReader(t *testing.T, st storage.Store) {
	s.fail(t, st, errors.New("the source broke"))
}

func (s Suite) unexpectedEOF(t *testing.T, st storage.Store) {
	s.fail(t, st, io.ErrUnexpectedEOF)
}

// fail has Puts fail with err at all sizes; the context lives on all the while.
func (s Suite) fail(t *testing.T, st storage.Store, err error) {
	for _, size := range s.sizes() {
		for _, with := range []bool{false, true} {
			r := &broken{random(size), err, with}
			got := st.Put(t.Context(), "kind/source/broken", r, storage.PutOptions{})
			if !errors.Is(got, err) {
				t.Errorf("broken after %d bytes (error with the last ones: %v): got %v, want %v", size, with, got, err)
			}
			want(t, st)
		}
	}
	// The key is free, and nothing of the broken ones is in it.
	data := random(s.PartSize + 100)
	put(t, st, "kind/source/broken", data)
	if !bytes.Equal(get(t, st, "kind/source/broken"), data) {
		t.Error("after broken Puts the object is not what was put")
	}
}

// cancelledReader is what a pipeline does when it is cancelled: the context and
// the stream both end. The store need not look at its context to be right.
func (s Suite) cancelledReader(t *testing.T, st storage.Store) {
	for _, size := range s.sizes() {
		ctx, cancel := context.WithCancel(t.Context())
		r := io.MultiReader(bytes.NewReader(random(size)), readerFunc(func([]byte) (int, error) {
			cancel()
			return 0, ctx.Err()
		}))
		if err := st.Put(ctx, "kind/source/cancelled", r, storage.PutOptions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled after %d bytes: got %v, want context.Canceled", size, err)
		}
		cancel()
		want(t, st)
	}
}

// cancelled has the context end beside a stream that goes on, or ends as if all
// were well.
func (s Suite) cancelled(t *testing.T, st storage.Store) {
	const more = 64 << 20 // an end, so that a fault of a store cannot fill a disk
	for _, size := range s.sizes() {
		for _, rest := range []int64{0, more} {
			ctx, cancel := context.WithCancel(t.Context())
			tail := &io.LimitedReader{R: zeros{}, N: rest}
			r := io.MultiReader(bytes.NewReader(random(size)), readerFunc(func([]byte) (int, error) {
				cancel()
				return 0, io.EOF
			}), tail)
			if err := st.Put(ctx, "kind/source/cancelled", r, storage.PutOptions{}); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled after %d bytes, with %d to come: got %v, want context.Canceled", size, rest, err)
			}
			if rest > 0 && tail.N < rest/2 {
				t.Errorf("cancelled after %d bytes: %d more were read", size, rest-tail.N)
			}
			cancel()
			want(t, st)
		}
	}

	put(t, st, "kind/source/here", random(10))
	reason := errors.New("interrupted by the user")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	err := st.Put(ctx, "kind/source/new", bytes.NewReader(random(10)), storage.PutOptions{})
	if !errors.Is(err, context.Canceled) || !errors.Is(err, reason) {
		t.Errorf("put, cancelled: got %v, want context.Canceled and its cause", err)
	}
	if r, err := st.Get(ctx, "kind/source/here"); !errors.Is(err, context.Canceled) {
		t.Errorf("get, cancelled: got %v, want context.Canceled", err)
		if err == nil {
			r.Close()
		}
	}
	if err := st.Delete(ctx, "kind/source/here"); !errors.Is(err, context.Canceled) {
		t.Errorf("delete, cancelled: got %v, want context.Canceled", err)
	}
	var last error
	for _, last = range st.List(ctx, "") {
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("list, cancelled: got %v, want context.Canceled", last)
	}
	want(t, st, "kind/source/here")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
