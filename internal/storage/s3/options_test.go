package s3_test

import (
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

func TestOptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	good := s3.Options{Bucket: "b", Region: "eu-central-1"}
	for name, change := range map[string]func(*s3.Options){
		"no bucket given":                 func(o *s3.Options) { o.Bucket = "" },
		"prefix: invalid key":             func(o *s3.Options) { o.Prefix = "a/../b" },
		`endpoint "localhost:9000"`:       func(o *s3.Options) { o.Endpoint = "localhost:9000" },
		"an access key and a secret key":  func(o *s3.Options) { o.AccessKey = "a" },
		"part size 1000":                  func(o *s3.Options) { o.PartSize = 1000 },
		"cannot be negative":              func(o *s3.Options) { o.Concurrency = -1 },
		`checksums "always"`:              func(o *s3.Options) { o.Checksums = "always" },
		`sse mode "aes"`:                  func(o *s3.Options) { o.SSE.Mode = "aes" },
		"sse keys need the mode aws:kms":  func(o *s3.Options) { o.SSE = s3.SSE{Mode: "AES256", KeyIDs: map[string]string{"": "k"}} },
		"read authorities: open /nowhere": func(o *s3.Options) { o.CAFile = "/nowhere" },
		"holds no PEM certificate":        func(o *s3.Options) { o.CAFile = "options_test.go" },
	} {
		o := good
		change(&o)
		if _, err := s3.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "open s3 store: ") || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want open s3 store: %s", err, name)
		}
	}
	if _, err := s3.Open(t.Context(), good); err != nil {
		t.Error(err)
	}
}

func TestPrefixesKeepStoresApart(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Versitygw)
	o := options(srv, srv.Bucket(t))
	whole := open(t, o)
	o.Prefix = "/prod/eu/"
	prod := open(t, o)
	o.Prefix = "prod/e"
	near := open(t, o)
	if err := putZeros(t.Context(), prod, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	for s, want := range map[*s3.Store]string{whole: "prod/eu/kind/a", prod: "kind/a", near: ""} {
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
	if err := putZeros(t.Context(), prod, strings.Repeat("x", 1020), 1); err == nil || !strings.Contains(err.Error(), "at most 1024") {
		t.Errorf("a key too long with its prefix: got %v", err)
	}
}

func TestChecksumsAndStorageClassAreSent(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.MinIO)
	for mode, want := range map[string]bool{"": true, s3.ChecksumsSupported: true, s3.ChecksumsRequired: false} {
		var mu sync.Mutex
		var bodies, sums, classes, trailers int
		px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			if r.Method == http.MethodPut {
				bodies++
				if r.Header.Get("X-Amz-Checksum-Crc32") != "" {
					sums++
				}
			}
			if r.Header.Get("X-Amz-Trailer") != "" || r.Header.Get("Content-Encoding") != "" {
				trailers++
			}
			if r.Header.Get("X-Amz-Storage-Class") == "REDUCED_REDUNDANCY" {
				classes++
			}
			return false
		}}
		o := options(px.start(t, srv), srv.Bucket(t))
		o.Checksums = mode
		s := open(t, o)
		for key, size := range map[string]int64{"a": small, "b": large} {
			if err := s.Put(t.Context(), key, zeros(size), storage.PutOptions{Class: "REDUCED_REDUNDANCY"}); err != nil {
				t.Errorf("%q: %v", mode, err)
			}
		}
		if got := sums == bodies; got != want || bodies != 5 || trailers != 0 || classes != 2 {
			t.Errorf("%q: %d bodies, %d sums, %d trailers, %d classes", mode, bodies, sums, trailers, classes)
		}
	}
}

func TestTLSWithAPrivateAuthority(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Versitygw)
	px := proxy{tls: true}
	front := px.start(t, srv)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: px.cert.Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	o := options(front, srv.Bucket(t))
	o.Attempts = 1
	if err := putZeros(t.Context(), open(t, o), "kind/a", small); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("unknown authority: got %v, want an error about the certificate", err)
	}
	o.CAFile = ca
	s := open(t, o)
	for key, size := range map[string]int64{"kind/a": small, "kind/b": large} {
		if err := putZeros(t.Context(), s, key, size); err != nil {
			t.Error(err)
		}
		if got, err := read(t, s, key); err != nil || int64(len(got)) != size {
			t.Errorf("got %d bytes, %v, want %d", len(got), err, size)
		}
	}
}

// Memory is bounded by the size of the parts, not by that of the stream.
func TestMemoryIsBounded(t *testing.T) {
	srv := s3test.Start(t, s3test.Versitygw)
	o := options(srv, srv.Bucket(t))
	o.Concurrency = 2
	s := open(t, o)
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak uint64
	const pieces, piece = 128, 2 << 20
	var stream []io.Reader
	for range pieces {
		stream = append(stream, zeros(piece), calling(func() {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}))
	}
	if err := s.Put(t.Context(), "kind/big", io.MultiReader(stream...), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	bound := uint64(o.PartSize)*uint64(o.Concurrency+2) + 4<<20
	if got := peak - before.HeapAlloc; got > bound {
		t.Errorf("got %d MiB at most, want less than %d MiB", got>>20, bound>>20)
	}
}
