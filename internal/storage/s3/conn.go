package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// silence is how long a connection may carry nothing in either direction.
const silence = 2 * time.Minute

// httpClient trusts roots and gives up on connections that fall silent, however
// long they have been of use.
func httpClient(roots *x509.CertPool) *awshttp.BuildableClient {
	// The SDK's own timeout counts an upload of which the answer is still to
	// come as silence.
	return awshttp.NewBuildableClient().WithReadTimeout(0).WithTransportOptions(func(t *http.Transport) {
		if roots != nil {
			t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
		}
		dial := t.DialContext
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &conn{c}, nil
		}
	})
}

// A conn fails after silence: each byte in one direction is a sign of life for
// the other one too.
type conn struct{ net.Conn }

func (c *conn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(silence)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *conn) Write(p []byte) (written int, err error) {
	// Small pieces, because a whole part on a slow line is not silence.
	const piece = 64 << 10
	for {
		if err := c.SetDeadline(time.Now().Add(silence)); err != nil {
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
