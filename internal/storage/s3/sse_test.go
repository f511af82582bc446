package s3_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

// A server that ignores the wish, as versitygw does, keeps nothing: a small
// object is removed again, a large one never completed.
func TestSSEThatIsDroppedIsRefused(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Versitygw)
	bucket := srv.Bucket(t)
	var completed atomic.Int64
	px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost && r.URL.Query().Has("uploadId") {
			completed.Add(1)
		}
		return false
	}}
	front := px.start(t, srv)
	for _, sse := range []s3.SSE{{Mode: s3.AES256}, {Mode: s3.KMS, KeyIDs: map[string]string{"": "k"}}} {
		o := options(front, bucket)
		o.SSE = sse
		for _, size := range []int64{0, small, large} {
			err := putZeros(t.Context(), open(t, o), "kind/a", size)
			want := "put kind/a: asked for encryption " + sse.Mode + ", the server confirmed no encryption"
			if err == nil || err.Error() != want {
				t.Errorf("%d bytes: got %v, want %s", size, err, want)
			}
			wantNothing(t, srv, bucket)
		}
	}
	if n := completed.Load(); n != 0 {
		t.Errorf("%d uploads were completed, want none", n)
	}
}

func TestSSEThatIsConfirmed(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.MinIO)
	for name, sse := range map[string]s3.SSE{
		"AES256":             {Mode: s3.AES256},
		"KMS, default key":   {Mode: s3.KMS},
		"KMS, a key":         {Mode: s3.KMS, KeyIDs: map[string]string{"": s3test.KMSKey}},
		"KMS, a key by kind": {Mode: s3.KMS, KeyIDs: map[string]string{"database": s3test.KMSKey, "": "unused"}},
	} {
		bucket := srv.Bucket(t)
		o := options(srv, bucket)
		o.SSE = sse
		s := open(t, o)
		for key, size := range map[string]int64{"kind/empty": 0, "kind/small": small, "kind/large": large} {
			if err := s.Put(t.Context(), key, zeros(size), storage.PutOptions{Kind: "database"}); err != nil {
				t.Errorf("%s: %d bytes: %v", name, size, err)
				continue
			}
			head, err := srv.Client().HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: &bucket, Key: &key})
			if err != nil || string(head.ServerSideEncryption) != sse.Mode {
				t.Errorf("%s: %d bytes: got %v, %v, want %s", name, size, head, err, sse.Mode)
			}
			if got, err := read(t, s, key); err != nil || int64(len(got)) != size {
				t.Errorf("%s: read: got %d bytes, %v, want %d", name, len(got), err, size)
			}
		}
	}
}

// A server that encrypts, but with another key, or not to the end.
func TestSSEThatIsNotTheOneAskedFor(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.MinIO)
	const keyHeader, modeHeader = "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", "X-Amz-Server-Side-Encryption"
	other := "arn:aws:kms:eu-central-1:1:key/other"
	answer := func(mode, key string, when func(*http.Request) bool) func(*http.Response) error {
		return func(r *http.Response) error {
			if when(r.Request) {
				r.Header.Set(modeHeader, mode)
				r.Header.Set(keyHeader, key)
			}
			return nil
		}
	}
	always := func(*http.Request) bool { return true }
	complete := func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") }
	look := func(r *http.Request) bool { return r.Method == http.MethodHead }
	for _, test := range []struct {
		name  string
		after func(*http.Response) error
		sizes []int64
		want  string
	}{
		{"another key", answer("aws:kms", other, always), []int64{small, large}, "the server used " + other},
		{"no key", answer("aws:kms", "", always), []int64{small, large}, "the server confirmed none"},
		{"another mode", answer("AES256", "", always), []int64{small, large}, "the server confirmed AES256"},
		{"another key in the end", answer("aws:kms", other, complete), []int64{large}, "the server used " + other},
		{"nothing in the end", answer("", "", look), []int64{large}, "the server confirmed no encryption"},
	} {
		for _, size := range test.sizes {
			bucket := srv.Bucket(t)
			o := options((&proxy{after: test.after}).start(t, srv), bucket)
			o.SSE = s3.SSE{Mode: s3.KMS, KeyIDs: map[string]string{"": s3test.KMSKey}}
			err := putZeros(t.Context(), open(t, o), "kind/a", size)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s, %d bytes: got %v, want … %s", test.name, size, err, test.want)
			}
			wantNothing(t, srv, bucket)
		}
	}
}
