package gcs_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/gcstest"
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

func (p *proxy) start(t *testing.T, srv *gcstest.Server) *gcstest.Server {
	t.Helper()
	target, err := url.Parse(srv.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // the server names uploads by it
			r.SetXForwarded()
		},
		ModifyResponse: func(r *http.Response) error {
			if p.after == nil {
				return nil
			}
			return p.after(r)
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { p.cut(w) },
	}
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.before == nil || !p.before(w, r) {
			forward.ServeHTTP(w, r)
		}
	}))
	if p.tls {
		front.EnableHTTP2 = true // as Google has it
		front.StartTLS()
		p.cert = front.Certificate()
	} else {
		front.Start()
	}
	t.Cleanup(front.Close)
	behind := *srv
	behind.Endpoint = front.URL
	return &behind
}

// authority is a file with the certificate of a proxy with tls.
func (p *proxy) authority(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
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

// The requests of a Put.
func isSingle(r *http.Request) bool { return r.URL.Query().Get("uploadType") == "multipart" }
func isPart(r *http.Request, from int) bool {
	return strings.HasPrefix(r.Header.Get("Content-Range"), "bytes "+strconv.Itoa(from)+"-")
}
func isLast(r *http.Request) bool {
	parts := r.Header.Get("Content-Range")
	return isSingle(r) || parts != "" && !strings.HasSuffix(parts, "/*")
}

// refuse answers as Google does, when it has read the request: before that, the
// SDK may still send what it is about to overwrite.
func refuse(w http.ResponseWriter, r *http.Request, code int, reason, message string) bool {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(code)
	item := map[string]string{"domain": "global", "reason": reason, "message": message}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"error": map[string]any{"code": code, "message": message, "errors": []any{item}},
	})
	return true
}

// edit changes the object or bucket of an answer.
func edit(r *http.Response, change func(map[string]any)) error {
	body, err := editJSON(r.Body, change)
	if err != nil {
		return err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

func editJSON(r io.ReadCloser, change func(map[string]any)) ([]byte, error) {
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var what map[string]any
	if json.Unmarshal(data, &what) != nil || what == nil {
		return data, nil
	}
	change(what)
	return json.Marshal(what)
}
