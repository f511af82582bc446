package s3test_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
)

func TestServers(t *testing.T) {
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			s, err := s3test.Launch(t.Context(), p, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			bucket := s.Bucket(t)
			out, err := s.Client().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
			if err != nil || len(out.Contents) != 0 {
				t.Errorf("got %v, %v, want an empty bucket", out, err)
			}
			s.Stop()
			if resp, err := http.Get(s.Endpoint); err == nil {
				resp.Body.Close()
				t.Error("it answers after Stop")
			}
		})
	}
}

func TestUnknownProgram(t *testing.T) {
	if s, err := s3test.Launch(t.Context(), "no-such-server", t.TempDir()); err == nil {
		s.Stop()
		t.Error("no error")
	}
}
