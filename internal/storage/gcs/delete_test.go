package gcs_test

import (
	"errors"
	"io/fs"
	"net/http"
	"testing"
	"time"

	vendor "cloud.google.com/go/storage"

	"github.com/vapora-platform/vapora-backup/internal/gcstest"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// What Google answers to a Delete of what is kept, for those who may read the
// object and those who may not.
func TestDeleteOfWhatIsKept(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	for name, test := range map[string]struct {
		reason, message string
		blind, locked   bool
		want            error
	}{
		"retention":        {"retentionPolicyNotMet", "Object 'b/kind/a' is subject to object retention.", false, true, storage.ErrLocked},
		"retention, blind": {"retentionPolicyNotMet", "Object 'b/kind/a' is subject to object retention.", true, true, storage.ErrLocked},
		"hold, blind":      {"forbidden", "Object 'b/kind/a' is under active Event-Based hold and cannot be deleted.", true, false, storage.ErrLocked},
		"by the object":    {"forbidden", "No.", false, true, storage.ErrLocked},
		"no right":         {"forbidden", "x does not have storage.objects.delete access.", false, false, fs.ErrPermission},
		"no right, blind":  {"forbidden", "x does not have storage.objects.delete access.", true, false, fs.ErrPermission},
	} {
		bucket := srv.Bucket(t)
		px := proxy{before: func(w http.ResponseWriter, r *http.Request) bool {
			switch {
			case r.Method == http.MethodDelete:
				return refuse(w, r, http.StatusForbidden, test.reason, test.message)
			case test.blind && r.Method == http.MethodGet:
				return refuse(w, r, http.StatusForbidden, "forbidden", "x does not have storage.objects.get access.")
			}
			return false
		}}
		s := open(t, options(px.start(t, srv), bucket))
		var o storage.PutOptions
		if test.locked {
			o.Lock = storage.Lock{Mode: storage.Governance, Until: time.Now().Add(time.Hour)}
		}
		if err := s.Put(t.Context(), "kind/a", zeros(small), o); err != nil {
			t.Fatal(err)
		}
		err := s.Delete(t.Context(), "kind/a")
		if !errors.Is(err, test.want) || errors.Is(err, storage.ErrLocked) != (test.want == storage.ErrLocked) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
}

// One may delete and not read; a Delete whose answer is lost has taken place.
func TestDelete(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	bucket := srv.Bucket(t)
	blind := proxy{before: func(w http.ResponseWriter, r *http.Request) bool {
		return r.Method == http.MethodGet && refuse(w, r, http.StatusForbidden, "forbidden", "No.")
	}}
	var lossy proxy
	lossy.after = func(r *http.Response) error {
		if r.Request.Method == http.MethodDelete && lossy.cuts.Load() == 0 {
			return errors.New("lost")
		}
		return nil
	}
	for _, px := range []*proxy{&blind, &lossy} {
		s := open(t, options(px.start(t, srv), bucket))
		if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(t.Context(), "kind/a"); err != nil {
			t.Error(err)
		}
		wantNothing(t, srv, bucket)
		if err := s.Delete(t.Context(), "kind/a"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("again: got %v, want fs.ErrNotExist", err)
		}
	}
}

// In a bucket with versions nothing is left that only looks gone.
func TestDeleteInABucketWithVersions(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	bucket := srv.Bucket(t)
	c, err := srv.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Bucket(bucket).Update(t.Context(), vendor.BucketAttrsToUpdate{VersioningEnabled: true}); err != nil {
		t.Fatal(err)
	}
	s := open(t, options(srv, bucket))
	if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "kind/a"); err != nil {
		t.Error(err)
	}
	wantNothing(t, srv, bucket)
}
