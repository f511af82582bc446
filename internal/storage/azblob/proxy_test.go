package azblob_test

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/azuretest"
)

// A proxy lies between a store and a real server and does harm.
type proxy struct {
	// before may take a request over (and says so), or only look at it.
	before func(w http.ResponseWriter, r *http.Request) bool
	// after may change an answer, or fail it.
	after func(*http.Response) error

	cuts atomic.Int64 // connections that were reset
	tls  bool
	cert *x509.Certificate // its own, with tls
}

func (p *proxy) start(t *testing.T, srv *azuretest.Server) *azuretest.Server {
	t.Helper()
	target, err := url.Parse(srv.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	account := target.Path
	target.Path = ""
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error {
			if p.after == nil {
				return nil
			}
			return p.after(r)
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { p.cut(w) },
		ErrorLog:     log.New(io.Discard, "", 0), // of bodies that are cut on purpose
	}
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.before == nil || !p.before(w, r) {
			forward.ServeHTTP(w, r)
		}
	}))
	if p.tls {
		front.StartTLS()
		p.cert = front.Certificate()
	} else {
		front.Start()
	}
	t.Cleanup(front.Close)
	behind := *srv
	behind.Endpoint = front.URL + account
	return &behind
}

// cut resets the connection of a request.
func (p *proxy) cut(w http.ResponseWriter) {
	p.cuts.Add(1)
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.Close()
}

// cutAfter resets the connection when n bytes of the request's body were read.
func (p *proxy) cutAfter(w http.ResponseWriter, r *http.Request, n int64) bool {
	_, _ = io.CopyN(io.Discard, r.Body, n)
	p.cut(w)
	return true
}

// The kinds of requests that a Put makes.
func isBlock(r *http.Request) bool {
	return r.Method == http.MethodPut && r.URL.Query().Get("comp") == "block"
}

func isCommit(r *http.Request) bool {
	return r.Method == http.MethodPut && r.URL.Query().Get("comp") == "blocklist"
}

func isSingle(r *http.Request) bool {
	return r.Method == http.MethodPut && !r.URL.Query().Has("comp")
}

// isBlockNo reports whether a request stages the block of a number, as "000001".
func isBlockNo(r *http.Request, number string) bool {
	id, err := base64.StdEncoding.DecodeString(r.URL.Query().Get("blockid"))
	return err == nil && isBlock(r) && strings.HasSuffix(string(id), "-"+number)
}

// azureCodes has the server call refusals what Azure calls them. It says
// AuthorizationFailure of a wrong signature, and AuthorizationPermissionMismatch
// where one who may only create would replace.
func azureCodes(r *http.Response) error {
	const code = "X-Ms-Error-Code"
	switch {
	case r.StatusCode != http.StatusForbidden:
	case r.Header.Get(code) == "AuthorizationFailure":
		r.Header.Set(code, "AuthenticationFailed")
	case r.Header.Get(code) == "AuthorizationPermissionMismatch" && isSingle(r.Request):
		r.Header.Set(code, "UnauthorizedBlobOverwrite")
	}
	return nil
}

// refuse answers as Azure does.
func refuse(w http.ResponseWriter, status int, code string) bool {
	w.Header().Set("X-Ms-Error-Code", code)
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "\ufeff<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>The reason.\nRequestId:1\nTime:2</Message></Error>", code)
	return true
}
