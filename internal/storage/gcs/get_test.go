package gcs_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/gcstest"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func isRead(r *http.Request) bool { return r.URL.Query().Get("alt") == "media" }

// A download goes on where the network broke it off.
func TestBrokenDownload(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	var broken atomic.Int64
	px := proxy{after: func(r *http.Response) error {
		if isRead(r.Request) && r.ContentLength > 1<<20 && broken.Add(1) <= 2 {
			r.Body = io.NopCloser(io.LimitReader(r.Body, 500_000)) // less than it says
		}
		return nil
	}}
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
	if broken.Load() < 2 {
		t.Errorf("the range was broken %d times, want 2", broken.Load())
	}
}

// What is cut again and again must not look like the end.
func TestDownloadThatNeverGoesOn(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	var asked atomic.Int64
	px := proxy{after: func(r *http.Response) error {
		if isRead(r.Request) && r.ContentLength > 1 {
			asked.Add(1)
			r.Body = io.NopCloser(strings.NewReader(""))
		}
		return nil
	}}
	s := open(t, options(px.start(t, srv), srv.Bucket(t)))
	if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	got, err := read(t, s, "kind/a")
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(err.Error(), "get kind/a at 0: ") {
		t.Errorf("got %d bytes, %v, want get kind/a at 0: … io.ErrUnexpectedEOF", len(got), err)
	}
	if asked.Load() != 3 {
		t.Errorf("got %d attempts, want 3", asked.Load())
	}
}

// Two halves of two objects are no object.
func TestObjectThatIsReplacedWhileItIsRead(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	bucket := srv.Bucket(t)
	behind := open(t, options(srv, bucket))
	var px proxy
	px.after = func(r *http.Response) error {
		if isRead(r.Request) && px.cuts.Add(1) == 1 {
			if err := behind.Delete(t.Context(), "kind/a"); err != nil {
				t.Error(err)
			}
			if err := putZeros(t.Context(), behind, "kind/a", large); err != nil {
				t.Error(err)
			}
			r.Body = io.NopCloser(io.LimitReader(r.Body, 500))
		}
		return nil
	}
	s := open(t, options(px.start(t, srv), bucket))
	if err := s.Put(t.Context(), "kind/a", strings.NewReader(strings.Repeat("x", large)), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	got, err := read(t, s, "kind/a")
	if len(got) != 500 || err == nil || err.Error() != "get kind/a at 500: the object was replaced while it was read" {
		t.Errorf("got %d bytes, %v, want 500, and that the object was replaced", len(got), err)
	}
}

// The SDK compares the whole object with its checksum.
func TestBytesThatChanged(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	px := proxy{after: func(r *http.Response) error {
		if isRead(r.Request) {
			_, _ = r.Body.Read(make([]byte, 1))
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("x"), r.Body))
		}
		return nil
	}}
	s := open(t, options(px.start(t, srv), srv.Bucket(t)))
	if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, s, "kind/a"); err == nil || !strings.Contains(err.Error(), "bad CRC") {
		t.Errorf("got %v, want a bad CRC", err)
	}
}
