package notify

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// A redirect is followed nowhere: what comes there would be no event, with a secret.
func TestRedirect(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		other := newFake(t)
		var asked atomic.Int64
		from := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			http.Redirect(w, r, other.URL+"/else", status)
		}))
		t.Cleanup(from.Close)
		for _, kind := range []string{Slack, Webhook, Ping} {
			asked.Store(0)
			err := Receiver{Name: "ops", Type: kind, URL: from.URL + "/s3cret"}.Send(t.Context(), failed)
			if err == nil || !strings.Contains(err.Error(), "give the final URL") || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%d to %s: got %v, want that it redirects", status, kind, err)
			}
			if asked.Load() != 1 || len(other.paths) != 0 {
				t.Errorf("%d to %s: got %d tries, and %q elsewhere, want one try", status, kind, asked.Load(), other.paths)
			}
		}
	}
}
