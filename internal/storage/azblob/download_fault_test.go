package azblob_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// isDownload is for answers that carry an object.
func isDownload(r *http.Response) bool {
	q := r.Request.URL.Query()
	return r.Request.Method == http.MethodGet && !q.Has("comp") && r.StatusCode < 300
}

// A download goes on where the network broke it off.
func TestBrokenDownload(t *testing.T) {
	t.Parallel()
	var broken atomic.Int64
	px := proxy{after: func(r *http.Response) error {
		if isDownload(r) && r.ContentLength > 1<<20 && broken.Add(1) <= 2 {
			r.Body = io.NopCloser(io.LimitReader(r.Body, 500_000)) // less than it says
		}
		return nil
	}}
	s := open(t, options(px.start(t, server), server.Container(t)))
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
	if n := broken.Load(); n != 2 {
		t.Errorf("the range was broken off %d times, want 2", n)
	}
}

// What goes on must be of the same object.
func TestReplacedWhileRead(t *testing.T) {
	t.Parallel()
	name := server.Container(t)
	var broken atomic.Bool
	px := proxy{after: func(r *http.Response) error {
		if isDownload(r) && broken.CompareAndSwap(false, true) {
			r.Body = io.NopCloser(io.LimitReader(r.Body, 500_000))
			_, err := behind(t, name).NewBlockBlobClient("kind/a").UploadBuffer(t.Context(), make([]byte, large), nil)
			return err
		}
		return nil
	}}
	s := open(t, options(px.start(t, server), name))
	if err := s.Put(t.Context(), "kind/a", bytes.NewReader(bytes.Repeat([]byte("x"), large)), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	got, err := read(t, s, "kind/a")
	if want := "get kind/a at 500000: the object was replaced while it was read"; err == nil || err.Error() != want {
		t.Errorf("got %d bytes, %v, want %s", len(got), err, want)
	}
}

// What is cut again and again must not look like the end.
func TestDownloadThatNeverGoesOn(t *testing.T) {
	t.Parallel()
	px := proxy{after: func(r *http.Response) error {
		if isDownload(r) && r.ContentLength > 1 {
			r.Body = io.NopCloser(strings.NewReader(""))
		}
		return nil
	}}
	s := open(t, options(px.start(t, server), server.Container(t)))
	if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, s, "kind/a"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %d bytes, %v, want io.ErrUnexpectedEOF", len(got), err)
	}
}

// A proxy that knows no ranges must not give other bytes.
func TestRangeThatIsIgnored(t *testing.T) {
	t.Parallel()
	px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
		r.Header.Del("x-ms-range")
		return false
	}}
	name := server.Container(t)
	o := options(px.start(t, server), name)
	o.AccountKey, o.SASToken = "", server.SAS(t, name, "rcw") // no signature over the headers
	s := open(t, o)
	if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	if _, err := s.GetRange(t.Context(), "kind/a", 10, 10); err == nil || !strings.Contains(err.Error(), "asked for bytes from 10, the server sent") {
		t.Errorf("got %v, want asked for bytes from 10, the server sent …", err)
	}
}
