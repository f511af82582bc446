package azblob_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/azblob"
)

// The server's pages are of 5000 objects; here they are of three, and each of
// them is broken off once.
func TestPages(t *testing.T) {
	t.Parallel()
	name := server.Container(t)
	var pages atomic.Int64
	px := proxy{
		before: func(_ http.ResponseWriter, r *http.Request) bool {
			if q := r.URL.Query(); q.Get("comp") == "list" {
				q.Set("maxresults", "3")
				r.URL.RawQuery = q.Encode()
			}
			return false
		},
		after: func(r *http.Response) error {
			if r.Request.URL.Query().Get("comp") == "list" && pages.Add(1)%2 == 1 {
				r.Body = http.MaxBytesReader(nil, r.Body, 300)
			}
			return nil
		},
	}
	o := options(px.start(t, server), name)
	o.AccountKey, o.SASToken = "", server.SAS(t, name, "rcwl") // no signature over the query
	s := open(t, o)
	want := map[string]int64{}
	for i := range 10 {
		key := fmt.Sprintf("kind/%d", i)
		want[key] = int64(i)
		if err := putZeros(t.Context(), s, key, int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]int64{}
	for o, err := range s.List(t.Context(), "kind/") {
		if err != nil {
			t.Fatal(err)
		}
		got[o.Key] = o.Size
	}
	if !maps.Equal(got, want) || pages.Load() != 8 {
		t.Errorf("got %v in %d answers, want %v in 8", got, pages.Load(), want)
	}
}

// An account with a hierarchical namespace lists its folders, and names that
// XML cannot hold are encoded.
func TestFoldersAndOddNames(t *testing.T) {
	t.Parallel()
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		_, _ = io.WriteString(w, "\ufeff"+`<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="c"><Blobs>
			<Blob><Name>p/kind</Name><Properties><ResourceType>directory</ResourceType><Content-Length>0</Content-Length></Properties></Blob>
			<Blob><Name>p/kind/a</Name><Properties><ResourceType>file</ResourceType><Content-Length>5</Content-Length><AccessTier>Cold</AccessTier>
				<Last-Modified>Tue, 24 Nov 2026 10:00:00 GMT</Last-Modified></Properties></Blob>
			<Blob><Name Encoded="true">p/kind%2F%EF%BF%BE</Name><Properties><Content-Length>6</Content-Length></Properties></Blob>
			</Blobs><NextMarker/></EnumerationResults>`)
	}))
	t.Cleanup(front.Close)
	s := open(t, azblob.Options{Account: "account", Container: "container", Prefix: "p", Endpoint: front.URL, AccountKey: "c2VjcmV0"})
	var got []string
	for o, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(o.Key, " ", o.Size, " ", o.Class, " ", o.Modified.Unix()))
	}
	want := []string{"kind/a 5 Cold 1795514400", "kind/\ufffe 6  -62135596800"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPrefixesKeepStoresApart(t *testing.T) {
	t.Parallel()
	o := options(server, server.Container(t))
	whole := open(t, o)
	o.Prefix = "/prod/eu/"
	prod := open(t, o)
	o.Prefix = "prod/e"
	near := open(t, o)
	if err := putZeros(t.Context(), prod, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	for s, want := range map[*azblob.Store]string{whole: "prod/eu/kind/a", prod: "kind/a", near: ""} {
		var got []string
		for o, err := range s.List(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, o.Key)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if err := prod.Put(t.Context(), strings.Repeat("x", 1020), zeros(1), storage.PutOptions{}); err == nil || !strings.Contains(err.Error(), "at most 1024") {
		t.Errorf("a key too long with its prefix: got %v", err)
	}
}
