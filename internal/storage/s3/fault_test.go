package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

const (
	small = 1000
	large = 3*s3.MinPartSize + 1000
)

// A server that drops each connection in the middle of a part: the Put fails,
// and neither an object nor parts stay.
func TestConnectionResetDuringUpload(t *testing.T) {
	t.Parallel()
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			bucket := srv.Bucket(t)
			var px proxy
			px.before = func(w http.ResponseWriter, r *http.Request) bool {
				return r.URL.Query().Get("partNumber") == "2" && px.cutAfter(w, r, 100_000)
			}
			o := options(px.start(t, srv), bucket)
			o.Attempts = 2
			err := putZeros(t.Context(), open(t, o), "kind/a", large)
			if err == nil || !strings.Contains(err.Error(), "put kind/a: ") {
				t.Errorf("got %v, want an error", err)
			}
			if px.cuts.Load() != 2 {
				t.Errorf("got %d attempts, want 2", px.cuts.Load())
			}
			wantNothing(t, srv, bucket)
		})
	}
}

// One break is no failure: the part is sent again.
func TestConnectionResetOnce(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Versitygw)
	bucket := srv.Bucket(t)
	var px proxy
	px.before = func(w http.ResponseWriter, r *http.Request) bool {
		return r.URL.Query().Get("partNumber") == "2" && px.cuts.Load() == 0 && px.cutAfter(w, r, 100_000)
	}
	s := open(t, options(px.start(t, srv), bucket))
	data := bytes.Repeat([]byte("0123456789"), large/10)
	if err := s.Put(t.Context(), "kind/a", bytes.NewReader(data), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, s, "kind/a"); err != nil || !bytes.Equal(got, data) {
		t.Errorf("got %d bytes, %v, want %d", len(got), err, len(data))
	}
}

// The server stores the object, and its answer is lost: the second attempt
// hears that the object exists, which is no reason to call the Put failed.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			for _, size := range []int64{small, large} {
				bucket := srv.Bucket(t)
				var px proxy
				px.after = func(r *http.Response) error {
					q := r.Request.URL.Query()
					put := r.Request.Method == http.MethodPut && !q.Has("partNumber")
					complete := r.Request.Method == http.MethodPost && q.Has("uploadId")
					if (put || complete) && px.cuts.Load() == 0 {
						_, _ = io.Copy(io.Discard, r.Body)
						return errors.New("lost")
					}
					return nil
				}
				s := open(t, options(px.start(t, srv), bucket))
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
		})
	}
}

func TestFailedUploadsAreAborted(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.MinIO)
	bucket := srv.Bucket(t)
	s := open(t, options(srv, bucket))
	boom := errors.New("boom")
	err := s.Put(t.Context(), "kind/a", io.MultiReader(zeros(large), failing{boom}), storage.PutOptions{})
	if !errors.Is(err, boom) || err.Error() != "put kind/a: boom" {
		t.Errorf("got %v, want put kind/a: boom", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = s.Put(ctx, "kind/b", io.MultiReader(zeros(large), calling(cancel), zeros(large)), storage.PutOptions{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	wantNothing(t, srv, bucket)
}

func TestSilentServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := open(t, s3.Options{Bucket: "b", Endpoint: "http://" + l.Addr().String(), PathStyle: true,
		AccessKey: "a", SecretKey: "s", Attempts: 1, Silence: 50 * time.Millisecond})
	err = putZeros(t.Context(), s, "kind/a", small)
	if err == nil || !strings.Contains(err.Error(), "i/o timeout") {
		t.Errorf("got %v, want a timeout", err)
	}
}
