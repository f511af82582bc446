// Package s3test starts real S3 servers on loopback, for tests only.
package s3test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/vapora-platform/vapora-backup/internal/child"
)

// A Program is an S3 server.
type Program string

// The servers that can be had, and what each proves.
const (
	Versitygw Program = "versitygw" // quick to start; drops a wish for SSE without a word
	MinIO     Program = "minio"     // SSE-S3 and SSE-KMS with one key of its own
	Moto      Program = "moto"      // cold classes, any KMS key, STS; drops the lock of a multipart upload without a word
)

// KMSKey is the name of the key that MinIO encrypts with.
const KMSKey = "vapora-test"

// Domain is the one below which versitygw finds buckets as hosts ("bucket.s3.test").
// No name server knows it: a client needs a [Server.Proxy].
const Domain = "s3.test"

// A Server is running until Stop.
type Server struct {
	Program   Program
	Endpoint  string // "http://127.0.0.1:1234", path style
	Region    string
	AccessKey string
	SecretKey string

	SessionToken string // only of a Server that As returned

	binary  string
	process *child.Process
}

// Start starts a server that lives as long as the test.
func Start(t testing.TB, p Program) *Server {
	t.Helper()
	if !Available(p) {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s needs python3 with venv; `make tools` installs it", p)
		}
		t.Skipf("%s needs python3 with venv; `make tools` installs it where it can", p)
	}
	s, err := Launch(context.WithoutCancel(t.Context()), p, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Launch starts a server whose objects lie in dir, and returns when it answers.
// The caller stops it.
func Launch(ctx context.Context, p Program, dir string) (*Server, error) {
	binary, err := find(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", p, err)
	}
	s := &Server{Program: p, Region: "us-east-1", AccessKey: "vapora-test", SecretKey: rand.Text(), binary: binary}
	s.process, err = child.Start(ctx, func(address string) (*exec.Cmd, error) {
		s.Endpoint = "http://" + address
		return s.command(address, dir)
	}, func(ctx context.Context, _ string) error { return s.ready(ctx) })
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p, err)
	}
	return s, nil
}

// Proxy starts an HTTP proxy that sends what is meant for hosts below Domain, and
// nothing else, to the server, and returns its URL.
func (s *Server) Proxy(t testing.TB) string {
	t.Helper()
	to, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = to.Scheme, to.Host, r.In.Host
	}}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.Host, "."+Domain) {
			http.Error(w, "no bucket in "+r.Host, http.StatusForbidden)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL
}

// Stop ends the server and waits for its end.
func (s *Server) Stop() { _ = s.process.Stop() } // killed, if it will not

// Client returns a client with all rights, to look behind a store's back.
func (s *Server) Client() *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(s.Endpoint), Region: s.Region, UsePathStyle: true,
		Credentials: s.credentials(),
	})
}
