package gcs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/gcstest"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// holding makes the server keep holds as Google does: it says so in its
// answers, and refuses to delete with the reason of a missing right.
func holding(t *testing.T, srv *gcstest.Server, eventBased bool) *gcstest.Server {
	var held atomic.Bool
	px := proxy{
		before: func(w http.ResponseWriter, r *http.Request) bool {
			switch r.Method {
			case http.MethodPatch:
				var wish struct{ TemporaryHold bool }
				body, err := io.ReadAll(r.Body)
				if err != nil || json.Unmarshal(body, &wish) != nil || !bytes.Contains(body, []byte("temporaryHold")) {
					t.Errorf("got %s, %v, want a temporaryHold", body, err)
				}
				held.Store(wish.TemporaryHold)
				r.Body = io.NopCloser(bytes.NewReader(body))
			case http.MethodDelete:
				return held.Load() && refuse(w, r, http.StatusForbidden, "forbidden",
					"Object 'b/kind/a' is under active Temporary hold and cannot be deleted, overwritten or archived until hold is removed.")
			}
			return false
		},
		after: func(r *http.Response) error {
			return edit(r, func(o map[string]any) { o["temporaryHold"], o["eventBasedHold"] = held.Load(), eventBased })
		},
	}
	return px.start(t, srv)
}

func TestHold(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	bucket := srv.Bucket(t)
	s := open(t, options(holding(t, srv, false), bucket))
	if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	for _, on := range []bool{true, true, false, false, true} {
		if err := s.Hold(t.Context(), "kind/a", on); err != nil {
			t.Errorf("hold %v: %v", on, err)
		}
		if p, err := s.Protection(t.Context(), "kind/a"); err != nil || p.Hold != on {
			t.Errorf("hold %v: got %v, %v", on, p, err)
		}
	}
	if err := s.Delete(t.Context(), "kind/a"); !errors.Is(err, storage.ErrLocked) {
		t.Errorf("delete: got %v, want storage.ErrLocked", err)
	}
	if got := list(t, s); len(got) != 1 {
		t.Errorf("the object is gone: %v", got)
	}
	if err := s.Hold(t.Context(), "kind/a", false); err != nil {
		t.Error(err)
	}
	if err := s.Delete(t.Context(), "kind/a"); err != nil {
		t.Error(err)
	}
	if err := s.Hold(t.Context(), "kind/a", true); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("hold of what is missing: got %v, want fs.ErrNotExist", err)
	}
}

// This server takes the wish for a hold, and holds nothing.
func TestHoldThatIsNotConfirmedIsRefused(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	bucket := srv.Bucket(t)
	s := open(t, options(srv, bucket))
	if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	if err := s.Hold(t.Context(), "kind/a", true); !errors.Is(err, storage.ErrNoLock) {
		t.Errorf("got %v, want storage.ErrNoLock", err)
	}
	// A hold of another kind is the bucket's own business.
	s = open(t, options(holding(t, srv, true), bucket))
	if err := s.Hold(t.Context(), "kind/a", false); !errors.Is(err, storage.ErrLocked) {
		t.Errorf("event-based hold: got %v, want storage.ErrLocked", err)
	}
}
