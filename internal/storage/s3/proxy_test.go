package s3_test

import (
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
)

// A proxy lies between a store and a real server and does harm.
type proxy struct {
	// before may take a request over (and says so), or only look at it.
	before func(w http.ResponseWriter, r *http.Request) bool
	// after may change an answer, or fail it.
	after func(*http.Response) error
	// alone says of which requests the server is given one at a time.
	alone func(*http.Request) bool

	one  sync.Mutex
	cuts atomic.Int64 // connections that were reset
	tls  bool
	cert *x509.Certificate // its own, with tls
}

func (p *proxy) start(t *testing.T, srv *s3test.Server) *s3test.Server {
	t.Helper()
	target, err := url.Parse(srv.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is signed
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
		if p.before != nil && p.before(w, r) {
			return
		}
		if p.alone != nil && p.alone(r) {
			p.one.Lock()
			defer p.one.Unlock()
		}
		forward.ServeHTTP(w, r)
	}))
	if p.tls {
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
