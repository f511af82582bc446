package faultproxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// A Fault says what happens to an answer. The zero Fault is none.
type Fault struct {
	answer  func(*http.Response)      // changes the server's answer
	instead func(http.ResponseWriter) // answers in the server's place
}

// Cut ends the answer after n bytes of its body as if that were all: a reader
// sees no error. An answer of n bytes or less is whole.
func Cut(n int64) Fault {
	return Filter(func(r io.Reader) io.Reader { return io.LimitReader(r, n) })
}

// Drop breaks the connection after n bytes of the answer's body.
func Drop(n int64) Fault {
	return Filter(func(r io.Reader) io.Reader { return io.MultiReader(io.LimitReader(r, n), broken{}) })
}

// Stall keeps silent after n bytes of the answer's body until release is
// closed, and then goes on; or until the client or the test gives up.
func Stall(n int64, release <-chan struct{}) Fault {
	return Fault{answer: func(res *http.Response) {
		pass(res, io.MultiReader(io.LimitReader(res.Body, n), &stalled{ctx: res.Request.Context(), release: release}, res.Body))
	}}
}

// Filter lets the answer's body be what f makes of it. An error of f's reader
// other than io.EOF breaks the connection.
func Filter(f func(io.Reader) io.Reader) Fault {
	return Fault{answer: func(res *http.Response) { pass(res, f(res.Body)) }}
}

// Answer never asks the server: it answers with a status and a body, which may
// be empty.
func Answer(status int, contentType, body string) Fault {
	return Fault{instead: func(w http.ResponseWriter) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // who does not listen need not hear
	}}
}

// pass gives an answer another body, and no length: it comes in chunks and ends
// when the body does.
func pass(res *http.Response, body io.Reader) {
	res.Header.Del("Content-Length")
	res.ContentLength = -1
	res.Body = struct {
		io.Reader
		io.Closer
	}{body, res.Body}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the proxy drops the connection") }

// A stalled reader is empty, and takes its time to say so.
type stalled struct {
	ctx     context.Context // of the request; ends with the client's connection
	release <-chan struct{}
}

func (s *stalled) Read([]byte) (int, error) {
	select {
	case <-s.release:
		return 0, io.EOF
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	}
}

type faultKey struct{}

func withFault(ctx context.Context, f Fault) context.Context {
	return context.WithValue(ctx, faultKey{}, f)
}
