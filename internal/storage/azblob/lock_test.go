package azblob_test

import (
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// The server takes wishes for locks without a word, and refuses holds with 501.
func TestServerWithoutLocks(t *testing.T) {
	t.Parallel()
	name := server.Container(t)
	s := open(t, options(server, name))
	lock := storage.Lock{Mode: storage.Compliance, Until: time.Now().Add(time.Hour)}
	if err := putZeros(t.Context(), s, "kind/here", small); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"put":        s.Put(t.Context(), "kind/a", zeros(small), storage.PutOptions{Lock: lock}),
		"put blocks": s.Put(t.Context(), "kind/b", zeros(large), storage.PutOptions{Lock: lock}),
		"hold":       s.Hold(t.Context(), "kind/here", true),
		"check":      s.CheckLock(t.Context()),
	} {
		if !errors.Is(err, storage.ErrNoLock) || !strings.Contains(hint.Of(err), "version-level immutability") {
			t.Errorf("%s: got %v (%s), want storage.ErrNoLock", what, err, hint.Of(err))
		}
	}
	if p, err := s.Protection(t.Context(), "kind/here"); err != nil || p != (storage.Protection{}) {
		t.Errorf("got %v, %v, want none", p, err)
	}
	if err := s.Delete(t.Context(), "kind/here"); err != nil {
		t.Error(err)
	}
	wantNothing(t, name)
}

func TestLocks(t *testing.T) {
	t.Parallel()
	s := open(t, options(new(worm).proxy().start(t, server), server.Container(t)))
	if err := s.CheckLock(t.Context()); err != nil {
		t.Error(err)
	}
	until := time.Now().Add(time.Hour)
	for key, size := range map[string]int64{"kind/small": small, "kind/large": large} {
		for _, mode := range []storage.LockMode{storage.Governance, storage.Compliance} {
			key := key + string(mode)
			if err := s.Put(t.Context(), key, zeros(size), storage.PutOptions{Lock: storage.Lock{Mode: mode, Until: until}}); err != nil {
				t.Errorf("%s: %v", key, err)
			}
			p, err := s.Protection(t.Context(), key)
			if err != nil || p.Hold || p.Lock.Mode != mode || p.Lock.Until.Before(until) || p.Lock.Until.Sub(until) > time.Second {
				t.Errorf("%s: got %v, %v, want %s until %v", key, p, err, mode, until)
			}
			if err := s.Delete(t.Context(), key); !errors.Is(err, storage.ErrLocked) || !strings.Contains(err.Error(), "locked, "+string(mode)+" until") {
				t.Errorf("%s: delete: got %v, want storage.ErrLocked", key, err)
			}
			if err := s.Put(t.Context(), key, zeros(size), storage.PutOptions{}); !errors.Is(err, fs.ErrExist) {
				t.Errorf("%s: put again: got %v, want fs.ErrExist", key, err)
			}
		}
	}
	if _, err := s.Protection(t.Context(), "kind/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("protection of nothing: got %v, want fs.ErrNotExist", err)
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	var w worm
	name := server.Container(t)
	s := open(t, options(w.proxy().start(t, server), name))
	if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Hold(t.Context(), "kind/a", true); err != nil {
			t.Error(err)
		}
	}
	if p, err := s.Protection(t.Context(), "kind/a"); err != nil || !p.Hold || !p.Lock.IsZero() {
		t.Errorf("got %v, %v, want a hold", p, err)
	}
	if err := s.Delete(t.Context(), "kind/a"); !errors.Is(err, storage.ErrLocked) {
		t.Errorf("delete: got %v, want storage.ErrLocked", err)
	}
	// Where only the server knows, as the credentials may not read.
	blind := open(t, options((&proxy{before: func(rw http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodHead {
			return refuse(rw, http.StatusForbidden, "AuthorizationPermissionMismatch")
		}
		return w.before(rw, r)
	}}).start(t, server), name))
	if err := blind.Delete(t.Context(), "kind/a"); !errors.Is(err, storage.ErrLocked) || !strings.Contains(err.Error(), "locked: The reason.") {
		t.Errorf("delete, by the server's word: got %v, want storage.ErrLocked", err)
	}
	if err := s.Hold(t.Context(), "kind/a", false); err != nil {
		t.Error(err)
	}
	if err := s.Delete(t.Context(), "kind/a"); err != nil {
		t.Error(err)
	}
}

// What the server confirms must be what was asked for.
func TestLockThatIsNotConfirmed(t *testing.T) {
	t.Parallel()
	lock := storage.Lock{Mode: storage.Compliance, Until: time.Now().Add(time.Hour)}
	for name, test := range map[string]struct {
		worm *worm
		want string
		left bool // the server keeps it
	}{
		"nothing":  {&worm{change: func(h http.Header) { h.Del(headerUntil) }}, "the server confirmed none", true},
		"a mode":   {&worm{change: func(h http.Header) { h.Set(headerMode, "unlocked") }}, "the server confirmed governance until", true},
		"too soon": {&worm{change: func(h http.Header) { h.Set(headerUntil, lock.Until.Add(-time.Minute).UTC().Format(http.TimeFormat)) }}, "the server confirmed compliance until", true},
		"over":     {&worm{change: func(h http.Header) { h.Set(headerUntil, "Tue, 24 Nov 2020 10:00:00 GMT") }}, "the server confirmed none", true},
		"refused":  {&worm{refusal: "SomethingOfAzures"}, "SomethingOfAzures: The reason. (status 409)", false},
	} {
		container := server.Container(t)
		s := open(t, options(test.worm.proxy().start(t, server), container))
		for key, size := range map[string]int64{"kind/a": small, "kind/b": large} {
			err := s.Put(t.Context(), key, zeros(size), storage.PutOptions{Lock: lock})
			if err == nil || !strings.Contains(err.Error(), test.want) || test.left != errors.Is(err, storage.ErrNoLock) {
				t.Errorf("%s: got %v, want … %s", name, err, test.want)
			}
			if test.left && !strings.Contains(err.Error(), "remove the object again: locked") {
				t.Errorf("%s: got %v, want what became of the object", name, err)
			}
		}
		if !test.left {
			wantNothing(t, container)
		}
	}
}

// Where a refusal does not say that the place cannot lock, the place does.
func TestLockThatIsRefusedByAContainerWithoutSupport(t *testing.T) {
	t.Parallel()
	name := server.Container(t)
	w := worm{refusal: "SomethingOfAzures"}
	px := w.proxy()
	px.after = nil // does not say that it has support
	s := open(t, options(px.start(t, server), name))
	for _, size := range []int64{small, large} {
		err := s.Put(t.Context(), "kind/a", zeros(size), storage.PutOptions{Lock: storage.Lock{Mode: storage.Governance, Until: time.Now().Add(time.Hour)}})
		if !errors.Is(err, storage.ErrNoLock) {
			t.Errorf("got %v, want storage.ErrNoLock", err)
		}
	}
	wantNothing(t, name)
}
