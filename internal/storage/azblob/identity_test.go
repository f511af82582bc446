package azblob_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage/azblob"
)

const (
	loginHost = "login.microsoftonline.com"
	blobHost  = "acct.blob.core.windows.net"
)

// A pod with Azure's workload identity has a token of Kubernetes, for which
// Entra gives one of its own, which the account takes.
func TestWorkloadIdentity(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "token")
	if err := os.WriteFile(file, []byte("token-of-kubernetes"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AZURE_TOKEN_CREDENTIALS": "prod", "AZURE_CLIENT_ID": "client", "AZURE_TENANT_ID": "tenant",
		"AZURE_FEDERATED_TOKEN_FILE": file, "AZURE_AUTHORITY_HOST": "https://" + loginHost + "/",
		"AZURE_CLIENT_SECRET": "", "AZURE_CLIENT_CERTIFICATE_PATH": "", "AZURE_USERNAME": "", "AZURE_PASSWORD": "",
	} {
		t.Setenv(name, value)
	}
	var refuse atomic.Bool
	var puts atomic.Int64
	ca := fakeCloud(t, map[string]http.HandlerFunc{
		loginHost: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			base := "https://" + loginHost + "/tenant"
			switch {
			case strings.HasSuffix(r.URL.Path, "/discovery/instance"):
				fmt.Fprintf(w, `{"tenant_discovery_endpoint":"%s/v2.0/.well-known/openid-configuration","metadata":[]}`, base)
			case strings.HasSuffix(r.URL.Path, "/openid-configuration"):
				fmt.Fprintf(w, `{"authorization_endpoint":"%[1]s/authorize","token_endpoint":"%[1]s/token","issuer":"%[1]s/v2.0"}`, base)
			case r.FormValue("client_assertion") == "token-of-kubernetes" && r.FormValue("client_id") == "client" && !refuse.Load():
				fmt.Fprint(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"token-of-entra"}`)
			default:
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, `{"error":"invalid_client","error_description":"AADSTS700024: the assertion is not valid"}`)
			}
		},
		blobHost: func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer token-of-entra" {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			puts.Add(1)
			w.WriteHeader(http.StatusCreated)
		},
	})
	s := open(t, azblob.Options{Account: "acct", Container: "container", CAFile: ca})
	if err := putZeros(t.Context(), s, "kind/a", small); err != nil || puts.Load() != 1 {
		t.Errorf("got %v after %d puts, want one", err, puts.Load())
	}
	refuse.Store(true)
	s = open(t, azblob.Options{Account: "acct", Container: "container", CAFile: ca})
	err := putZeros(t.Context(), s, "kind/a", small)
	if err == nil || !strings.HasPrefix(err.Error(), "put kind/a: find credentials: ") || !strings.Contains(err.Error(), "AADSTS700024") || hint.Of(err) == "" {
		t.Errorf("refused: got %v, want put kind/a: find credentials: … with a hint", err)
	}
	wantNoSecrets(t, err, "token-of-kubernetes", "token-of-entra")
}

func TestNoCredentials(t *testing.T) {
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
	for _, name := range []string{"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
	s := open(t, azblob.Options{Account: "acct", Container: "container"})
	err := putZeros(t.Context(), s, "kind/a", small)
	if err == nil || !strings.HasPrefix(err.Error(), "put kind/a: find credentials: ") || strings.Contains(err.Error(), "\n") || hint.Of(err) == "" {
		t.Errorf("got %v, want put kind/a: find credentials: … on one line, with a hint", err)
	}
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "NoSuchCredential")
	if _, err := azblob.Open(t.Context(), azblob.Options{Account: "acct", Container: "container"}); err == nil || !strings.HasPrefix(err.Error(), "open azure store: find credentials: ") {
		t.Errorf("got %v, want open azure store: find credentials: …", err)
	}
}

// fakeCloud answers for hosts of the world, to all that is opened until the end
// of the test, and returns the file of its authority.
func fakeCloud(t *testing.T, hosts map[string]http.HandlerFunc) string {
	t.Helper()
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := hosts[r.Host]; ok {
			h(w, r)
			return
		}
		t.Errorf("asked %s for %s", r.Host, r.URL.Path)
		w.WriteHeader(http.StatusNotFound)
	}))
	var names []string
	for name := range hosts {
		names = append(names, name)
	}
	cert, ca := certificate(t, names)
	front.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	front.StartTLS()
	t.Cleanup(front.Close)
	was := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = was })
	routed := was.(*http.Transport).Clone()
	routed.Proxy = nil
	routed.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, front.Listener.Addr().String())
	}
	http.DefaultTransport = routed
	return ca
}

func certificate(t *testing.T, names []string) (cert tls.Certificate, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: names, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}
