package s3_test

import (
	"context"
	"io"
	"testing"
	"time"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

func options(srv *s3test.Server, bucket string) s3.Options {
	return s3.Options{
		Bucket: bucket, Endpoint: srv.Endpoint, PathStyle: true, Region: srv.Region,
		AccessKey: srv.AccessKey, SecretKey: srv.SecretKey, SessionToken: srv.SessionToken, PartSize: s3.MinPartSize,
	}
}

func open(t *testing.T, o s3.Options) *s3.Store {
	t.Helper()
	s, err := s3.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// poll asks until the answer is yes.
func poll(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); !done(); <-tick.C {
		if time.Now().After(end) {
			t.Fatal("it does not come to pass")
		}
	}
}

func list(t *testing.T, s *s3.Store) []storage.Object {
	t.Helper()
	var out []storage.Object
	for o, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	return out
}

func putZeros(ctx context.Context, s *s3.Store, key string, size int64) error {
	return s.Put(ctx, key, zeros(size), storage.PutOptions{})
}

func read(t *testing.T, s *s3.Store, key string) ([]byte, error) {
	t.Helper()
	r, err := s.Get(t.Context(), key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// wantNothing looks behind the store's back for objects, parts and versions.
func wantNothing(t *testing.T, srv *s3test.Server, bucket string) {
	t.Helper()
	c := srv.Client()
	versions, err := c.ListObjectVersions(t.Context(), &awss3.ListObjectVersionsInput{Bucket: &bucket})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions.Versions {
		t.Errorf("left behind: object %s", *v.Key)
	}
	for _, m := range versions.DeleteMarkers {
		t.Errorf("left behind: a mark that %s is gone", *m.Key)
	}
	// MinIO lists the uploads of a key only, not those of a bucket.
	for _, prefix := range []string{"", "kind/a", "kind/b"} {
		uploads, err := c.ListMultipartUploads(t.Context(), &awss3.ListMultipartUploadsInput{Bucket: &bucket, Prefix: &prefix})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range uploads.Uploads {
			t.Errorf("left behind: upload of %s", *u.Key)
		}
	}
}

func zeros(n int64) io.Reader { return io.LimitReader(zero{}, n) }

type zero struct{}

func (zero) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// calling calls and is then at its end.
type calling func()

func (c calling) Read([]byte) (int, error) {
	c()
	return 0, io.EOF
}
