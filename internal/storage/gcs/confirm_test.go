package gcs_test

import (
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/gcstest"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

const kmsKey = "projects/p/locations/eu/keyRings/r/cryptoKeys/k"

// confirming adds what a server that can do more would have answered to a Put.
func confirming(name string, value any) *proxy {
	return &proxy{after: func(r *http.Response) error {
		if !isLast(r.Request) || r.StatusCode != http.StatusOK {
			return nil
		}
		return edit(r, func(o map[string]any) {
			if o[name] = value; value == nil {
				delete(o, name)
			}
		})
	}}
}

// A server that ignores the wish, as this one does, keeps nothing.
func TestKeys(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	for _, test := range []struct {
		confirmed any
		keys      map[string]string
		want      string // "": the Put succeeds
	}{
		{nil, map[string]string{"": kmsKey}, "asked for key " + kmsKey + ", the server confirmed none"},
		{kmsKey + "2/cryptoKeyVersions/1", map[string]string{"": kmsKey}, "asked for key " + kmsKey + ", the server confirmed " + kmsKey + "2/cryptoKeyVersions/1"},
		{kmsKey + "/cryptoKeyVersions/7", map[string]string{"": kmsKey}, ""},
		{kmsKey + "/cryptoKeyVersions/7", map[string]string{"database": kmsKey, "": kmsKey + "-other"}, ""},
		{kmsKey + "/cryptoKeyVersions/7", map[string]string{"files": kmsKey}, ""}, // nothing was asked for
	} {
		for _, size := range []int64{0, small, large} {
			px := confirming("kmsKeyName", test.confirmed)
			var asked atomic.Value
			px.before = func(_ http.ResponseWriter, r *http.Request) bool {
				if q := r.URL.Query(); q.Has("kmsKeyName") {
					asked.Store(q.Get("kmsKeyName"))
				}
				return false
			}
			bucket := srv.Bucket(t)
			o := options(px.start(t, srv), bucket)
			o.Keys = test.keys
			err := open(t, o).Put(t.Context(), "kind/a", zeros(size), storage.PutOptions{Kind: "database"})
			if test.keys["files"] == "" && asked.Load() != kmsKey {
				t.Errorf("%v, %d bytes: asked for %v, want %s", test.keys, size, asked.Load(), kmsKey)
			}
			if test.want == "" {
				if err != nil {
					t.Errorf("%v, %d bytes: %v", test.keys, size, err)
				}
				continue
			}
			if err == nil || err.Error() != "put kind/a: "+test.want || hint.Of(err) == "" {
				t.Errorf("%v, %d bytes: got %v, want put kind/a: %s, with a hint", test.keys, size, err, test.want)
			}
			wantNothing(t, srv, bucket)
		}
	}
}

func TestClasses(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	s := open(t, options(srv, srv.Bucket(t)))
	want := map[string]string{"a": "NEARLINE", "b": "COLDLINE", "c": "STANDARD"}
	for key, put := range map[string]struct {
		class string
		size  int64
	}{"a": {"NEARLINE", small}, "b": {"COLDLINE", large}, "c": {"", small}} {
		if err := s.Put(t.Context(), key, zeros(put.size), storage.PutOptions{Class: put.class}); err != nil {
			t.Error(err)
		}
	}
	if got := list(t, s); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// A bucket with Autoclass does not do as it is told.
	bucket := srv.Bucket(t)
	s = open(t, options(confirming("storageClass", "STANDARD").start(t, srv), bucket))
	err := s.Put(t.Context(), "kind/a", zeros(small), storage.PutOptions{Class: "ARCHIVE"})
	if err == nil || !strings.Contains(err.Error(), "asked for class ARCHIVE, the server confirmed STANDARD") || hint.Of(err) == "" {
		t.Errorf("got %v, want asked for class ARCHIVE, …, with a hint", err)
	}
	wantNothing(t, srv, bucket)
}

// What the server says it has is not what was sent.
func TestChecksumThatDiffers(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	for name, value := range map[string]any{"crc32c": "AAAAAA==", "size": "999999"} {
		for _, size := range []int64{small, large} {
			bucket := srv.Bucket(t)
			s := open(t, options(confirming(name, value).start(t, srv), bucket))
			err := putZeros(t.Context(), s, "kind/a", size)
			if err == nil || !strings.Contains(err.Error(), "bytes with the CRC32C") {
				t.Errorf("%s, %d bytes: got %v, want an error", name, size, err)
			}
			wantNothing(t, srv, bucket)
		}
	}
}

// Credentials that can only create are enough to write; where an answer does
// not confirm what was asked for, the object that they cannot take back is not
// passed over in silence.
func TestRightToCreateIsEnough(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	create := func(w http.ResponseWriter, r *http.Request) bool {
		return !strings.HasPrefix(r.URL.Path, "/upload/") &&
			refuse(w, r, http.StatusForbidden, "forbidden", "x does not have storage.objects.get access to the Google Cloud Storage object.")
	}
	bucket := srv.Bucket(t)
	px := proxy{before: create}
	s := open(t, options(px.start(t, srv), bucket))
	for key, size := range map[string]int64{"a": 0, "b": small, "c": large} {
		if err := s.Put(t.Context(), key, zeros(size), storage.PutOptions{Kind: "database", Class: "NEARLINE"}); err != nil {
			t.Error(err)
		}
		if err := putZeros(t.Context(), s, key, size); !errors.Is(err, fs.ErrExist) {
			t.Errorf("put over %s: got %v, want fs.ErrExist", key, err)
		}
	}
	px2 := confirming("crc32c", "AAAAAA==")
	px2.before = create
	err := putZeros(t.Context(), open(t, options(px2.start(t, srv), bucket)), "d", small)
	if err == nil || !strings.Contains(err.Error(), "remove the object again: access denied: ") || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want remove the object again: access denied: …", err)
	}
}
