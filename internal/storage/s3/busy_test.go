package s3_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// writes are the requests of a Put, small or large.
var writes = map[string]func(*http.Request) bool{
	"put":      func(r *http.Request) bool { return r.Method == http.MethodPut && r.URL.RawQuery == "x-id=PutObject" },
	"create":   func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploads") },
	"part":     func(r *http.Request) bool { return r.URL.Query().Get("partNumber") == "2" },
	"complete": func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") },
}

// harm are the ways of a server that is too busy. One of them asks for
// patience in a status that only some servers know.
var harm = map[string]func(http.ResponseWriter, *http.Request){
	"503": answer(503, "SlowDown"),
	"429": answer(429, "TooManyRequests"),
	"429 without a word": func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(429)
	},
	"two writers met": answer(409, "ConditionalRequestConflict"),
	"a stall": func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	},
	"an answer that is cut": func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(500)
	},
}

func answer(status int, code string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>busy</Message></Error>", code)
	}
}

// Whatever a busy server does once to any request of a Put, nothing is lost.
func TestBusyServer(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Versitygw)
	for name, do := range harm {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			done := map[string]bool{}
			px := proxy{before: func(w http.ResponseWriter, r *http.Request) bool {
				for write, is := range writes {
					mu.Lock()
					first := is(r) && !done[write]
					if first {
						done[write] = true
					}
					mu.Unlock()
					if first {
						do(w, r)
						return true
					}
				}
				return false
			}}
			o := options(px.start(t, srv), srv.Bucket(t))
			o.Silence = 2 * time.Second
			s := open(t, o)
			for _, size := range []int{small, large} {
				data := bytes.Repeat([]byte("01234567"), size/8)
				key := fmt.Sprint("kind/", size)
				if err := s.Put(t.Context(), key, bytes.NewReader(data), storage.PutOptions{}); err != nil {
					t.Errorf("%d bytes: %v", size, err)
				}
				if got, err := read(t, s, key); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%d bytes: got %d, %v", size, len(got), err)
				}
			}
			if len(done) != len(writes) {
				t.Errorf("got harm to %v, want it to all of a Put's requests", done)
			}
		})
	}
}

// A server that stays busy fails the Put, which leaves nothing.
func TestServerThatStaysBusy(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Versitygw)
	for name, do := range harm {
		for write, is := range writes {
			t.Run(name+" at "+write, func(t *testing.T) {
				t.Parallel()
				bucket := srv.Bucket(t)
				px := proxy{before: func(w http.ResponseWriter, r *http.Request) bool {
					if !is(r) {
						return false
					}
					do(w, r)
					return true
				}}
				o := options(px.start(t, srv), bucket)
				o.Attempts, o.Silence = 2, 2*time.Second
				size := int64(large)
				if write == "put" {
					size = small
				}
				err := putZeros(t.Context(), open(t, o), "kind/a", size)
				if err == nil || !strings.HasPrefix(err.Error(), "put kind/a: ") || errors.Is(err, fs.ErrExist) {
					t.Errorf("got %v, want an error", err)
				}
				wantNothing(t, srv, bucket)
			})
		}
	}
}

// A listing goes on where the server was busy, and a reader too.
func TestBusyServerWhileReading(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Versitygw)
	for name, do := range harm {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bucket := srv.Bucket(t)
			if err := putZeros(t.Context(), open(t, options(srv, bucket)), "kind/a", small); err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			seen := map[string]bool{}
			px := proxy{before: func(w http.ResponseWriter, r *http.Request) bool {
				mu.Lock()
				first := !seen[r.Method+r.URL.Path]
				seen[r.Method+r.URL.Path] = true
				mu.Unlock()
				if first {
					do(w, r)
				}
				return first
			}}
			o := options(px.start(t, srv), bucket)
			o.Silence = 2 * time.Second
			s := open(t, o)
			if got, err := read(t, s, "kind/a"); err != nil || len(got) != small {
				t.Errorf("read: got %d bytes, %v", len(got), err)
			}
			if got := list(t, s); len(got) != 1 {
				t.Errorf("list: got %v, want one object", got)
			}
		})
	}
}
