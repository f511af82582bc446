package transport

import (
	"context"
	"net"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A conn fails after silence: each byte in one direction is a sign of life for
// the other one too. Bytes of both count for the bandwidth.
type conn struct {
	net.Conn
	silence   time.Duration
	bandwidth *storage.Bandwidth
}

func (c *conn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	if c.bandwidth == nil {
		return c.Conn.Read(p)
	}
	n, err := c.Conn.Read(p[:min(len(p), storage.BandwidthPiece)])
	// The wait is short, and a connection has no context.
	if werr := c.bandwidth.Wait(context.Background(), n); werr != nil {
		return n, werr
	}
	return n, err
}

func (c *conn) Write(p []byte) (written int, err error) {
	// Small pieces, because a whole part on a slow line is not silence.
	for {
		piece := p[:min(storage.BandwidthPiece, len(p))]
		if err := c.bandwidth.Wait(context.Background(), len(piece)); err != nil {
			return written, err
		}
		if err := c.SetDeadline(time.Now().Add(c.silence)); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(piece)
		written += n
		p = p[n:]
		if err != nil || len(p) == 0 {
			return written, err
		}
	}
}
