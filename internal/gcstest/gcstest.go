// Package gcstest starts a server that speaks the JSON API of Google Cloud
// Storage on loopback, for tests only.
//
// The server is fake-gcs-server. Who tests with it should know what it does not
// do as Google does: it asks for no credentials, and passes over Cloud KMS keys
// and holds without a word. It takes any storage class. It notes a retention
// and does not enforce it, and drops that of a resumable upload of the SDK. A
// resumable upload goes on after it was deleted, its final checksum is not
// looked at, and a part that is sent twice is stored twice.
package gcstest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"

	"github.com/vapora-platform/vapora-backup/internal/child"
	"github.com/vapora-platform/vapora-backup/internal/testserver"
)

// A Server is running until Stop. It holds all in memory.
type Server struct {
	Endpoint string // "http://127.0.0.1:1234"

	process *child.Process
}

// Start starts a server that lives as long as the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := Launch(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Launch starts a server, and returns when it answers. The caller stops it.
func Launch(ctx context.Context) (*Server, error) {
	binary, err := testserver.GoInstall(ctx, "github.com/fsouza/fake-gcs-server", "v1.56.1")
	if err != nil {
		return nil, fmt.Errorf("get fake-gcs-server: %w", err)
	}
	s := &Server{}
	s.process, err = child.Start(ctx, func(address string) (*exec.Cmd, error) {
		s.Endpoint = "http://" + address
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return exec.Command(binary, "-backend", "memory", "-scheme", "http", "-host", host, "-port", port,
			"-public-host", address, "-log-level", "warn"), nil
	}, func(ctx context.Context, _ string) error { return s.ready(ctx) })
	if err != nil {
		return nil, fmt.Errorf("start fake-gcs-server: %w", err)
	}
	return s, nil
}

// ready asks once whether the server is.
func (s *Server) ready(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint+"/_internal/healthcheck", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

// Stop ends the server and waits for its end.
func (s *Server) Stop() { _ = s.process.Stop() } // killed, if it will not

// Bucket makes an empty bucket and returns its name.
func (s *Server) Bucket(t testing.TB) string {
	t.Helper()
	name, err := s.MakeBucket(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// MakeBucket makes an empty bucket and returns its name.
func (s *Server) MakeBucket(ctx context.Context) (string, error) {
	c, err := s.Client(ctx)
	if err != nil {
		return "", fmt.Errorf("make bucket: %w", err)
	}
	defer c.Close()
	name := "test-" + strings.ToLower(rand.Text()[:12])
	if err := c.Bucket(name).Create(ctx, "test", nil); err != nil {
		return "", fmt.Errorf("make bucket: %w", err)
	}
	return name, nil
}

// Objects returns the names of all objects in a bucket, to look behind a
// store's back.
func (s *Server) Objects(ctx context.Context, bucket string) ([]string, error) {
	c, err := s.Client(ctx)
	if err != nil {
		return nil, fmt.Errorf("list bucket %s: %w", bucket, err)
	}
	defer c.Close()
	var names []string
	for all := c.Bucket(bucket).Objects(ctx, &storage.Query{Versions: true}); ; {
		o, err := all.Next()
		if errors.Is(err, iterator.Done) {
			return names, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list bucket %s: %w", bucket, err)
		}
		names = append(names, o.Name)
	}
}

// Client returns a client, to look behind a store's back. The caller closes it.
func (s *Server) Client(ctx context.Context) (*storage.Client, error) {
	return storage.NewClient(ctx, option.WithEndpoint(s.Endpoint+"/storage/v1/"),
		option.WithoutAuthentication(), storage.WithJSONReads())
}
