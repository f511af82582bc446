package gcs_test

import (
	"context"
	"io"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/gcstest"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/gcs"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

func TestStore(t *testing.T) {
	srv := gcstest.Start(t)
	t.Run("suite", func(t *testing.T) {
		storagetest.Suite{
			Open: func(t *testing.T) storage.Store {
				return open(t, options(srv, srv.Bucket(t)))
			},
			PartSize: gcs.PartUnit,
		}.Test(t)
	})
}

const (
	small = 1000
	large = 3*gcs.PartUnit + 1000
)

func options(srv *gcstest.Server, bucket string) gcs.Options {
	return gcs.Options{Bucket: bucket, Endpoint: srv.Endpoint, Anonymous: true, PartSize: gcs.PartUnit}
}

func open(t *testing.T, o gcs.Options) *gcs.Store {
	t.Helper()
	s, err := gcs.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func putZeros(ctx context.Context, s *gcs.Store, key string, size int64) error {
	return s.Put(ctx, key, zeros(size), storage.PutOptions{})
}

func read(t *testing.T, s *gcs.Store, key string) ([]byte, error) {
	t.Helper()
	r, err := s.Get(t.Context(), key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// list returns the keys that the store lists, with their classes.
func list(t *testing.T, s *gcs.Store) map[string]string {
	t.Helper()
	got := map[string]string{}
	for o, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		got[o.Key] = o.Class
	}
	return got
}

// wantNothing looks behind the store's back for objects.
func wantNothing(t *testing.T, srv *gcstest.Server, bucket string) {
	t.Helper()
	names, err := srv.Objects(t.Context(), bucket)
	if err != nil || len(names) > 0 {
		t.Errorf("left behind: %v, %v", names, err)
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
