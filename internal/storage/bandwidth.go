package storage

import (
	"context"
	"io"

	"golang.org/x/time/rate"
)

// A Bandwidth bounds how many bytes a second pass, over all that share it. A
// nil one bounds nothing. It is safe for concurrent use.
type Bandwidth struct{ limiter *rate.Limiter }

// BandwidthPiece is the most that may be asked for at once, in bytes.
const BandwidthPiece = 64 << 10

// NewBandwidth returns one of so many bytes a second, nil for zero.
func NewBandwidth(perSecond int64) *Bandwidth {
	if perSecond <= 0 {
		return nil
	}
	return &Bandwidth{rate.NewLimiter(rate.Limit(perSecond), BandwidthPiece)}
}

// Wait returns when n more bytes, BandwidthPiece at most, may pass, or with
// ctx's error when that ends first.
func (b *Bandwidth) Wait(ctx context.Context, n int) error {
	if b == nil {
		return nil
	}
	return b.limiter.WaitN(ctx, n)
}

// Reader returns a reader that gives no more of r than may pass.
func (b *Bandwidth) Reader(ctx context.Context, r io.Reader) io.Reader {
	if b == nil {
		return r
	}
	return &limited{ctx, b, r}
}

type limited struct {
	ctx context.Context // io.Reader has no room for it
	b   *Bandwidth
	r   io.Reader
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p[:min(len(p), BandwidthPiece)])
	if werr := l.b.Wait(l.ctx, n); werr != nil && err == nil {
		err = Ended(l.ctx)
	}
	return n, err
}
