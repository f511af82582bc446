// Package transport is what the stores behind HTTP share: whom they trust, when
// they give a connection up, how fast they may be, and what time it is there.
package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// DefaultSilence is how long a connection may carry nothing.
const DefaultSilence = 2 * time.Minute

// Options say how to connect. The zero value is the system's authorities, the
// default silence and no bound to the bandwidth.
type Options struct {
	CAFile    string        // PEM; trusted beside the system's authorities
	Silence   time.Duration // after which a connection is given up, however long it was of use; 0: DefaultSilence
	Bandwidth *storage.Bandwidth
}

// New returns a transport with the options.
func New(o Options) (*http.Transport, error) {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the default transport is not the library's")
	}
	t = t.Clone()
	apply, err := o.Load()
	if err != nil {
		return nil, err
	}
	apply(t)
	return t, nil
}

// Load reads the authorities and returns what puts the options into a
// transport.
func (o Options) Load() (apply func(*http.Transport), err error) {
	roots, err := o.roots()
	if err != nil {
		return nil, err
	}
	silence := o.Silence
	if silence == 0 {
		silence = DefaultSilence
	}
	return func(t *http.Transport) {
		if roots != nil {
			c := &tls.Config{MinVersion: tls.VersionTLS12}
			if t.TLSClientConfig != nil {
				c = t.TLSClientConfig.Clone()
			}
			c.RootCAs, t.TLSClientConfig = roots, c
		}
		dial := t.DialContext
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &conn{c, silence, o.Bandwidth}, nil
		}
	}, nil
}

// roots returns the authorities to trust; nil are the system's.
func (o Options) roots() (*x509.CertPool, error) {
	if o.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("read authorities: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read authorities: %s holds no PEM certificate", o.CAFile)
	}
	return pool, nil
}

// clockTimeout is how long Time waits: it is asked before anything is done.
const clockTimeout = 30 * time.Second

// Time asks the server at a URL what time it is. Every answer tells, also one
// that refuses; it is zero where the server does not.
func Time(ctx context.Context, rt http.RoundTripper, url string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, clockTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask for the time: %w", err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask for the time: %w", err)
	}
	resp.Body.Close() // empty
	t, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}, nil // it does not say
	}
	return t.UTC(), nil
}
