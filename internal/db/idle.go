package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// errIdle is what a server's silence is.
var errIdle = errors.New("the server said nothing")

// A watch cancels a request when we wait for the server and nothing moves for a
// while. The length of an answer is never bounded, only silence is; nor does
// it count how long our own side takes with what arrived.
type watch struct {
	timer *time.Timer
	idle  time.Duration
	done  context.CancelCauseFunc
	// alive, if not nil, asks a silent server whether it is at work: some
	// requests are answered only when they are done, however long that takes.
	alive func() bool

	mu       sync.Mutex
	waiting  bool
	answered bool
	moves    int // how often something moved
}

func newWatch(idle time.Duration, cancel context.CancelCauseFunc) *watch {
	w := &watch{idle: idle, done: cancel, waiting: true}
	w.timer = time.AfterFunc(idle, w.silence)
	return w
}

// silence is what the timer calls.
func (w *watch) silence() {
	w.mu.Lock()
	moves, ask := w.moves, w.alive
	w.mu.Unlock()
	alive := ask != nil && ask()
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !w.waiting || w.moves != moves: // meanwhile
	case alive:
		w.timer.Reset(w.idle)
	default:
		w.done(fmt.Errorf("%w for %s", errIdle, w.idle))
	}
}

// asks sets alive.
func (w *watch) asks(alive func() bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alive = alive
}

// sent says that the server took a part of the request. Behind the beginning of
// the answer it means nothing: a server may answer before it has read all.
func (w *watch) sent() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.answered {
		w.moves++
		w.timer.Reset(w.idle)
	}
}

// answer says that the answer begins.
func (w *watch) answer() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answered, w.waiting = true, false
	w.timer.Stop()
}

// wait begins to wait for the server, rest ends it.
func (w *watch) wait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = true
	w.moves++
	w.timer.Reset(w.idle)
}

func (w *watch) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = false
	w.timer.Stop()
}

func (w *watch) stop() {
	w.rest()
	w.done(context.Canceled)
}

// A sending reader is a request's body: each read of it says that the server
// took what came before.
type sending struct {
	io.Reader
	watch *watch
}

func (r *sending) Read(p []byte) (int, error) {
	r.watch.sent()
	return r.Reader.Read(p)
}

// A watchedBody is an answer's body. Its errors say that it was silence, where
// it was.
type watchedBody struct {
	io.ReadCloser
	watch *watch
	ctx   context.Context // of the request, to tell why a read failed
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.watch.wait()
	n, err := b.ReadCloser.Read(p)
	b.watch.rest()
	if err != nil && err != io.EOF {
		if cause := context.Cause(b.ctx); cause != nil && errors.Is(cause, errIdle) {
			err = cause
		}
	}
	return n, err
}

func (b *watchedBody) Close() error {
	b.watch.stop()
	return b.ReadCloser.Close()
}

// alive asks a server that is silent whether it is well.
func (c *Client) alive(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, c.opt.Idle)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/health", nil)
	if err != nil {
		return false
	}
	res, err := c.http.Do(req)
	if err != nil {
		return false
	}
	_, err = readAnswer(res)
	return err == nil && res.StatusCode == http.StatusOK
}
