package s3test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// SlowThaw has moto, which else thaws at once, say of what is thawed from now
// on that it still goes on, for so many looks at the object.
func (s *Server) SlowThaw(t testing.TB, looks int) {
	t.Helper()
	body := fmt.Sprintf(`{"model_name": "s3::keyrestore", "transition": {"progression": "manual", "times": %d}}`, looks)
	resp, err := http.Post(s.Endpoint+"/moto-api/state-manager/set-transition", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated && resp.StatusCode != http.StatusOK {
		t.Fatalf("have thawing take its time: %s", resp.Status)
	}
}
