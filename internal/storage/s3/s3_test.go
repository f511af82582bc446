package s3_test

import (
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

func TestStore(t *testing.T) {
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO} {
		t.Run(string(p), func(t *testing.T) {
			srv := s3test.Start(t, p)
			t.Run("suite", func(t *testing.T) {
				storagetest.Suite{
					Open: func(t *testing.T) storage.Store {
						return open(t, options(srv, srv.Bucket(t)))
					},
					PartSize: s3.MinPartSize,
				}.Test(t)
			})
		})
	}
}

func options(srv *s3test.Server, bucket string) s3.Options {
	return s3.Options{
		Bucket: bucket, Endpoint: srv.Endpoint, PathStyle: true, Region: srv.Region,
		AccessKey: srv.AccessKey, SecretKey: srv.SecretKey, PartSize: s3.MinPartSize,
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
