package gcstest_test

import (
	"net/http"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/gcstest"
)

func TestServer(t *testing.T) {
	t.Parallel()
	s, err := gcstest.Launch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bucket := s.Bucket(t)
	if names, err := s.Objects(t.Context(), bucket); err != nil || len(names) != 0 {
		t.Errorf("got %v, %v, want an empty bucket", names, err)
	}
	if _, err := s.Objects(t.Context(), "no-such-bucket"); err == nil {
		t.Error("a bucket that nobody made can be listed")
	}
	s.Stop()
	if resp, err := http.Get(s.Endpoint); err == nil {
		resp.Body.Close()
		t.Error("it answers after Stop")
	}
}
