package s3

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// httpClient trusts roots and gives up on connections that fall silent, however
// long they have been of use.
func httpClient(roots *x509.CertPool, silence time.Duration) *awshttp.BuildableClient {
	// The SDK's own timeout counts an upload of which the answer is still to
	// come as silence.
	return awshttp.NewBuildableClient().WithReadTimeout(0).WithTransportOptions(func(t *http.Transport) {
		if roots != nil {
			t.TLSClientConfig.RootCAs = roots
		}
		dial := t.DialContext
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &conn{c, silence}, nil
		}
	})
}

// A conn fails after silence: each byte in one direction is a sign of life for
// the other one too.
type conn struct {
	net.Conn
	silence time.Duration
}

func (c *conn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *conn) Write(p []byte) (written int, err error) {
	// Small pieces, because a whole part on a slow line is not silence.
	const piece = 64 << 10
	for {
		if err := c.SetDeadline(time.Now().Add(c.silence)); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(p[:min(piece, len(p))])
		written += n
		p = p[n:]
		if err != nil || len(p) == 0 {
			return written, err
		}
	}
}

// provider marks the errors of the SDK's search for credentials, which else
// look like those of a server that cannot be reached.
type provider struct{ aws.CredentialsProvider }

func (p *provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := p.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return c, &noCredentials{err}
	}
	return c, nil
}

type noCredentials struct{ err error }

func (e *noCredentials) Error() string { return "find credentials: " + e.err.Error() }
func (e *noCredentials) Unwrap() error { return e.err }
