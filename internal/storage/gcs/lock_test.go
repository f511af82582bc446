package gcs_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/gcstest"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func TestLockIsConfirmed(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	// This server drops the retention of a resumable upload whose beginning names
	// the bucket in its body, as the SDK's does, beside the URL.
	px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("uploadType") == "resumable" && r.Header.Get("Content-Range") == "" {
			body, err := editJSON(r.Body, func(o map[string]any) { delete(o, "bucket") })
			if err != nil {
				t.Error(err)
			}
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
		return false
	}}
	s := open(t, options(px.start(t, srv), srv.Bucket(t)))
	until := time.Now().Add(time.Hour).UTC()
	for key, mode := range map[string]storage.LockMode{"kind/a": storage.Governance, "kind/b": storage.Compliance} {
		for ext, size := range map[string]int64{"": small, "-large": large} {
			lock := storage.Lock{Mode: mode, Until: until}
			if err := s.Put(t.Context(), key+ext, zeros(size), storage.PutOptions{Lock: lock}); err != nil {
				t.Error(err)
				continue
			}
			p, err := s.Protection(t.Context(), key+ext)
			if err != nil || p.Hold || p.Lock.Mode != mode || p.Lock.Until.Before(until) || p.Lock.Until.After(until.Add(time.Second)) {
				t.Errorf("%s%s: got %v, %v, want %v", key, ext, p, err, lock)
			}
		}
	}
	if err := putZeros(t.Context(), s, "kind/c", small); err != nil {
		t.Fatal(err)
	}
	if p, err := s.Protection(t.Context(), "kind/c"); err != nil || p != (storage.Protection{}) {
		t.Errorf("not locked: got %v, %v", p, err)
	}
	if _, err := s.Protection(t.Context(), "kind/d"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: got %v, want fs.ErrNotExist", err)
	}
}

// A lock that is not confirmed as it was asked for is none.
func TestLockThatIsNotConfirmedIsRefused(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	until := time.Now().Add(time.Hour).UTC()
	lock := storage.Lock{Mode: storage.Compliance, Until: until}
	asked := "put kind/a: asked for a lock, " + lock.String() + ", the server confirmed "
	retention := func(mode string, until time.Time) map[string]any {
		return map[string]any{"mode": mode, "retainUntilTime": until.Format(time.RFC3339Nano)}
	}
	for want, retention := range map[string]any{
		asked + "none": nil,
		asked + "governance until " + until.Format(time.RFC3339): retention("Unlocked", until),
		asked + "compliance until ":                              retention("Locked", until.Add(-time.Minute)),
	} {
		for _, size := range []int64{small, large} {
			bucket := srv.Bucket(t)
			s := open(t, options(confirming("retention", retention).start(t, srv), bucket))
			err := s.Put(t.Context(), "kind/a", zeros(size), storage.PutOptions{Lock: lock})
			if !errors.Is(err, storage.ErrNoLock) || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%d bytes: got %v, want %s", size, err, want)
			}
			wantNothing(t, srv, bucket)
		}
	}
}

// Google's answer where the bucket was made without object retention.
func TestBucketWithoutRetention(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	bucket := srv.Bucket(t)
	px := proxy{before: func(w http.ResponseWriter, r *http.Request) bool {
		return strings.HasPrefix(r.URL.Path, "/upload/") &&
			refuse(w, r, http.StatusBadRequest, "invalid", "Object retention is not enabled on the bucket.")
	}}
	s := open(t, options(px.start(t, srv), bucket))
	lock := storage.Lock{Mode: storage.Governance, Until: time.Now().Add(time.Hour)}
	for _, size := range []int64{small, large} {
		err := s.Put(t.Context(), "kind/a", zeros(size), storage.PutOptions{Lock: lock})
		if !errors.Is(err, storage.ErrNoLock) || err.Error() != "put kind/a: bucket "+bucket+": cannot lock objects" || hint.Of(err) == "" {
			t.Errorf("got %v, want storage.ErrNoLock with a hint", err)
		}
	}
}

func TestCheckLock(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	bucket := srv.Bucket(t)
	s := open(t, options(srv, bucket))
	if err := s.CheckLock(t.Context()); !errors.Is(err, storage.ErrNoLock) || hint.Of(err) == "" {
		t.Errorf("got %v, want storage.ErrNoLock with a hint", err)
	}
	px := proxy{after: func(r *http.Response) error {
		return edit(r, func(b map[string]any) { b["objectRetention"] = map[string]any{"mode": "Enabled"} })
	}}
	if err := open(t, options(px.start(t, srv), bucket)).CheckLock(t.Context()); err != nil {
		t.Errorf("a bucket with object retention: %v", err)
	}
	err := open(t, options(srv, "no-such-bucket")).CheckLock(t.Context())
	if err == nil || errors.Is(err, storage.ErrNoLock) || !strings.Contains(err.Error(), `bucket "no-such-bucket" does not exist`) {
		t.Errorf("got %v, want that the bucket does not exist", err)
	}
}

// A bucket's own policy keeps its objects too.
func TestRetentionPolicyOfTheBucket(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	px := proxy{after: func(r *http.Response) error {
		return edit(r, func(o map[string]any) { o["retentionExpirationTime"] = until.Format(time.RFC3339) })
	}}
	s := open(t, options(px.start(t, srv), srv.Bucket(t)))
	if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	want := storage.Lock{Mode: storage.Governance, Until: until}
	if p, err := s.Protection(t.Context(), "kind/a"); err != nil || p.Lock != want {
		t.Errorf("got %v, %v, want %v", p, err, want)
	}
}
