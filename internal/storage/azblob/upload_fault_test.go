package azblob_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A server that drops each connection in the middle of a block: the Put fails,
// and no object appears.
func TestConnectionResetDuringUpload(t *testing.T) {
	t.Parallel()
	for _, attempts := range []int{1, 2} {
		name := server.Container(t)
		var px proxy
		var seen atomic.Int64 // the other blocks are given up, and cut too
		px.before = func(w http.ResponseWriter, r *http.Request) bool {
			if !isBlockNo(r, "000001") {
				return false
			}
			seen.Add(1)
			return px.cutAfter(w, r, 100_000)
		}
		o := options(px.start(t, server), name)
		o.Attempts = attempts
		err := putZeros(t.Context(), open(t, o), "kind/a", large)
		if err == nil || !strings.Contains(err.Error(), "put kind/a: ") {
			t.Errorf("got %v, want an error", err)
		}
		if got := seen.Load(); got != int64(attempts) {
			t.Errorf("got %d attempts, want %d", got, attempts)
		}
		wantNothing(t, name)
	}
}

// What breaks, or is refused for now, is sent again, whichever request it is.
func TestPassingFaults(t *testing.T) {
	t.Parallel()
	for fault, answer := range map[string]func(px *proxy, w http.ResponseWriter, r *http.Request) bool{
		"reset": func(px *proxy, w http.ResponseWriter, r *http.Request) bool { return px.cutAfter(w, r, 200) },
		"408":   refusing(http.StatusRequestTimeout),
		"429":   refusing(http.StatusTooManyRequests),
		"500":   refusing(http.StatusInternalServerError),
		"503":   refusing(http.StatusServiceUnavailable),
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			var seen sync.Map // how often each request came
			var px proxy
			px.before = func(w http.ResponseWriter, r *http.Request) bool {
				count, _ := seen.LoadOrStore(r.Method+r.URL.String()+r.Header.Get("x-ms-range"), new(atomic.Int64))
				return count.(*atomic.Int64).Add(1) <= 2 && answer(&px, w, r)
			}
			s := open(t, options(px.start(t, server), server.Container(t)))
			for key, size := range map[string]int{"kind/small": small, "kind/large": large} {
				data := bytes.Repeat([]byte("0123456789"), size/10)
				if err := s.Put(t.Context(), key, bytes.NewReader(data), storage.PutOptions{}); err != nil {
					t.Errorf("%s: %v", key, err)
					continue
				}
				if got, err := read(t, s, key); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s: got %d bytes, %v, want %d", key, len(got), err, len(data))
				}
			}
			listed := 0
			for _, err := range s.List(t.Context(), "") {
				if listed++; err != nil {
					t.Error(err)
				}
			}
			if listed != 2 {
				t.Errorf("got %d objects, want 2", listed)
			}
			if err := s.Delete(t.Context(), "kind/small"); err != nil {
				t.Error(err)
			}
		})
	}
}

func refusing(status int) func(*proxy, http.ResponseWriter, *http.Request) bool {
	return func(_ *proxy, w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(status)
		return true
	}
}

// What will not pass is asked once.
func TestFinalAnswers(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusNotImplemented} {
		var puts atomic.Int64
		px := proxy{before: func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPut {
				puts.Add(1)
				w.WriteHeader(status)
			}
			return r.Method == http.MethodPut
		}}
		s := open(t, options(px.start(t, server), server.Container(t)))
		if err := putZeros(t.Context(), s, "kind/a", small); err == nil || puts.Load() != 1 {
			t.Errorf("%d: got %v after %d attempts, want an error after one", status, err, puts.Load())
		}
	}
}

// The server stores the object, and its answer is lost: the second attempt
// hears that the object exists, which is no reason to call the Put failed.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{small, large} {
		var px proxy
		px.after = func(r *http.Response) error {
			if (isSingle(r.Request) || isCommit(r.Request)) && px.cuts.Load() == 0 {
				_, _ = io.Copy(io.Discard, r.Body)
				return errors.New("lost")
			}
			return nil
		}
		s := open(t, options(px.start(t, server), server.Container(t)))
		if err := putZeros(t.Context(), s, "kind/a", size); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		if px.cuts.Load() != 1 {
			t.Errorf("%d bytes: got %d lost answers, want 1", size, px.cuts.Load())
		}
		if got, err := read(t, s, "kind/a"); err != nil || int64(len(got)) != size {
			t.Errorf("%d bytes: got %d bytes, %v", size, len(got), err)
		}
		if err := putZeros(t.Context(), s, "kind/a", size); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%d bytes, again: got %v, want fs.ErrExist", size, err)
		}
	}
}

// The server notices a byte that changed on its way.
func TestDamagedBytes(t *testing.T) {
	t.Parallel()
	name := server.Container(t)
	px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
		if isSingle(r) || isBlockNo(r, "000002") {
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("x"), skip(r.Body)))
		}
		return false
	}}
	s := open(t, options(px.start(t, server), name))
	for _, size := range []int64{small, large} {
		err := putZeros(t.Context(), s, "kind/a", size)
		if err == nil || err.Error() != "put kind/a: the bytes were damaged on their way" {
			t.Errorf("%d bytes: got %v, want … damaged on their way", size, err)
		}
	}
	wantNothing(t, name)
}

// skip leaves the first byte out.
func skip(r io.Reader) io.Reader {
	_, _ = io.CopyN(io.Discard, r, 1)
	return r
}
