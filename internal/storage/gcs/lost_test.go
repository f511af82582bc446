package gcs_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/gcstest"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage/gcs"
)

// The server stores the object, and its answer is lost: the second attempt
// hears that the object exists, or that there is no such upload, which is no
// reason to call the Put failed.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	for _, size := range []int64{small, large} {
		bucket := srv.Bucket(t)
		var px proxy
		px.after = func(r *http.Response) error {
			if isLast(r.Request) && px.cuts.Load() == 0 {
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
}

// The answer to a part is lost, and the part sent again. Google passes over
// what it has; this server stores it twice, which must not become an object.
func TestLostAnswerToAPart(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	for _, likeGoogle := range []bool{true, false} {
		bucket := srv.Bucket(t)
		var px proxy
		px.before = func(w http.ResponseWriter, r *http.Request) bool {
			again := likeGoogle && px.cuts.Load() > 0 && isPart(r, gcs.PartUnit)
			if again {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("X-Http-Status-Code-Override", "308")
			}
			return again
		}
		px.after = func(r *http.Response) error {
			if isPart(r.Request, gcs.PartUnit) && px.cuts.Load() == 0 {
				return errors.New("lost")
			}
			return nil
		}
		s := open(t, options(px.start(t, srv), bucket))
		err := putZeros(t.Context(), s, "kind/a", large)
		if likeGoogle {
			if got, rerr := read(t, s, "kind/a"); err != nil || rerr != nil || len(got) != large {
				t.Errorf("got %d bytes, %v, %v, want %d", len(got), err, rerr, large)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "sent 787432 bytes with the CRC32C ") {
			t.Errorf("a part that is stored twice: got %v, want sent 787432 bytes …", err)
		}
		wantNothing(t, srv, bucket)
	}
}

// The last request is under way when the Put is cancelled: whatever Put says of
// it is so, also where the server takes its time and does not see that it is
// cut off.
func TestCancelledWhileTheLastRequestIsUnderWay(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	for _, size := range []int64{small, large} {
		bucket := srv.Bucket(t)
		ctx, cancel := context.WithCancel(t.Context())
		px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
			if isLast(r) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				*r = *r.WithContext(context.WithoutCancel(r.Context()))
				r.Body = io.NopCloser(bytes.NewReader(body))
				cancel()
				time.Sleep(100 * time.Millisecond)
			}
			return false
		}}
		err := putZeros(ctx, open(t, options(px.start(t, srv), bucket)), "kind/a", size)
		names, lerr := srv.Objects(t.Context(), bucket)
		if err != nil || lerr != nil || len(names) != 1 {
			t.Errorf("%d bytes: got %v, and %v, %v lie there, want the object and no error", size, err, names, lerr)
		}
		cancel()
	}
}

// Credentials that can only create cannot see whose the object is.
func TestLostAnswerThatCannotBeSettled(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	px := proxy{before: func(w http.ResponseWriter, r *http.Request) bool {
		return r.Method == http.MethodGet && refuse(w, r, http.StatusForbidden, "forbidden", "No.")
	}}
	px.after = func(r *http.Response) error {
		if isLast(r.Request) && px.cuts.Load() == 0 {
			return errors.New("lost")
		}
		return nil
	}
	s := open(t, options(px.start(t, srv), srv.Bucket(t)))
	err := putZeros(t.Context(), s, "kind/a", small)
	if !errors.Is(err, fs.ErrExist) || !strings.Contains(hint.Of(err), "an answer was lost") {
		t.Errorf("got %v (%s), want fs.ErrExist and that an answer was lost", err, hint.Of(err))
	}
	if err := putZeros(t.Context(), s, "kind/a", small); !errors.Is(err, fs.ErrExist) || hint.Of(err) != "" {
		t.Errorf("again: got %v (%s), want fs.ErrExist", err, hint.Of(err))
	}
}
