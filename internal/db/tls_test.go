package db_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// behindTLS puts the real server behind TLS with an authority of its own.
func behindTLS(t *testing.T, o db.Options) (db.Options, *httptest.Server) {
	t.Helper()
	srv := httptest.NewUnstartedServer(passOn(t, o.URL, http.Handler.ServeHTTP))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // it would tell of the handshakes that must fail
	srv.StartTLS()
	t.Cleanup(srv.Close)
	o.URL = srv.URL
	return o, srv
}

// A certificate whose time is over is no matter of who signed it.
func TestExpiredCertificate(t *testing.T) {
	t.Parallel()
	o := options(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	o.URL, o.CA = srv.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	_, _, err = dump(t, db.Source{Client: dial(t, o)})
	wantError(t, err, nil, "expired")
	if got := hint.Of(err); !strings.Contains(got, "renew") {
		t.Errorf("got hint %q", got)
	}
}

func TestNoTLS(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.URL = strings.Replace(o.URL, "http://", "https://", 1)
	_, _, err := dump(t, db.Source{Client: dial(t, o)})
	wantError(t, err, http.ErrSchemeMismatch, "HTTP response to HTTPS client")
	if got := hint.Of(err); !strings.HasPrefix(got, "the server speaks no TLS at that address: write http:// in the url") {
		t.Errorf("got hint %q", got)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	o, srv := behindTLS(t, o)
	_, _, err := dump(t, db.Source{Client: dial(t, o)})
	wantError(t, err, nil, "not trusted")
	if err != nil && !strings.Contains(hint.Of(err), "tls.ca") {
		t.Errorf("got hint %q", hint.Of(err))
	}
	o.CA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if _, _, err := dump(t, db.Source{Client: dial(t, o)}); err != nil {
		t.Errorf("with the authority: %v", err)
	}
	o.ServerName = "db.elsewhere.example"
	_, _, err = dump(t, db.Source{Client: dial(t, o)})
	wantError(t, err, nil, "another name")
	o.ServerName = "example.com" // which httptest's certificate holds
	if _, _, err := dump(t, db.Source{Client: dial(t, o)}); err != nil {
		t.Errorf("with the certificate's name: %v", err)
	}
}
