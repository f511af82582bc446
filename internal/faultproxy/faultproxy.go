// Package faultproxy puts a proxy between a client and a real server, for tests
// only, and lets it do harm: end an answer early in every way that networks and
// servers know, keep silent, or answer something else.
package faultproxy

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// A Proxy passes requests on to one server, but for paths that have a Fault.
type Proxy struct {
	URL string // of the proxy, on loopback

	forward *httputil.ReverseProxy

	mu     sync.Mutex
	faults map[string]Fault
	counts map[string]int
}

// New starts a proxy in front of the server at target. It ends with the test,
// and lets go of whoever it keeps waiting.
func New(t testing.TB, target string) *Proxy {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	p := &Proxy{faults: map[string]Fault{}, counts: map[string]int{}}
	p.forward = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport:     transport,
		FlushInterval: -1, // what the server sent is there before a fault comes
		ModifyResponse: func(res *http.Response) error {
			if f, ok := res.Request.Context().Value(faultKey{}).(Fault); ok && f.answer != nil {
				f.answer(res)
			}
			return nil
		},
		// The client sees a broken connection where there was one.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	srv := httptest.NewServer(p)
	p.URL = srv.URL
	t.Cleanup(func() {
		srv.CloseClientConnections() // a stalled answer ends with its connection
		srv.Close()
		transport.CloseIdleConnections()
	})
	return p
}

// Fault lets every further answer to path go wrong; the last fault that was set
// counts, and the zero Fault heals.
func (p *Proxy) Fault(path string, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults[path] = f
}

// Count returns how many requests for path there were so far.
func (p *Proxy) Count(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[path]
}

func (p *Proxy) take(path string) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[path]++
	return p.faults[path]
}

// ServeHTTP passes a request on, or does not.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := p.take(r.URL.Path)
	// All of the request first: a server closes what is left of one when it
	// begins to answer, and the proxy would break its own connection over that.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if f.instead != nil {
		f.instead(w)
		return
	}
	r = r.WithContext(withFault(r.Context(), f))
	r.Body = io.NopCloser(bytes.NewReader(body))
	p.forward.ServeHTTP(eager{w}, r)
}

// An eager writer lets the client have the head of an answer at once: a body
// that breaks on its first byte would take it along, now and then.
type eager struct{ http.ResponseWriter }

func (e eager) WriteHeader(status int) {
	e.ResponseWriter.WriteHeader(status)
	_ = http.NewResponseController(e.ResponseWriter).Flush() // a client that is gone needs no head
}

// Unwrap is for http.ResponseController.
func (e eager) Unwrap() http.ResponseWriter { return e.ResponseWriter }
