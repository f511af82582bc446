package azblob_test

import (
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
