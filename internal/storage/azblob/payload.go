package azblob

import (
	"bytes"
	"io"
	"net/http"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// A payload is what one request sends, as often as it is tried.
type payload struct {
	*bytes.Reader // for the SDK, which asks how long it is
	data          []byte
	open          sync.WaitGroup // bodies that may still be read
}

func newPayload(data []byte) *payload {
	return &payload{Reader: bytes.NewReader(data), data: data}
}

// Close does nothing: the SDK closes when net/http may not be done yet.
func (p *payload) Close() error { return nil }

// wait returns when no attempt reads the data any more.
func (p *payload) wait() { p.open.Wait() }

// body returns one attempt's own reader.
func (p *payload) body() io.ReadCloser {
	p.open.Add(1)
	return &attempt{bytes.NewReader(p.data), sync.OnceFunc(p.open.Done)}
}

type attempt struct {
	*bytes.Reader
	done func()
}

func (a *attempt) Close() error {
	a.done()
	return nil
}

// ownBodies is a policy that gives each attempt a body of its own. The SDK has
// one reader for all, while net/http may still be reading it for an attempt
// that was answered before its end.
type ownBodies struct{}

// Do implements policy.Policy.
func (ownBodies) Do(req *policy.Request) (*http.Response, error) {
	if req.Body() == nil {
		return req.Next()
	}
	p, ok := req.Body().(*payload)
	if !ok { // a list of blocks
		data, err := io.ReadAll(req.Body())
		if err != nil {
			return nil, err
		}
		p = newPayload(data)
	}
	req.Raw().Body, req.Raw().GetBody = p.body(), nil // whoever gets one need not close it
	return req.Next()
}
