package gcs_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/gcstest"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func TestFailedUploadsAreGivenUp(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	bucket := srv.Bucket(t)
	var mu sync.Mutex
	begun, ended := map[string]bool{}, map[string]bool{}
	px := proxy{after: func(r *http.Response) error {
		mu.Lock()
		defer mu.Unlock()
		if l := r.Header.Get("Location"); l != "" {
			begun[l[strings.LastIndex(l, "=")+1:]] = true
		}
		if r.Request.Method == http.MethodDelete {
			ended[r.Request.URL.Query().Get("upload_id")] = true
		}
		return nil
	}}
	s := open(t, options(px.start(t, srv), bucket))
	boom := errors.New("boom")
	err := s.Put(t.Context(), "kind/a", io.MultiReader(zeros(large), failing{boom}), storage.PutOptions{})
	if !errors.Is(err, boom) || err.Error() != "put kind/a: boom" {
		t.Errorf("got %v, want put kind/a: boom", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = s.Put(ctx, "kind/b", io.MultiReader(zeros(large), calling(cancel), zeros(large)), storage.PutOptions{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	wantNothing(t, srv, bucket)
	mu.Lock()
	defer mu.Unlock()
	for id := range begun {
		if !ended[id] {
			t.Errorf("upload %s was not ended", id)
		}
	}
	if len(begun) != 2 {
		t.Errorf("got %d uploads, want 2", len(begun))
	}
}

// A proxy on the way may drop the header without which the SDK takes a part for
// the whole, and then waits for ever.
func TestServerThatEndsTheUploadEarly(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	bucket := srv.Bucket(t)
	px := proxy{after: func(r *http.Response) error {
		r.Header.Del("X-Http-Status-Code-Override")
		return nil
	}}
	err := putZeros(t.Context(), open(t, options(px.start(t, srv), bucket)), "kind/a", large)
	if err == nil || !strings.Contains(err.Error(), "the server ended the upload before its last byte") {
		t.Errorf("got %v, want the server ended the upload …", err)
	}
	wantNothing(t, srv, bucket)
}
