// Package s3test starts real S3 servers on loopback, for tests only.
package s3test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/vapora-platform/vapora-backup/internal/testserver"
)

// A Program is an S3 server.
type Program string

// The servers that can be had, and what each proves.
const (
	Versitygw Program = "versitygw" // quick to start; drops a wish for SSE without a word
	MinIO     Program = "minio"     // SSE-S3 and SSE-KMS with one key of its own
)

// KMSKey is the name of the key that MinIO encrypts with.
const KMSKey = "vapora-test"

// A Server is running until Stop.
type Server struct {
	Endpoint  string // "http://127.0.0.1:1234", path style
	Region    string
	AccessKey string
	SecretKey string

	process *testserver.Process
}

// Start starts a server that lives as long as the test.
func Start(t testing.TB, p Program) *Server {
	t.Helper()
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
	s := &Server{Region: "us-east-1", AccessKey: "vapora-test", SecretKey: rand.Text()}
	s.process, err = testserver.Start(ctx, func(address string) (*exec.Cmd, error) {
		s.Endpoint = "http://" + address
		return s.command(p, binary, address, dir)
	}, func(ctx context.Context, _ string) error { return s.ready(ctx, p) })
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p, err)
	}
	return s, nil
}

func (s *Server) command(p Program, binary, address, dir string) (*exec.Cmd, error) {
	data, side := filepath.Join(dir, "data"), filepath.Join(dir, "sidecar")
	for _, d := range []string{data, side} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	switch p {
	case Versitygw:
		// The sidecar holds what would need extended attributes.
		cmd := exec.Command(binary, "--port", address, "--region", s.Region, "--quiet", "posix", "--sidecar", side, data)
		cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+s.AccessKey, "ROOT_SECRET_ACCESS_KEY="+s.SecretKey)
		return cmd, nil
	case MinIO:
		key := make([]byte, 32)
		_, _ = rand.Read(key) // never fails
		cmd := exec.Command(binary, "server", "--address", address, data)
		cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+s.AccessKey, "MINIO_ROOT_PASSWORD="+s.SecretKey,
			"MINIO_KMS_SECRET_KEY="+KMSKey+":"+base64.StdEncoding.EncodeToString(key),
			"MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_CALLHOME_ENABLE=off")
		return cmd, nil
	}
	return nil, errors.New("no such server is known")
}

// ready asks once whether the server is.
func (s *Server) ready(ctx context.Context, p Program) error {
	url := s.Endpoint
	if p == MinIO {
		url += "/minio/health/ready"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if p == MinIO && resp.StatusCode != http.StatusOK {
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
	name := "test-" + strings.ToLower(rand.Text()[:12])
	_, err := s.Client().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name})
	if err != nil {
		return "", fmt.Errorf("make bucket: %w", err)
	}
	return name, nil
}

// Client returns a client with all rights, to look behind a store's back.
func (s *Server) Client() *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(s.Endpoint), Region: s.Region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
	})
}
