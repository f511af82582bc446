package backup

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// errNowhere ends a source that nobody listens to any more.
var errNowhere = errors.New("every destination failed")

// A fan is one stream to all destinations, in lock step: the slowest sets the
// pace, and no byte waits in memory for it. One that fails is dropped.
type fan struct {
	outlets []*outlet
	running sync.WaitGroup
	alive   atomic.Int64
}

// spread starts a Put at each destination. It calls nowhere when the last of
// them has failed. The caller ends the fan with close or fail, one of them.
func spread(ctx context.Context, key catalog.Key, to []*outlet, nowhere func()) *fan {
	f := &fan{outlets: to}
	f.alive.Store(int64(len(to)))
	for _, o := range to {
		f.running.Go(func() {
			o.put(ctx, key)
			if o.err != nil && f.alive.Add(-1) == 0 {
				nowhere()
			}
			// Last: who waits in Write must find the count right.
			o.r.CloseWithError(errNowhere)
		})
	}
	return f
}

// Write returns when every destination has taken p, or was dropped.
func (f *fan) Write(p []byte) (int, error) {
	taken := false
	for _, o := range f.outlets {
		if o.dropped {
			continue
		}
		if _, err := o.w.Write(p); err != nil {
			o.dropped = true
			continue
		}
		taken = true
	}
	if !taken {
		return 0, errNowhere
	}
	return len(p), nil
}

// deserted reports whether no destination is left; then nothing runs any more
// and each has its error.
func (f *fan) deserted() bool { return f.alive.Load() == 0 }

// close ends the stream as whole, and waits for the destinations to store it.
func (f *fan) close() {
	for _, o := range f.outlets {
		o.w.Close()
	}
	f.running.Wait()
}

// fail ends the stream as worthless: no destination may keep it.
func (f *fan) fail(err error) {
	f.interrupt(err)
	f.running.Wait()
}

// interrupt is fail without the wait.
func (f *fan) interrupt(err error) {
	// Wrapped, for a bare io.EOF would read as the end of a good stream.
	err = fmt.Errorf("backup given up: %w", err)
	for _, o := range f.outlets {
		o.w.CloseWithError(err)
	}
}

// blame returns what err, the end of the source, goes back to: the end of ctx,
// the failure of all destinations, or the source.
func (f *fan) blame(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return storage.Ended(ctx)
	case !f.deserted():
		return err
	}
	var errs []error
	for _, o := range f.outlets {
		errs = append(errs, fmt.Errorf("store at %s: %w", o.Name, o.err))
	}
	return errors.Join(errs...)
}
