package s3_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

// Each kind has its key, which the server names in its answers.
func TestKMSKeyPerKind(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Moto)
	bucket := srv.Bucket(t)
	o := options(srv, bucket)
	keys := map[string]string{
		"database": "1111abcd-12ab-34cd-56ef-1234567890ab", "files": "arn:aws:kms:us-east-1:123456789012:key/2222abcd-12ab-34cd-56ef-1234567890ab",
		"": "3333abcd-12ab-34cd-56ef-1234567890ab",
	}
	o.SSE = s3.SSE{Mode: s3.KMS, KeyIDs: keys}
	s := open(t, o)
	for kind, want := range map[string]string{"database": keys["database"], "files": keys["files"], "git": keys[""], "": keys[""]} {
		for _, size := range []int64{small, large} {
			key := fmt.Sprintf("kind/%s-%d", kind, size)
			if err := s.Put(t.Context(), key, zeros(size), storage.PutOptions{Kind: kind}); err != nil {
				t.Errorf("%s: %v", key, err)
				continue
			}
			head, err := srv.Client().HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: &bucket, Key: &key})
			if err != nil || string(head.ServerSideEncryption) != s3.KMS || aws.ToString(head.SSEKMSKeyId) != want {
				t.Errorf("%s: got %v, %v, want key %s", key, head, err, want)
			}
		}
	}
}

// A server that takes the key of another kind is noticed, and nothing stays.
func TestKMSKeyOfAnotherKindIsRefused(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Moto)
	for _, bucket := range []string{srv.Bucket(t), srv.VersionedBucket(t)} {
		px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool { // moto checks no signature
			if h := "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"; r.Header.Get(h) != "" {
				r.Header.Set(h, "another-key")
			}
			return false
		}}
		o := options(px.start(t, srv), bucket)
		o.SSE = s3.SSE{Mode: s3.KMS, KeyIDs: map[string]string{"database": "this-key"}}
		for _, size := range []int64{small, large} {
			err := open(t, o).Put(t.Context(), "kind/a", zeros(size), storage.PutOptions{Kind: "database"})
			if err == nil || !strings.HasSuffix(err.Error(), "asked for key this-key, the server used another-key") {
				t.Errorf("%d bytes: got %v, want an error about the key", size, err)
			}
			wantNothing(t, srv, bucket)
		}
	}
}
