package s3_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// An upload that nobody ends is found below the prefix, and goes.
func TestUnfinishedUploads(t *testing.T) {
	t.Parallel()
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO, s3test.Moto} {
		srv := s3test.Start(t, p)
		bucket := srv.Bucket(t)
		o := options(srv, bucket)
		o.Prefix = "ours"
		s := open(t, o)
		for _, key := range []string{"ours/kind/a", "ours/other", "theirs/b"} {
			up, err := srv.Client().CreateMultipartUpload(t.Context(), &awss3.CreateMultipartUploadInput{Bucket: &bucket, Key: aws.String(key)})
			if err != nil {
				t.Fatal(err)
			}
			_, err = srv.Client().UploadPart(t.Context(), &awss3.UploadPartInput{
				Bucket: &bucket, Key: aws.String(key), UploadId: up.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("half"),
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		find := func(before time.Time) (out []storage.Unfinished) {
			t.Helper()
			for u, err := range s.Unfinished(t.Context(), before, func(key string) bool { return key != "other" }) {
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, u)
			}
			return out
		}
		// For Moto all uploads began in 2010: its newest part counts.
		if got := find(time.Now().Add(-time.Hour)); len(got) != 0 {
			t.Errorf("%s: got %v, written to within the hour", p, got)
		}
		got := find(time.Now().Add(time.Hour))
		// MinIO lists uploads of whole keys only: there the prefix of a folder finds none.
		if p == s3test.MinIO {
			continue
		}
		if len(got) != 1 || got[0].Key != "kind/a" || got[0].Size != 4 {
			t.Fatalf("%s: got %v, want the one below the prefix, of 4 bytes", p, got)
		}
		for range 2 {
			if err := s.Abandon(t.Context(), got[0]); err != nil {
				t.Errorf("%s: %v", p, err)
			}
		}
		if got := find(time.Now().Add(time.Hour)); len(got) != 0 {
			t.Errorf("%s: got %v after it was abandoned", p, got)
		}
	}
}
