package cli_test

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/vapora-platform/vapora-backup/internal/azuretest"
	"github.com/vapora-platform/vapora-backup/internal/gcstest"
	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

// servers are what the scripts find, one of each for all of them.
type servers struct {
	surreal, scratch *surrealtest.Server
	command          []string // that starts another SurrealDB
	s3               *s3test.Server
	proxy            string         // that reaches buckets of s3 as hosts
	moto             *s3test.Server // nil where there is no Python
	google           *gcstest.Server
	// Before surreal: one with a certificate that nobody knows, for example.com and
	// 127.0.0.1, and one that falls silent over an export, for good.
	secure, silent *httptest.Server
	azure          *azuretest.Server
}

func newServers(t *testing.T) *servers {
	t.Helper()
	command, err := surrealtest.Command(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := &servers{
		surreal: surrealtest.Start(t, surrealtest.Options{}), scratch: surrealtest.Start(t, surrealtest.Options{}), command: command,
		s3: s3test.Start(t, s3test.Versitygw), google: gcstest.Start(t), azure: azuretest.Start(t),
	}
	w.proxy = w.s3.Proxy(t)
	to, err := url.Parse(w.surreal.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	transport := &http.Transport{} // any test's server that ends closes what the default one has open
	proxy.Transport = transport
	t.Cleanup(transport.CloseIdleConnections)
	next := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		// All of it first: a server closes what is left of a request when it begins to
		// answer, and the proxy would break its own connection over that.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(rw, r)
	})
	w.secure = httptest.NewTLSServer(next)
	var fallen atomic.Bool
	over := make(chan struct{})
	w.silent = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/export" {
			fallen.Store(true)
		}
		if fallen.Load() { // nor does it say that it is well
			select {
			case <-time.After(20 * time.Second):
			case <-over:
			}
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.secure.Close)
	t.Cleanup(func() { close(over); w.silent.Close() })
	if s3test.Available(s3test.Moto) || os.Getenv("CI") != "" {
		w.moto = s3test.Start(t, s3test.Moto)
	}
	return w
}

// has answers conditions of scripts.
func (w *servers) has(what string) (bool, error) {
	if what != "moto" {
		return false, fmt.Errorf("no condition is called %q", what)
	}
	return w.moto != nil, nil
}

// setup gives a script a database of its own with the sample in it, and empty
// buckets.
func (w *servers) setup(t *testing.T, e *testscript.Env) error {
	ns, database := w.surreal.Fresh(t)
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "sample", "everything-3.surql"))
	if err != nil {
		return err
	}
	w.surreal.Query(t, ns, database, string(text))
	writable := w.s3.Bucket(t)
	writer := w.s3.As(t, writable, "s3:PutObject")
	for name, value := range map[string]string{
		"SURREAL": w.surreal.URL, "NS": ns, "DB": database, "DB_PASSWORD": w.surreal.Password,
		"SECURE": w.secure.URL, "SILENT": w.silent.URL, "SCRATCH": w.scratch.URL, "SURREAL_COMMAND": `"` + strings.Join(w.command, `", "`) + `"`,
		"S3": w.s3.Endpoint, "S3_ACCESS": w.s3.AccessKey, "S3_SECRET": w.s3.SecretKey, "BUCKET": w.s3.Bucket(t), "LOCKED": w.s3.LockedBucket(t),
		"S3_PROXY": w.proxy, "WRITABLE": writable, "WRITER_ACCESS": writer.AccessKey, "WRITER_SECRET": writer.SecretKey,
		"STORAGE_EMULATOR_HOST": w.google.Endpoint, "GS_BUCKET": w.google.Bucket(t),
		"AZURE": w.azure.Endpoint, "ACCOUNT": w.azure.Account, "ACCOUNT_KEY": w.azure.Key, "CONTAINER": w.azure.Container(t),
	} {
		e.Vars = append(e.Vars, name+"="+value)
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.secure.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(e.WorkDir, "ca.pem"), ca, 0o600); err != nil {
		return err
	}
	if w.moto != nil {
		e.Vars = append(e.Vars, "MOTO="+w.moto.Endpoint, "COLD="+w.moto.Bucket(t), "AWS_ACCESS_KEY_ID="+w.moto.AccessKey, "AWS_SECRET_ACCESS_KEY="+w.moto.SecretKey)
	}
	return nil
}
