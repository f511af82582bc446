package gcs_test

import (
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/gcstest"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/gcs"
)

func TestOptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	good := gcs.Options{Bucket: "b", Anonymous: true}
	for name, change := range map[string]func(*gcs.Options){
		"no bucket given":                            func(o *gcs.Options) { o.Bucket = "" },
		"prefix: invalid key":                        func(o *gcs.Options) { o.Prefix = "a/../b" },
		`endpoint "localhost:9000"`:                  func(o *gcs.Options) { o.Endpoint = "localhost:9000" },
		`endpoint "https://h/storage/v1"`:            func(o *gcs.Options) { o.Endpoint = "https://h/storage/v1" },
		"the endpoint names a user":                  func(o *gcs.Options) { o.Endpoint = "https://u:p@h" },
		"would show the credentials":                 func(o *gcs.Options) { o.Endpoint, o.Anonymous = "http://example.org", false },
		"part size 1000 is not a multiple":           func(o *gcs.Options) { o.PartSize = 1000 },
		"part size 262145 is not a multiple":         func(o *gcs.Options) { o.PartSize = gcs.PartUnit + 1 },
		"cannot be negative":                         func(o *gcs.Options) { o.Attempts = -1 },
		`key "k" is not like projects/`:              func(o *gcs.Options) { o.Keys = map[string]string{"": "k"} },
		"read authorities: open /nowhere":            func(o *gcs.Options) { o.CAFile = "/nowhere" },
		"holds no PEM certificate":                   func(o *gcs.Options) { o.CAFile = "options_test.go" },
		"read the service account's key: ":           func(o *gcs.Options) { o.ServiceAccount, o.Anonymous = "no JSON", false },
		`found "authorized_user"`:                    func(o *gcs.Options) { o.ServiceAccount, o.Anonymous = `{"type":"authorized_user"}`, false },
		"a service account's key and no credentials": func(o *gcs.Options) { o.ServiceAccount = "{}" },
	} {
		o := good
		change(&o)
		if _, err := gcs.Open(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "open gcs store: ") || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want open gcs store: … %s", err, name)
		}
	}
	if _, err := gcs.Open(t.Context(), good); err != nil {
		t.Error(err)
	}
}

// The variable that all of Google's SDKs heed says where an emulator is, and
// that it wants no credentials.
func TestEmulatorOfTheEnvironment(t *testing.T) {
	srv := gcstest.Start(t)
	bucket := srv.Bucket(t)
	for _, value := range []string{srv.Endpoint, strings.TrimPrefix(srv.Endpoint, "http://"), srv.Endpoint + "/"} {
		t.Setenv("STORAGE_EMULATOR_HOST", value)
		s := open(t, gcs.Options{Bucket: bucket})
		if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
			t.Errorf("%s: %v", value, err)
		}
		if err := s.Delete(t.Context(), "kind/a"); err != nil {
			t.Errorf("%s: %v", value, err)
		}
	}
	// An endpoint of its own goes before, and needs no credentials either.
	t.Setenv("STORAGE_EMULATOR_HOST", "http://nowhere.invalid")
	s := open(t, gcs.Options{Bucket: bucket, Endpoint: srv.Endpoint})
	if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
		t.Error(err)
	}
}

func TestPrefixesKeepStoresApart(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	o := options(srv, srv.Bucket(t))
	whole := open(t, o)
	o.Prefix = "/prod/eu/"
	prod := open(t, o)
	o.Prefix = "prod/e"
	near := open(t, o)
	if err := putZeros(t.Context(), prod, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	for s, want := range map[*gcs.Store]string{whole: "prod/eu/kind/a", prod: "kind/a", near: ""} {
		var got []string
		for key := range list(t, s) {
			got = append(got, key)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if err := putZeros(t.Context(), prod, strings.Repeat("x", 1020), 1); err == nil || !strings.Contains(err.Error(), "at most 1024") {
		t.Errorf("a key too long with its prefix: got %v", err)
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	px := proxy{before: func(w http.ResponseWriter, r *http.Request) bool {
		return refuse(w, r, http.StatusForbidden, "forbidden", "No.") // it needs no right
	}}
	got, err := open(t, options(px.start(t, srv), "no-such-bucket")).Time(t.Context())
	if err != nil || time.Since(got).Abs() > time.Minute || got.Location() != time.UTC {
		t.Errorf("got %v, %v, want now in UTC", got, err)
	}
}

// What passes is bounded, with the bytes of the requests around it.
func TestBandwidth(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	o := options(srv, srv.Bucket(t))
	o.Bandwidth = storage.NewBandwidth(1 << 20)
	start := time.Now()
	if err := putZeros(t.Context(), open(t, o), "kind/a", large); err != nil {
		t.Fatal(err)
	}
	if got := time.Since(start); got < 500*time.Millisecond {
		t.Errorf("%d bytes took %v at 1 MiB/s", large, got)
	}
}

// Memory is bounded by the size of a part, not by that of the stream.
func TestMemoryIsBounded(t *testing.T) {
	srv := gcstest.Start(t)
	o := options(srv, srv.Bucket(t))
	o.PartSize = 8 << 20
	s := open(t, o)
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak uint64
	const pieces, piece = 100, 2 << 20
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
	bound := uint64(o.PartSize) + 8<<20
	if got := peak - before.HeapAlloc; got > bound {
		t.Errorf("got %d MiB at most, want less than %d MiB", got>>20, bound>>20)
	}
}
