package s3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func locked() storage.PutOptions {
	return storage.PutOptions{Lock: storage.Lock{Mode: storage.Compliance, Until: time.Now().Add(time.Hour)}}
}

func TestLockInABucketWithoutIsRefused(t *testing.T) {
	t.Parallel()
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO, s3test.Moto} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			for _, bucket := range []string{srv.Bucket(t), srv.VersionedBucket(t)} {
				s := open(t, options(srv, bucket))
				for _, size := range []int64{0, small, large} {
					err := s.Put(t.Context(), fmt.Sprint("kind/", size), zeros(size), locked())
					if !errors.Is(err, storage.ErrNoLock) || hint.Of(err) == "" {
						t.Errorf("%d bytes: got %v, want ErrNoLock with a hint", size, err)
					}
					wantNothing(t, srv, bucket)
				}
				if p == s3test.Moto {
					continue // of the rest it knows nothing without a lock
				}
				if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
					t.Fatal(err)
				}
				if err := s.Hold(t.Context(), "kind/a", true); !errors.Is(err, storage.ErrNoLock) {
					t.Errorf("hold: got %v, want ErrNoLock", err)
				}
				if got, err := s.Protection(t.Context(), "kind/a"); err != nil || got != (storage.Protection{}) {
					t.Errorf("got %v, %v, want no protection", got, err)
				}
			}
		})
	}
}

// The server never hears of the lock, and has an object without one. Whatever
// it then answers but a lock as long as the one asked for, nothing stays.
func TestLockThatIsDroppedIsRefused(t *testing.T) {
	t.Parallel()
	answer := func(mode string, until time.Time) string {
		return "<Retention><Mode>" + mode + "</Mode><RetainUntilDate>" + until.UTC().Format(time.RFC3339) + "</RetainUntilDate></Retention>"
	}
	later := time.Now().Add(2 * time.Hour)
	for _, test := range []struct {
		name   string
		status int // 0: the server's own answer
		body   string
		want   string
	}{
		{"the server's own answer", 0, "", "the server confirmed none"},
		{"an empty lock", 200, "<Retention/>", "the server confirmed none"},
		{"shorter", 200, answer("COMPLIANCE", time.Now().Add(time.Hour-10*time.Second)), "the server confirmed compliance until "},
		{"weaker", 200, answer("GOVERNANCE", later), "the server confirmed governance until "},
		{"of a mode that nobody knows", 200, answer("NOBLE", later), "the server confirmed none"},
		{"a server that knows no locks", 501, "<Error><Code>NotImplemented</Code></Error>", "cannot lock objects"},
		{"no right to ask", 403, "<Error><Code>AccessDenied</Code></Error>", "the server did not confirm the lock: access denied"},
		{"rubbish", 200, "<", "the server did not confirm the lock: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, s3test.Versitygw)
			bucket := srv.LockedBucket(t)
			px := proxy{before: func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Query().Has("retention") && test.status != 0 {
					w.WriteHeader(test.status)
					_, _ = io.WriteString(w, test.body)
					return true
				}
				dropLock(t, r, srv)
				return false
			}}
			o := options(px.start(t, srv), bucket)
			o.Attempts = 1
			s := open(t, o)
			for _, size := range []int64{small, large} {
				err := s.Put(t.Context(), fmt.Sprint("kind/", size), zeros(size), locked())
				if !errors.Is(err, storage.ErrNoLock) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "remove") {
					t.Errorf("%d bytes: got %v, want ErrNoLock, … %s", size, err, test.want)
				}
				wantNothing(t, srv, bucket)
			}
		})
	}
}

// A Put whose context ends when the object is there, and locked, cannot be
// undone: it is rather known to have succeeded.
func TestLockIsConfirmedAfterTheEnd(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{small, large} {
		srv := s3test.Start(t, s3test.Versitygw)
		ctx, cancel := context.WithCancel(t.Context())
		px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
			if r.URL.Query().Has("retention") {
				cancel()
			}
			return false
		}}
		s := open(t, options(px.start(t, srv), srv.LockedBucket(t)))
		if err := s.Put(ctx, "kind/a", zeros(size), locked()); err != nil {
			t.Errorf("%d bytes: got %v", size, err)
		}
		wantLocked(t, s, "kind/a", make([]byte, size))
	}
}

// dropLock takes the wish for a lock out of a request and signs it again.
func dropLock(t *testing.T, r *http.Request, srv *s3test.Server) {
	const mode, until = "X-Amz-Object-Lock-Mode", "X-Amz-Object-Lock-Retain-Until-Date"
	if r.Header.Get(mode) == "" {
		return
	}
	r.Header.Del(mode)
	r.Header.Del(until)
	who := aws.Credentials{AccessKeyID: srv.AccessKey, SecretAccessKey: srv.SecretKey}
	err := v4.NewSigner().SignHTTP(r.Context(), who, r, r.Header.Get("X-Amz-Content-Sha256"), "s3", srv.Region, time.Now())
	if err != nil {
		t.Error(err)
	}
}
