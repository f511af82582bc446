package faultproxy_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/faultproxy"
)

var text = strings.Repeat("a line of a dump\n", 1000)

// server answers /text with text, in chunks where asked to, and the rest with
// what it was sent.
func server(t *testing.T) *faultproxy.Proxy {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/text":
			w.WriteHeader(http.StatusOK)
			for at := 0; at < len(text); at += 1000 {
				io.WriteString(w, text[at:at+1000])
				http.NewResponseController(w).Flush()
			}
		case "/length":
			io.WriteString(w, text[:1000])
		default:
			w.WriteHeader(http.StatusTeapot)
			io.Copy(w, r.Body)
		}
	}))
	t.Cleanup(srv.Close)
	return faultproxy.New(t, srv.URL)
}

// get returns the answer's status and body, and how the reading ended.
func get(t *testing.T, ctx context.Context, url string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("asked"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close() // read to its end below
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, string(body), err
}

func TestFaults(t *testing.T) {
	t.Parallel()
	upper := faultproxy.Filter(func(r io.Reader) io.Reader {
		all, err := io.ReadAll(r)
		if err != nil {
			t.Error(err)
		}
		return bytes.NewReader(bytes.ToUpper(all))
	})
	for _, c := range []struct {
		name, path string
		fault      faultproxy.Fault
		status     int
		body       string
		broken     bool
	}{
		{"none", "/text", faultproxy.Fault{}, 200, text, false},
		{"none, other path", "/echo", faultproxy.Fault{}, http.StatusTeapot, "asked", false},
		{"cut", "/text", faultproxy.Cut(1500), 200, text[:1500], false},
		{"cut to nothing", "/text", faultproxy.Cut(0), 200, "", false},
		{"cut with a length", "/length", faultproxy.Cut(10), 200, text[:10], false},
		{"cut behind the end", "/length", faultproxy.Cut(5000), 200, text[:1000], false},
		{"drop", "/text", faultproxy.Drop(1500), 200, text[:1500], true},
		{"drop at once", "/text", faultproxy.Drop(0), 200, "", true},
		{"drop with a length", "/length", faultproxy.Drop(10), 200, text[:10], true},
		{"drop at the very end", "/text", faultproxy.Drop(int64(len(text))), 200, text, true},
		{"filter", "/text", upper, 200, strings.ToUpper(text), false},
		{"answer", "/text", faultproxy.Answer(503, "text/html", "<p>later"), 503, "<p>later", false},
		{"empty answer", "/text", faultproxy.Answer(200, "", ""), 200, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := server(t)
			p.Fault(c.path, c.fault)
			status, body, err := get(t, t.Context(), p.URL+c.path)
			if status != c.status || body != c.body || (err != nil) != c.broken {
				t.Errorf("got status %d, %d bytes, error %v; want %d, %d bytes, an error: %v", status, len(body), err, c.status, len(c.body), c.broken)
			}
			if c.broken && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %v, want an unexpected end", err)
			}
			p.Fault(c.path, faultproxy.Fault{})
			if _, body, err := get(t, t.Context(), p.URL+c.path); err != nil || body == "" || strings.HasPrefix(body, "<") {
				t.Errorf("healed: got %.20q, %v", body, err)
			}
			if n := p.Count(c.path); n != 2 {
				t.Errorf("counted %d requests, want 2", n)
			}
		})
	}
}

func TestStall(t *testing.T) {
	t.Parallel()
	p := server(t)
	release := make(chan struct{})
	p.Fault("/text", faultproxy.Stall(1500, release))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/text", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() // read to its end below
	head := make([]byte, 1500)
	if _, err := io.ReadFull(res.Body, head); err != nil {
		t.Fatal(err)
	}
	close(release)
	rest, err := io.ReadAll(res.Body)
	if err != nil || string(head)+string(rest) != text {
		t.Errorf("got %d bytes, %v, want all of %d", len(head)+len(rest), err, len(text))
	}
}

// Nobody releases: the client gives up, and the test's end is not held up.
func TestStallForEver(t *testing.T) {
	t.Parallel()
	p := server(t)
	p.Fault("/text", faultproxy.Stall(10, nil))
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/text", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() // broken off below
	if _, err := io.ReadFull(res.Body, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(res.Body); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the client's own reason", err)
	}
	// A second one is left hanging when the test ends.
	res, err = http.DefaultClient.Get(p.URL + "/text")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
}

// A server that is not there is a broken connection, not a page of the proxy's.
func TestNoServer(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	p := faultproxy.New(t, srv.URL)
	if status, _, err := get(t, t.Context(), p.URL+"/text"); err == nil {
		t.Errorf("got status %d, want an error", status)
	}
}
