package backup

import (
	"context"
	"errors"
	"io"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// errEarly is what a store did that ended a Put well before the end of the data.
var errEarly = errors.New("put ended before the data did")

// An outlet is one destination during a run.
type outlet struct {
	Destination
	w       *io.PipeWriter
	r       *io.PipeReader
	dropped bool // of the fan: it takes no more
	taken   func(string, int)

	skipped string // why it need not take the backup
	unseen  bool
	lock    storage.Lock

	// They are Put's until it has returned.
	bytes int64
	whole bool // io.EOF was seen
	err   error
}

func newOutlet(d Destination, taken func(string, int)) *outlet {
	o := &outlet{Destination: d, taken: taken}
	o.r, o.w = io.Pipe()
	return o
}

// put stores what comes through the pipe, until that ends.
func (o *outlet) put(ctx context.Context, key catalog.Key) {
	o.err = o.Store.Put(ctx, key.String(), o, storage.PutOptions{Kind: key.Kind, Class: o.Class, Lock: o.lock})
	if o.err == nil && !o.whole {
		o.err = errEarly
	}
}

// Read counts what the store takes.
func (o *outlet) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	o.bytes += int64(n)
	if o.taken != nil {
		o.taken(o.Name, n)
	}
	o.whole = o.whole || err == io.EOF
	return n, err
}
