package gcs_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/gcstest"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage/gcs"
)

// serviceAccount is a key whose tokens come from a URL.
func serviceAccount(t *testing.T, tokenURL string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "p", "private_key_id": "1", "client_email": "x@p.iam.gserviceaccount.com",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": tokenURL,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// secured is a server over TLS that gives out tokens, and wants one.
func secured(t *testing.T, srv *gcstest.Server) (front *gcstest.Server, ca string, tokens *atomic.Int64) {
	t.Helper()
	tokens = new(atomic.Int64)
	px := proxy{tls: true, before: func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.URL.Path == "/token":
			tokens.Add(1)
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"access_token":"secret","token_type":"Bearer","expires_in":3600}`)
			return true
		case r.Header.Get("Authorization") != "Bearer secret":
			return refuse(w, r, http.StatusUnauthorized, "required", "Anonymous caller does not have access.")
		case r.Header.Get("Accept-Encoding") != "":
			t.Errorf("%s %s wants %s, which changes the length of what is read", r.Method, r.URL, r.Header.Get("Accept-Encoding"))
		case r.ProtoMajor != 2:
			t.Errorf("%s %s over %s, want HTTP/2 as Google speaks it", r.Method, r.URL, r.Proto)
		}
		return false
	}}
	front = px.start(t, srv)
	return front, px.authority(t), tokens
}

// The authority holds for the tokens too, and no request goes without one.
func TestServiceAccountOverTLS(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	front, ca, tokens := secured(t, srv)
	o := options(front, srv.Bucket(t))
	o.Attempts, o.Anonymous = 1, false
	o.ServiceAccount = serviceAccount(t, front.Endpoint+"/token")
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
	if got := list(t, s); len(got) != 2 {
		t.Errorf("got %v, want 2 objects", got)
	}
	if err := s.Delete(t.Context(), "kind/a"); err != nil {
		t.Error(err)
	}
	if got := tokens.Load(); got != 1 {
		t.Errorf("got %d tokens, want 1 for all", got)
	}
	if _, err := s.Time(t.Context()); err != nil {
		t.Errorf("time: %v", err)
	}
}

// A key that was deleted, and a server for tokens that cannot be reached.
func TestServiceAccountThatGetsNoToken(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	px := proxy{before: func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant","error_description":"Invalid JWT Signature."}`)
		return true
	}}
	refused := px.start(t, srv)
	for url, want := range map[string]string{
		refused.Endpoint + "/token":    "put kind/a: find credentials: invalid_grant: Invalid JWT Signature",
		"http://nowhere.invalid/token": "put kind/a: find credentials: ",
	} {
		o := options(srv, srv.Bucket(t))
		o.Attempts, o.Anonymous = 1, false
		o.ServiceAccount = serviceAccount(t, url)
		err := putZeros(t.Context(), open(t, o), "kind/a", small)
		if err == nil || !strings.HasPrefix(err.Error(), want) || hint.Of(err) == "" {
			t.Errorf("got %v, want %s, with a hint", err, want)
		}
		if errors.Is(err, fs.ErrPermission) != strings.Contains(want, "invalid_grant") {
			t.Errorf("%v: is fs.ErrPermission: %v", err, errors.Is(err, fs.ErrPermission))
		}
		if err != nil && strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%v: shows the key", err)
		}
	}
}

func TestApplicationDefaultCredentials(t *testing.T) {
	srv := gcstest.Start(t)
	front, ca, _ := secured(t, srv)
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("APPDATA", home)
	t.Setenv("CLOUDSDK_CONFIG", home)
	file := filepath.Join(home, "key.json")
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
	o := options(front, srv.Bucket(t))
	o.Anonymous, o.CAFile = false, ca
	if _, err := gcs.Open(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "open gcs store: find credentials: ") || hint.Of(err) == "" {
		t.Errorf("no file: got %v, want find credentials: …, with a hint", err)
	}
	if err := os.WriteFile(file, []byte(serviceAccount(t, front.Endpoint+"/token")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := putZeros(t.Context(), open(t, o), "kind/a", small); err != nil {
		t.Error(err)
	}
}
