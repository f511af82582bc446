package azblob_test

import (
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func TestTiersAreSentAndListed(t *testing.T) {
	t.Parallel()
	s := open(t, options(server, server.Container(t)))
	for _, class := range []string{"", "Hot", "Cool", "Cold", "Archive"} {
		for _, size := range []int64{small, large} {
			key := "kind/" + class + map[int64]string{small: "small", large: "large"}[size]
			want := class
			if class == "" {
				want = "Hot" // the server's own
			}
			if err := s.Put(t.Context(), key, zeros(size), storage.PutOptions{Class: class}); err != nil {
				t.Errorf("%s: %v", key, err)
			}
			for o, err := range s.List(t.Context(), key) {
				if err != nil || o.Class != want {
					t.Errorf("%s: listed as %q, %v, want %s", key, o.Class, err, want)
				}
			}
			got, err := s.Temperature(t.Context(), key)
			if err != nil || got.Class != want || got.Cold != (class == "Archive") || got.Thawing || !got.Until.IsZero() {
				t.Errorf("%s: got %+v, %v, want %s", key, got, err, want)
			}
			if cold := len(got.Tiers) > 0; cold != got.Cold {
				t.Errorf("%s: got the tiers %v", key, got.Tiers)
			}
		}
	}
	err := s.Put(t.Context(), "kind/odd", zeros(small), storage.PutOptions{Class: "Lukewarm"})
	if err == nil || !strings.Contains(err.Error(), "InvalidHeaderValue") {
		t.Errorf("a class that nobody knows: got %v", err)
	}
}

func TestThaw(t *testing.T) {
	t.Parallel()
	var priority, tier atomic.Value
	px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("comp") == "tier" {
			priority.Store(r.Header.Get("X-Ms-Rehydrate-Priority"))
			tier.Store(r.Header.Get("X-Ms-Access-Tier"))
		}
		return false
	}}
	s := open(t, options(px.start(t, server), server.Container(t)))
	for _, way := range []string{"", "Standard", "High"} {
		key := "kind/" + way + "-"
		if err := s.Put(t.Context(), key, zeros(small), storage.PutOptions{Class: "Archive"}); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{
			func() error { _, err := s.Get(t.Context(), key); return err }(),
			func() error { _, err := s.GetRange(t.Context(), key, 1, 1); return err }(),
		} {
			if !errors.Is(err, storage.ErrCold) || hint.Of(err) != "vapora-backup thaw ID" || !strings.HasSuffix(err.Error(), "the object is in cold storage") {
				t.Errorf("get: got %v (%s), want storage.ErrCold", err, hint.Of(err))
			}
		}
		before, err := s.Temperature(t.Context(), key)
		want := []storage.ThawTier{{Name: "Standard", Within: 15 * time.Hour}, {Name: "High", Within: time.Hour}}
		if err != nil || !before.Cold || !slices.Equal(before.Tiers, want) {
			t.Errorf("got %+v, %v, want cold, and %v", before, err, want)
		}
		if err := s.Thaw(t.Context(), key, "Bulk", 3); err == nil || !strings.Contains(err.Error(), `knows no tier "Bulk"`) {
			t.Errorf("another store's tier: got %v", err)
		}
		if err := s.Thaw(t.Context(), key, way, 3); err != nil {
			t.Errorf("thaw: %v", err)
		}
		asked := way
		if way == "" {
			asked = "Standard"
		}
		if priority.Load() != asked || tier.Load() != "Cool" {
			t.Errorf("got priority %v and tier %v, want %s and Cool", priority.Load(), tier.Load(), asked)
		}
		// The server thaws at once.
		if after, err := s.Temperature(t.Context(), key); err != nil || after.Cold || after.Class != "Cool" || after.Tiers != nil {
			t.Errorf("after: got %+v, %v, want Cool", after, err)
		}
		if got, err := read(t, s, key); err != nil || len(got) != small {
			t.Errorf("after: got %d bytes, %v", len(got), err)
		}
		if err := s.Thaw(t.Context(), key, way, 3); err != nil {
			t.Errorf("thaw what is warm: %v", err)
		}
	}
	if err := s.Thaw(t.Context(), "kind/none", "", 3); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("thaw nothing: got %v, want fs.ErrNotExist", err)
	}
	if _, err := s.Temperature(t.Context(), "kind/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("temperature of nothing: got %v, want fs.ErrNotExist", err)
	}
}

// A real one takes hours, while which Azure says so.
func TestThawUnderWay(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	var pending atomic.Bool
	px := proxy{
		before: func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Query().Get("comp") != "tier" {
				return false
			}
			if asked.Add(1); pending.Swap(true) {
				return refuse(w, http.StatusConflict, "BlobBeingRehydrated")
			}
			w.WriteHeader(http.StatusAccepted)
			return true
		},
		after: func(r *http.Response) error {
			if r.Request.Method == http.MethodHead && pending.Load() {
				r.Header.Set("X-Ms-Archive-Status", "rehydrate-pending-to-cool")
			}
			return nil
		},
	}
	name := server.Container(t)
	s := open(t, options(px.start(t, server), name))
	if err := s.Put(t.Context(), "kind/a", zeros(small), storage.PutOptions{Class: "Archive"}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Thaw(t.Context(), "kind/a", "", 3); err != nil {
			t.Error(err)
		}
		got, err := s.Temperature(t.Context(), "kind/a")
		if err != nil || !got.Cold || !got.Thawing || got.Class != "Archive" {
			t.Errorf("got %+v, %v, want cold and thawing", got, err)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times, want once", asked.Load())
	}
	// Two who ask at once: the second one hears that it is under way.
	rival := open(t, options((&proxy{
		before: px.before,
		after: func(r *http.Response) error {
			r.Header.Del("X-Ms-Archive-Status")
			return nil
		},
	}).start(t, server), name))
	if err := rival.Thaw(t.Context(), "kind/a", "", 3); err != nil || asked.Load() != 2 {
		t.Errorf("a rival: got %v after %d, want nil after 2", err, asked.Load())
	}
}
