package s3_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Who may write and nothing else can back up, and can do nothing else.
func TestWriteOnlyCredentials(t *testing.T) {
	t.Parallel()
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			bucket := srv.Bucket(t)
			s := open(t, options(srv.As(t, bucket, "s3:PutObject", "s3:AbortMultipartUpload"), bucket))
			owner := open(t, options(srv, bucket))
			for _, size := range []int64{0, small, large} {
				key := fmt.Sprint("kind/", size)
				if err := putZeros(t.Context(), s, key, size); err != nil {
					t.Errorf("%d bytes: %v", size, err)
				}
				if err := putZeros(t.Context(), s, key, size); !errors.Is(err, fs.ErrExist) {
					t.Errorf("%d bytes, again: got %v, want fs.ErrExist", size, err)
				}
				if got, err := read(t, owner, key); err != nil || int64(len(got)) != size {
					t.Errorf("%d bytes: got %d, %v", size, len(got), err)
				}
			}
			boom := errors.New("boom")
			err := s.Put(t.Context(), "kind/a", io.MultiReader(zeros(large), failing{boom}), storage.PutOptions{})
			if err == nil || err.Error() != "put kind/a: boom" {
				t.Errorf("a stream that breaks: got %v, want put kind/a: boom", err)
			}
			m := manifest(t)
			if err := catalog.Commit(t.Context(), s, m, storage.PutOptions{Kind: "database"}); err != nil {
				t.Errorf("commit: %v", err)
			}
			if all, err := catalog.List(t.Context(), owner, catalog.Filter{}); err != nil || len(all.Entries) != 1 {
				t.Errorf("after the commit: got %v, %v, want one backup", all, err)
			}
		})
	}
}

func TestWriteOnlyCredentialsGiveNothingElse(t *testing.T) {
	t.Parallel()
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			bucket := srv.Bucket(t)
			s := open(t, options(srv.As(t, bucket, "s3:PutObject"), bucket))
			if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
				t.Fatal(err)
			}
			_, get := s.Get(t.Context(), "kind/a")
			_, missing := s.Get(t.Context(), "kind/nowhere")
			_, part := s.GetRange(t.Context(), "kind/a", 0, 1)
			_, protection := s.Protection(t.Context(), "kind/a")
			_, temperature := s.Temperature(t.Context(), "kind/a")
			var list error
			for _, list = range s.List(t.Context(), "") {
			}
			for what, err := range map[string]error{
				"get": get, "get what is missing": missing, "get a range": part, "protection": protection, "temperature": temperature,
				"list": list, "delete": s.Delete(t.Context(), "kind/a"), "hold": s.Hold(t.Context(), "kind/a", true), "check lock": s.CheckLock(t.Context()),
			} {
				if !errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) || hint.Of(err) == "" {
					t.Errorf("%s: got %v, want fs.ErrPermission with a hint", what, err)
				}
			}
			if got, err := read(t, open(t, options(srv, bucket)), "kind/a"); err != nil || len(got) != small {
				t.Errorf("after all that: got %d bytes, %v", len(got), err)
			}
		})
	}
}

// The rights that Put's comment tells of are enough for a lock, and without
// that to ask for it the Put says so.
func TestRightsForALock(t *testing.T) {
	t.Parallel()
	for _, p := range lockers {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			enough, less := srv.LockedBucket(t), srv.LockedBucket(t)
			s := open(t, options(srv.As(t, enough, "s3:PutObject", "s3:PutObjectRetention", "s3:GetObjectRetention"), enough))
			for _, size := range []int64{small, large} {
				if err := s.Put(t.Context(), fmt.Sprint("kind/", size), zeros(size), locked()); err != nil {
					t.Errorf("%d bytes: %v", size, err)
				}
			}
			if err := catalog.Commit(t.Context(), s, manifest(t), locked()); err != nil {
				t.Errorf("commit: %v", err)
			}

			s = open(t, options(srv.As(t, less, "s3:PutObject", "s3:PutObjectRetention"), less))
			for _, size := range []int64{small, large} {
				err := s.Put(t.Context(), fmt.Sprint("kind/", size), zeros(size), locked())
				if !errors.Is(err, storage.ErrNoLock) || !errors.Is(err, fs.ErrPermission) || hint.Of(err) == "" {
					t.Errorf("%d bytes, no right to ask: got %v, want ErrNoLock and fs.ErrPermission with a hint", size, err)
				}
			}
		})
	}
}

// A Put that succeeds asks for nothing, but for the lock where there is one.
func TestPutReadsNothing(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Versitygw)
	var mu sync.Mutex
	var asked []string
	px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			asked = append(asked, r.Method+" "+r.URL.Path[len("/test-123456789012/"):])
			if r.URL.Query().Has("retention") {
				asked[len(asked)-1] += " retention"
			}
		}
		return false
	}}
	s := open(t, options(px.start(t, srv), srv.LockedBucket(t)))
	for _, key := range []string{"kind/small", "kind/large", "kind/small-locked", "kind/large-locked"} {
		data, o := make([]byte, small), storage.PutOptions{}
		if key[5] == 'l' {
			data = make([]byte, large)
		}
		if len(key) > len("kind/small") {
			o = locked()
		}
		if err := s.Put(t.Context(), key, bytes.NewReader(data), o); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"GET kind/small-locked retention", "GET kind/large-locked retention"}; !slices.Equal(asked, want) {
		t.Errorf("got %q, want %q", asked, want)
	}
}

type signer struct{}

func (signer) Sign([]byte, string) ([]byte, error) { return []byte("signature"), nil }

// manifest is of a backup whose objects are nowhere.
func manifest(t *testing.T) *catalog.Signed {
	t.Helper()
	id := "20261123T140000Z-abcdef"
	at := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	sum := archive.Sum{Size: 1, SHA256: fmt.Sprintf("%064d", 0)}
	m, err := catalog.Sign(&catalog.Manifest{
		Format: catalog.Format, ID: id, Kind: "database", Source: "db", Engine: "surrealdb-3.3.5", Started: at, Finished: at,
		Tool:        catalog.Tool{Name: "vapora-backup", Version: "v0.1.0"},
		Objects:     []catalog.Object{{Role: catalog.RoleData, Key: "database/db/2026-11-23/" + id + ".surql.zst.age", Plain: sum, Stored: sum}},
		Recipients:  []string{"age1ql3z7hjy54pw"},
		Compression: catalog.Compression{Algorithm: catalog.ZstdSeekable, Level: 3, FrameSize: 4 << 20},
	}, signer{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
