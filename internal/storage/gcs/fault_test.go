package gcs_test

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/gcstest"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/gcs"
)

// A server that drops each connection in the middle of a part: the Put fails,
// and no object stays.
func TestConnectionResetDuringUpload(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	bucket := srv.Bucket(t)
	for size, cut := range map[int64]func(*http.Request) bool{
		small: isSingle,
		large: func(r *http.Request) bool { return isPart(r, gcs.PartUnit) },
	} {
		var px proxy
		px.before = func(w http.ResponseWriter, r *http.Request) bool { return cut(r) && px.cutAfter(w, r, 500) }
		o := options(px.start(t, srv), bucket)
		o.Attempts = 2
		err := putZeros(t.Context(), open(t, o), "kind/a", size)
		if err == nil || !strings.Contains(err.Error(), "put kind/a: ") {
			t.Errorf("%d bytes: got %v, want an error", size, err)
		}
		if px.cuts.Load() != 2 {
			t.Errorf("%d bytes: got %d attempts, want 2", size, px.cuts.Load())
		}
		wantNothing(t, srv, bucket)
	}
}

// What passes is no failure: it is sent again.
func TestFailuresThatPass(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	for name, fail := range map[string]func(*proxy, http.ResponseWriter, *http.Request) bool{
		"a reset": func(p *proxy, w http.ResponseWriter, r *http.Request) bool { return p.cutAfter(w, r, 500) },
		"a 503": func(_ *proxy, w http.ResponseWriter, r *http.Request) bool {
			return refuse(w, r, http.StatusServiceUnavailable, "backendError", "Backend Error")
		},
		"a 429": func(_ *proxy, w http.ResponseWriter, r *http.Request) bool {
			return refuse(w, r, http.StatusTooManyRequests, "rateLimitExceeded", "Slow down.")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Each kind of request fails once, the parts twice.
			var mu sync.Mutex
			seen := map[string]int{}
			var px proxy
			px.before = func(w http.ResponseWriter, r *http.Request) bool {
				kind := r.Method + r.URL.Query().Get("uploadType") + r.URL.Query().Get("alt") + r.Header.Get("Content-Range")
				mu.Lock()
				seen[kind]++
				n := seen[kind]
				mu.Unlock()
				return (n == 1 || n == 2 && isPart(r, gcs.PartUnit)) && fail(&px, w, r)
			}
			s := open(t, options(px.start(t, srv), srv.Bucket(t)))
			for key, size := range map[string]int{"kind/a": small, "kind/b": large} {
				data := bytes.Repeat([]byte("0123456789"), size/10)
				if err := s.Put(t.Context(), key, bytes.NewReader(data), storage.PutOptions{}); err != nil {
					t.Fatal(err)
				}
				if got, err := read(t, s, key); err != nil || !bytes.Equal(got, data) {
					t.Errorf("got %d bytes, %v, want %d", len(got), err, len(data))
				}
			}
			if got := list(t, s); len(got) != 2 {
				t.Errorf("listed %v, want 2 objects", got)
			}
			if err := s.Delete(t.Context(), "kind/a"); err != nil {
				t.Error(err)
			}
		})
	}
}

// HTTP/2 can reset a single request.
func TestStreamReset(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	var resets atomic.Int64
	px := proxy{tls: true, before: func(_ http.ResponseWriter, r *http.Request) bool {
		if r.ProtoMajor == 2 && (isPart(r, gcs.PartUnit) || isRead(r)) && resets.Add(1)%2 == 1 {
			panic(http.ErrAbortHandler)
		}
		return false
	}}
	o := options(px.start(t, srv), srv.Bucket(t))
	o.CAFile = px.authority(t)
	s := open(t, o)
	if err := putZeros(t.Context(), s, "kind/a", large); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, s, "kind/a"); err != nil || len(got) != large {
		t.Errorf("got %d bytes, %v, want %d", len(got), err, large)
	}
	if resets.Load() != 4 {
		t.Errorf("got %d requests that could be reset, want 4", resets.Load())
	}
}

// A server that refuses is not asked again.
func TestRefusalsAreNotRepeated(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	var asked atomic.Int64
	px := proxy{before: func(w http.ResponseWriter, r *http.Request) bool {
		asked.Add(1)
		return refuse(w, r, http.StatusForbidden, "forbidden", "No.")
	}}
	s := open(t, options(px.start(t, srv), srv.Bucket(t)))
	for size, want := range map[int64]int64{small: 1, large: 1} {
		asked.Store(0)
		err := putZeros(t.Context(), s, "kind/a", size)
		if !errors.Is(err, fs.ErrPermission) || asked.Load() != want {
			t.Errorf("%d bytes: got %v after %d requests, want fs.ErrPermission after %d", size, err, asked.Load(), want)
		}
	}
}

func TestSilentServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := open(t, gcs.Options{Bucket: "b", Endpoint: "http://" + l.Addr().String(), Anonymous: true,
		Attempts: 1, Silence: 50 * time.Millisecond})
	err = putZeros(t.Context(), s, "kind/a", small)
	if err == nil || !strings.Contains(err.Error(), "i/o timeout") {
		t.Errorf("got %v, want a timeout", err)
	}
}
