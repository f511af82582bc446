package azuretest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/azuretest"
)

func TestServer(t *testing.T) {
	t.Parallel()
	s, err := azuretest.Launch(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	name := s.Container(t)
	client, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	page, err := client.NewContainerClient(name).NewListBlobsFlatPager(nil).NextPage(t.Context())
	if err != nil || len(page.Segment.BlobItems) != 0 {
		t.Errorf("got %v, %v, want an empty container", page, err)
	}
	if token := s.SAS(t, name, "c"); !strings.Contains(token, "sp=c&") {
		t.Errorf("got %q, want a token that may create", token)
	}
	s.Stop()
	if resp, err := http.Get(s.Endpoint); err == nil {
		resp.Body.Close()
		t.Error("it answers after Stop")
	}
}
