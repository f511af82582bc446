package s3test_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
)

func TestServers(t *testing.T) {
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO, s3test.Moto} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			s, err := s3test.Launch(t.Context(), p, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Stop)
			plain, versioned, locked := s.Bucket(t), s.VersionedBucket(t), s.LockedBucket(t)
			out, err := s.Client().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &plain})
			if err != nil || len(out.Contents) != 0 {
				t.Errorf("got %v, %v, want an empty bucket", out, err)
			}
			for bucket, want := range map[string]struct{ versions, locks bool }{
				plain: {false, false}, versioned: {true, false}, locked: {true, true},
			} {
				v, err := s.Client().GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: &bucket})
				if err != nil || (v.Status == types.BucketVersioningStatusEnabled) != want.versions {
					t.Errorf("versions: got %v, %v, want %v", v, err, want.versions)
				}
				l, err := s.Client().GetObjectLockConfiguration(t.Context(), &s3.GetObjectLockConfigurationInput{Bucket: &bucket})
				if (err == nil && l.ObjectLockConfiguration.ObjectLockEnabled == types.ObjectLockEnabledEnabled) != want.locks {
					t.Errorf("object lock: got %v, %v, want %v", l, err, want.locks)
				}
			}
			s.Stop()
			if resp, err := http.Get(s.Endpoint); err == nil {
				resp.Body.Close()
				t.Error("it answers after Stop")
			}
		})
	}
}

// Who may write can do nothing else, and nothing elsewhere.
func TestUsers(t *testing.T) {
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			s := s3test.Start(t, p)
			bucket, other := s.Bucket(t), s.Bucket(t)
			c := s.As(t, bucket, "s3:PutObject").Client()
			key := "a"
			if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("x")}); err != nil {
				t.Error(err)
			}
			_, get := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
			_, list := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
			_, remove := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
			_, elsewhere := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &other, Key: &key, Body: strings.NewReader("x")})
			for what, err := range map[string]error{"get": get, "list": list, "delete": remove, "put elsewhere": elsewhere} {
				if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != "AccessDenied" {
					t.Errorf("%s: got %v, want AccessDenied", what, err)
				}
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
