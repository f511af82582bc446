package azblob

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
)

// A payload is what one request sends, as often as it is tried. The SDK reads
// one reader for all attempts, while net/http may still be reading it for one
// that was answered before its end.
type payload struct {
	data []byte
	open sync.WaitGroup // bodies that may still be read
}

type payloadKey struct{}

// with returns a context for the request, which sender.Do looks into.
func (p *payload) with(ctx context.Context) context.Context {
	return context.WithValue(ctx, payloadKey{}, p)
}

// wait returns when no attempt reads the data any more.
func (p *payload) wait() { p.open.Wait() }

// body returns one attempt's own reader.
func (p *payload) body() io.ReadCloser {
	p.open.Add(1)
	return &attempt{Reader: bytes.NewReader(p.data), done: sync.OnceFunc(p.open.Done)}
}

type attempt struct {
	*bytes.Reader
	done func()
}

func (a *attempt) Close() error {
	a.done()
	return nil
}

// fresh returns the request with a body of its own.
func fresh(req *http.Request) (*http.Request, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, nil
	}
	p, ok := req.Context().Value(payloadKey{}).(*payload)
	if !ok { // a list of blocks
		data, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		p = &payload{data: data}
	}
	out := req.Clone(req.Context())
	out.Body = p.body()
	out.GetBody = func() (io.ReadCloser, error) { return p.body(), nil }
	return out, nil
}
