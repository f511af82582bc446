package azblob_test

import (
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"sync"
	"testing"
)

// In an account with versions, the version goes; without the right to that, the
// object does.
func TestDeleteVersions(t *testing.T) {
	t.Parallel()
	const version = "2026-11-24T10:00:00.0000000Z"
	for allowed, want := range map[bool][]string{true: {version}, false: {version, ""}} {
		var mu sync.Mutex
		var deleted []string
		px := proxy{
			before: func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodDelete {
					return false
				}
				mu.Lock()
				defer mu.Unlock()
				q := r.URL.Query()
				deleted = append(deleted, q.Get("versionid"))
				if q.Has("versionid") && !allowed {
					return refuse(w, http.StatusForbidden, "AuthorizationPermissionMismatch")
				}
				q.Del("versionid") // the server knows none
				r.URL.RawQuery = q.Encode()
				return false
			},
			after: func(r *http.Response) error {
				if r.Request.Method == http.MethodHead {
					r.Header.Set("X-Ms-Version-Id", version)
				}
				return nil
			},
		}
		name := server.Container(t)
		o := options(px.start(t, server), name)
		o.AccountKey, o.SASToken = "", server.SAS(t, name, "rcwd") // no signature over the query
		s := open(t, o)
		if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(t.Context(), "kind/a"); err != nil {
			t.Errorf("allowed %v: %v", allowed, err)
		}
		if !slices.Equal(deleted, want) {
			t.Errorf("allowed %v: deleted %q, want %q", allowed, deleted, want)
		}
		wantNothing(t, name)
	}
}

func TestDeleteWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	var px proxy
	px.after = func(r *http.Response) error {
		if r.Request.Method == http.MethodDelete && px.cuts.Load() == 0 {
			return errors.New("lost")
		}
		return nil
	}
	name := server.Container(t)
	s := open(t, options(px.start(t, server), name))
	if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "kind/a"); err != nil || px.cuts.Load() != 1 {
		t.Errorf("got %v after %d lost answers, want nil after one", err, px.cuts.Load())
	}
	if err := s.Delete(t.Context(), "kind/a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("again: got %v, want fs.ErrNotExist", err)
	}
	wantNothing(t, name)
}

// Another object that is put in between is not the one that was to be deleted.
func TestReplacedWhileDeleted(t *testing.T) {
	t.Parallel()
	name := server.Container(t)
	px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodDelete {
			if _, err := behind(t, name).NewBlockBlobClient("kind/a").UploadBuffer(r.Context(), []byte("another"), nil); err != nil {
				t.Error(err)
			}
		}
		return false
	}}
	s := open(t, options(px.start(t, server), name))
	if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "kind/a"); err == nil || err.Error() != "delete kind/a: the object was replaced meanwhile" {
		t.Errorf("got %v, want … was replaced meanwhile", err)
	}
	if got, err := read(t, s, "kind/a"); err != nil || string(got) != "another" {
		t.Errorf("got %q, %v, want the other one", got, err)
	}
}
