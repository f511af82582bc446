package s3_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A download goes on where the network broke it off.
func TestBrokenDownload(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Versitygw)
	var broken atomic.Int64
	var always atomic.Bool
	var px proxy
	px.after = func(r *http.Response) error {
		if r.Request.Method == http.MethodGet && r.ContentLength > 1<<20 && (always.Load() || broken.Add(1) <= 2) {
			r.Body = io.NopCloser(io.LimitReader(r.Body, 500_000)) // less than it says
		}
		return nil
	}
	s := open(t, options(px.start(t, srv), srv.Bucket(t)))
	data := bytes.Repeat([]byte("0123456789"), 300_000)
	if err := s.Put(t.Context(), "kind/a", bytes.NewReader(data), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, s, "kind/a"); err != nil || !bytes.Equal(got, data) {
		t.Errorf("broken twice: got %d bytes, %v, want %d", len(got), err, len(data))
	}
	broken.Store(0)
	part, err := s.GetRange(t.Context(), "kind/a", 100, 2_000_000)
	if err != nil {
		t.Fatal(err)
	}
	defer part.Close()
	if got, err := io.ReadAll(part); err != nil || !bytes.Equal(got, data[100:2_000_100]) {
		t.Errorf("a range, broken twice: got %d bytes, %v", len(got), err)
	}
}

// What is cut again and again must not look like the end.
func TestDownloadThatNeverGoesOn(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Versitygw)
	var px proxy
	px.after = func(r *http.Response) error {
		if r.Request.Method == http.MethodGet && r.ContentLength > 1 {
			r.Body = io.NopCloser(strings.NewReader(""))
		}
		return nil
	}
	s := open(t, options(px.start(t, srv), srv.Bucket(t)))
	if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, s, "kind/a"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %d bytes, %v, want io.ErrUnexpectedEOF", len(got), err)
	}
}

// A download goes on where the server fell silent, too.
func TestDownloadThatStalls(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Versitygw)
	var stalls atomic.Int64
	px := proxy{after: func(r *http.Response) error {
		if r.Request.Method == http.MethodGet && stalls.Add(1) <= 2 {
			r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, 500_000), calling(func() { <-r.Request.Context().Done() })))
		}
		return nil
	}}
	o := options(px.start(t, srv), srv.Bucket(t))
	o.Silence = time.Second
	s := open(t, o)
	data := bytes.Repeat([]byte("0123456789"), 300_000)
	if err := s.Put(t.Context(), "kind/a", bytes.NewReader(data), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, s, "kind/a"); err != nil || !bytes.Equal(got, data) || stalls.Load() != 3 {
		t.Errorf("got %d bytes, %v, after %d answers, want %d after 3", len(got), err, stalls.Load(), len(data))
	}
}
