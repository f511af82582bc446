// Package azuretest starts a real server of Azure's blob protocol on loopback,
// for tests only: azurite, Microsoft's emulator.
//
// It knows tiers, conditions, checksums and SAS tokens. It knows neither
// immutability policies, legal holds nor encryption scopes, ignores the wish
// for them, and thaws at once. Some codes are not Azure's: a wrong signature is
// AuthorizationFailure instead of AuthenticationFailed, and a token that may only
// create hears AuthorizationPermissionMismatch instead of
// UnauthorizedBlobOverwrite of what is there. A blob of which only blocks were
// staged exists for a whole one that is put with If-None-Match: *.
package azuretest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/vapora-platform/vapora-backup/internal/child"
	"github.com/vapora-platform/vapora-backup/internal/testserver"
)

// account is the name of the only account.
const account = "vaporatest"

// A Server is running until Stop. It holds all in memory.
type Server struct {
	Endpoint string // of the account: "http://127.0.0.1:1234/vaporatest"
	Account  string
	Key      string

	process *child.Process
}

// Start starts a server that lives as long as the test. It takes some seconds:
// tests of one package do better with one server and many containers.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := Launch(context.WithoutCancel(t.Context()), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Launch starts a server that works in dir, and returns when it answers. The
// caller stops it.
func Launch(ctx context.Context, dir string) (*Server, error) {
	program, err := install(ctx)
	if err != nil {
		return nil, fmt.Errorf("get azurite: %w", err)
	}
	key := make([]byte, 64)
	_, _ = rand.Read(key) // never fails
	s := &Server{Account: account, Key: base64.StdEncoding.EncodeToString(key)}
	s.process, err = child.Start(ctx, func(address string) (*exec.Cmd, error) {
		s.Endpoint = "http://" + address + "/" + account
		host, port, _ := strings.Cut(address, ":")
		cmd := exec.Command("node", program, "--blobHost", host, "--blobPort", port,
			"--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "AZURITE_ACCOUNTS="+account+":"+s.Key)
		return cmd, nil
	}, s.ready)
	if err != nil {
		return nil, fmt.Errorf("start azurite: %w", err)
	}
	return s, nil
}

// install puts the server into the cache and returns the program for node.
func install(ctx context.Context) (string, error) {
	root, err := testserver.Root()
	if err != nil {
		return "", err
	}
	dir, err := testserver.NPM(ctx, filepath.Join(root, "testdata", "servers", "azurite"), "package.json", "package-lock.json")
	return filepath.Join(dir, "node_modules", "azurite", "dist", "src", "blob", "main.js"), err
}

// ready asks once whether the server is.
func (s *Server) ready(ctx context.Context, _ string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// Stop ends the server and waits for its end.
func (s *Server) Stop() { _ = s.process.Stop() } // killed, if it will not

// Container makes an empty container and returns its name.
func (s *Server) Container(t testing.TB) string {
	t.Helper()
	name, err := s.MakeContainer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// MakeContainer makes an empty container and returns its name.
func (s *Server) MakeContainer(ctx context.Context) (string, error) {
	client, err := s.Client()
	if err != nil {
		return "", err
	}
	name := "test-" + strings.ToLower(rand.Text()[:12])
	if _, err := client.NewContainerClient(name).Create(ctx, nil); err != nil {
		return "", fmt.Errorf("make container: %w", err)
	}
	return name, nil
}

// Client returns a client with all rights, to look behind a store's back.
func (s *Server) Client() (*service.Client, error) {
	key, err := service.NewSharedKeyCredential(s.Account, s.Key)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	client, err := service.NewClientWithSharedKeyCredential(s.Endpoint, key, nil)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	return client, nil
}

// SAS returns a token for a container with these rights only, as "cw", which is
// valid for an hour.
func (s *Server) SAS(t testing.TB, container, rights string) string {
	t.Helper()
	key, err := service.NewSharedKeyCredential(s.Account, s.Key)
	if err != nil {
		t.Fatal(err)
	}
	query, err := sas.BlobSignatureValues{
		Protocol: sas.ProtocolHTTPSandHTTP, ExpiryTime: time.Now().UTC().Add(time.Hour),
		ContainerName: container, Permissions: rights,
	}.SignWithSharedKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return query.Encode()
}
