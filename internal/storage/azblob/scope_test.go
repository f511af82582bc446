package azblob_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

const headerScope = "X-Ms-Encryption-Scope"

// A server that ignores the wish, as this one does, keeps nothing: a small
// object is removed again, a large one never made.
func TestScopeThatIsDroppedIsRefused(t *testing.T) {
	t.Parallel()
	name := server.Container(t)
	var commits atomic.Int64
	px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
		if isCommit(r) {
			commits.Add(1)
		}
		return false
	}}
	o := options(px.start(t, server), name)
	o.Scopes = map[string]string{"": "secret-place"}
	for _, size := range []int64{0, small, large} {
		err := putZeros(t.Context(), open(t, o), "kind/a", size)
		want := "put kind/a: asked for encryption scope secret-place, the server confirmed none"
		if err == nil || err.Error() != want || hint.Of(err) == "" {
			t.Errorf("%d bytes: got %v, want %s", size, err, want)
		}
		wantNothing(t, name)
	}
	if n := commits.Load(); n != 0 {
		t.Errorf("%d objects were made of blocks, want none", n)
	}
}

func TestScopeByKind(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	got := map[string]int{}
	px := proxy{after: func(r *http.Response) error {
		if r.Request.Method == http.MethodPut {
			scope := r.Request.Header.Get(headerScope)
			r.Header.Set(headerScope, scope)
			mu.Lock()
			got[scope]++
			mu.Unlock()
		}
		return nil
	}}
	o := options(px.start(t, server), server.Container(t))
	o.Scopes = map[string]string{"database": "for-databases", "": "for-the-rest"}
	s := open(t, o)
	for key, size := range map[string]int64{"kind/small": small, "kind/large": large} { // 1 and 5 requests
		for _, kind := range []string{"database", "cluster", ""} {
			if err := s.Put(t.Context(), key+kind, zeros(size), storage.PutOptions{Kind: kind}); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
	if len(got) != 2 || got["for-databases"] != 6 || got["for-the-rest"] != 12 {
		t.Errorf("got %v, want 6 and 12 requests", got)
	}
}

// A server that encrypts, but elsewhere, or not to the end.
func TestScopeThatIsNotTheOneAskedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		when  func(*http.Request) bool
		sizes []int64
	}{
		"always":     {func(*http.Request) bool { return true }, []int64{small, large}},
		"in the end": {isCommit, []int64{large}},
	} {
		for _, size := range test.sizes {
			container := server.Container(t)
			px := proxy{after: func(r *http.Response) error {
				r.Header.Set(headerScope, r.Request.Header.Get(headerScope))
				if test.when(r.Request) {
					r.Header.Set(headerScope, "another")
				}
				return nil
			}}
			o := options(px.start(t, server), container)
			o.Scopes = map[string]string{"": "mine"}
			err := putZeros(t.Context(), open(t, o), "kind/a", size)
			if err == nil || !strings.Contains(err.Error(), "asked for encryption scope mine, the server confirmed another") {
				t.Errorf("%s, %d bytes: got %v", name, size, err)
			}
			wantNothing(t, container)
		}
	}
}

// Where the answer was lost, the object itself says where it is encrypted.
func TestScopeAfterALostAnswer(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{"mine": "", "": "the server confirmed none"} {
		for _, size := range []int64{small, large} {
			name := server.Container(t)
			var px proxy
			px.after = func(r *http.Response) error {
				if (isSingle(r.Request) || isCommit(r.Request)) && px.cuts.Load() == 0 {
					return errors.New("lost")
				}
				if r.Header.Set(headerScope, "mine"); r.Request.Method == http.MethodHead {
					r.Header.Set(headerScope, said)
				}
				return nil
			}
			o := options(px.start(t, server), name)
			o.Scopes = map[string]string{"": "mine"}
			err := putZeros(t.Context(), open(t, o), "kind/a", size)
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("said %q, %d bytes: got %v, want %q", said, size, err, want)
			}
			if err != nil {
				wantNothing(t, name)
			}
		}
	}
}
