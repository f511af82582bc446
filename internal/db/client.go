package db

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// A Level is where a user or a token is defined.
type Level int

// Levels of users.
const (
	Root Level = iota
	Namespace
	Database
)

// Options say how to reach one database.
type Options struct {
	URL                 string // http://host:8000
	Namespace, Database string
	Auth                Level
	Username, Password  string
	Token               string        // in the place of a user
	CA                  []byte        // PEM; nil is the system's
	ServerName          string        // that the certificate must hold, if it is not the URL's host
	Idle                time.Duration // how long a server may be silent; 0 is two minutes
	UserAgent           string
}

// A Client speaks HTTP with one SurrealDB about one database. It is safe for
// concurrent use. It creates nothing unless it is told to.
type Client struct {
	opt  Options
	base string
	http *http.Client
	// session is shared by all Clients of one user.
	session *session
}

// Dial checks the options and returns a Client. Nothing is contacted yet.
func Dial(o Options) (*Client, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return nil, errors.New("the server's URL is not http://host:port or https://host")
	}
	if o.Idle == 0 {
		o.Idle = 2 * time.Minute
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true // the server would spend its time on gzip
	transport.MaxIdleConnsPerHost = 16
	if o.CA != nil || o.ServerName != "" {
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: o.ServerName}
		if o.CA != nil {
			pool := x509.NewCertPool()
			if !pool.AppendCertsFromPEM(o.CA) {
				return nil, errors.New("the CA file has no certificate in PEM form")
			}
			transport.TLSClientConfig.RootCAs = pool
		}
	}
	return &Client{opt: o, base: strings.TrimRight(o.URL, "/"), session: &session{}, http: &http.Client{
		Transport: transport,
		// A redirect would turn a POST into a GET, and might take the password elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// inHeader says whether a server reads a name as it is where requests have it.
func inHeader(name string) bool {
	return strings.TrimSpace(name) == name && strings.IndexFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// WithDatabase returns a Client for another database of the same server.
func (c *Client) WithDatabase(namespace, database string) *Client {
	other := *c
	if c.opt.Auth != Root && namespace != c.opt.Namespace || c.opt.Auth == Database {
		other.session = &session{}
	}
	other.opt.Namespace, other.opt.Database = namespace, database
	return &other
}

// URL returns the server's address.
func (c *Client) URL() string { return c.base }

// Namespace and Database return the names that the Client is about.
func (c *Client) Namespace() string { return c.opt.Namespace }

// Database returns the database's name.
func (c *Client) Database() string { return c.opt.Database }

// User returns the name of the Client's user if that is defined in the database itself,
// else "".
func (c *Client) User() string {
	if c.opt.Auth != Database {
		return ""
	}
	return c.opt.Username
}

// Level returns where the Client's user is defined.
func (c *Client) Level() Level { return c.opt.Auth }

// A request is one exchange with the server.
type request struct {
	method, path        string
	namespace, database string
	body                []byte
	contentType         string
	anonymous           bool // no user is needed, and none is named
	reads               bool // it changes nothing and may be sent twice
	works               bool // it is answered when it is done, and not before
}

// do sends a request and returns the answer whatever its status. The body ends
// with an error when the server is silent for longer than Idle.
func (c *Client) do(ctx context.Context, r request) (*http.Response, error) {
	res, token, err := c.send(ctx, r, "")
	if err == nil && res.StatusCode == http.StatusUnauthorized && token != "" {
		if err := res.Body.Close(); err != nil {
			return nil, err
		}
		res, _, err = c.send(ctx, r, token) // it has expired
	}
	return res, err
}

// send is do, once. It returns the token that it used.
func (c *Client) send(ctx context.Context, r request, expired string) (*http.Response, string, error) {
	if !inHeader(r.namespace) || !inHeader(r.database) {
		return nil, "", hint.Wrap(fmt.Errorf("namespace %q, database %q: a request names them in headers, which take ASCII without white space at its ends", r.namespace, r.database),
			"use a name of plain ASCII: copy a source into a database that has one, and restore into one")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	watch := newWatch(c.opt.Idle, cancel)
	var body io.Reader
	if r.body != nil {
		body = &sending{Reader: bytes.NewReader(r.body), watch: watch}
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, body)
	if err != nil {
		watch.stop()
		return nil, "", err
	}
	if r.body != nil {
		req.ContentLength = int64(len(r.body))
		// A server closes idle connections, and all after a 401: a request that
		// meets such a one goes out again on another.
		req.GetBody = func() (io.ReadCloser, error) {
			return io.NopCloser(&sending{Reader: bytes.NewReader(r.body), watch: watch}), nil
		}
	}
	c.headers(req, r)
	if !r.anonymous {
		err = c.authorize(ctx, req, expired)
	}
	if r.works {
		watch.asks(func() bool { return c.alive(ctx) }) // and not while it signs in
	}
	var res *http.Response
	if err == nil {
		res, err = c.http.Do(req)
	}
	if err != nil {
		err = c.unreachable(ctx, err)
		watch.stop()
		return nil, "", err
	}
	watch.answer()
	res.Body = &watchedBody{res.Body, watch, ctx}
	token, _ := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	if c.opt.Token != "" || strings.HasPrefix(token, "Basic ") {
		token = ""
	}
	return res, token, nil
}

func (c *Client) headers(req *http.Request, r request) {
	h := req.Header
	h.Set("Accept", "application/json") // 1.x and 2.x refuse an import without it
	h.Set("Accept-Encoding", "identity")
	for name, value := range map[string]string{
		"User-Agent": c.opt.UserAgent, "Content-Type": r.contentType, "surreal-ns": r.namespace, "surreal-db": r.database,
	} {
		if value != "" {
			h.Set(name, value)
		}
	}
	if r.reads {
		h["Idempotency-Key"] = nil // tells our own transport; it is not sent
	}
}

// unreachable says why there is no answer.
func (c *Client) unreachable(ctx context.Context, err error) error {
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		err = urlErr.Err
	}
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%s: %w", c.base, cause)
	}
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.Is(err, http.ErrSchemeMismatch):
		return hint.Wrap(fmt.Errorf("reach %s: %w", c.base, err), "the server speaks no TLS at that address: write http:// in the url, or give it a certificate")
	case errors.As(err, &host):
		return hint.Wrap(fmt.Errorf("%s: the certificate is for another name: %w", c.base, err), "give the name in the certificate under tls.server_name, or to a restore with --to-server-name")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return hint.Wrap(fmt.Errorf("%s: %w", c.base, err), "renew the server's certificate; if it is in force, set this machine's clock right")
	case errors.As(err, &cert):
		return hint.Wrap(fmt.Errorf("%s: the certificate is not trusted: %w", c.base, cert.Err), "name the authority's certificate under tls.ca")
	}
	return hint.Wrap(fmt.Errorf("reach %s: %w", c.base, err), "is the server up, and is its address right?")
}
