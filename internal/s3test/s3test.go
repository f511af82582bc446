// Package s3test starts real S3 servers on loopback, for tests only.
//
// A server that is neither in PATH nor in the cache is built once with
// "go install", which takes minutes. A test that needs one fails where it
// cannot be had; it is never skipped.
package s3test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
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

	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	log  *bytes.Buffer // to be read when done is closed
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
	// Somebody else may take the free port before the server does.
	for range 3 {
		var s *Server
		if s, err = launch(ctx, p, binary, dir); err == nil {
			return s, nil
		}
	}
	return nil, fmt.Errorf("start %s: %w", p, err)
}

func launch(ctx context.Context, p Program, binary, dir string) (*Server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &Server{
		Endpoint: "http://" + address, Region: "us-east-1",
		AccessKey: "vapora-test", SecretKey: rand.Text(),
		done: make(chan struct{}), log: new(bytes.Buffer),
	}
	if s.cmd, err = s.command(p, binary, address, dir); err != nil {
		return nil, err
	}
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	dieWithParent(s.cmd)
	started := make(chan error)
	go func() {
		// On Linux, the parent that the server dies with is this thread.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(s.done)
		err := s.cmd.Start()
		started <- err
		if err == nil {
			_ = s.cmd.Wait() // how it ended is in the log
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	if err := s.ready(ctx, p); err != nil {
		s.Stop()
		return nil, fmt.Errorf("%w\n%s", err, s.log)
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

// ready waits until the server answers, its process ends or a minute is over.
func (s *Server) ready(ctx context.Context, p Program) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	url := s.Endpoint
	if p == MinIO {
		url += "/minio/health/ready"
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			if p != MinIO || resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.done:
			return fmt.Errorf("it ended: %v", s.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// Stop ends the server and waits for its end.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(5 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.done
	}
}

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

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
