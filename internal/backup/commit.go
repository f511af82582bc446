package backup

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// commit makes the backup exist at every destination that took the data.
func (j *Job) commit(ctx context.Context, c committer, f *fan, m *catalog.Manifest, start time.Time) *Result {
	res := &Result{Manifest: m, Destinations: make([]Stored, len(f.outlets))}
	var running sync.WaitGroup
	for i, o := range f.outlets {
		running.Go(func() {
			if o.err == nil {
				o.err = c.commit(ctx, o)
			}
			res.Destinations[i] = Stored{
				Name: o.Name, Required: o.Required, Bytes: o.bytes, Err: o.err,
				Seconds: j.Now().Sub(start).Seconds(),
			}
		})
	}
	running.Wait()
	return res
}

// A committer holds what follows the data, the same for all.
type committer struct {
	key       catalog.Key
	companion []byte
	signed    *catalog.Signed
}

func (c committer) commit(ctx context.Context, o *outlet) error {
	if c.companion != nil {
		if err := o.Store.Put(ctx, c.key.String(), bytes.NewReader(c.companion), storage.PutOptions{Kind: c.key.Kind}); err != nil {
			return err
		}
		o.bytes += int64(len(c.companion))
	}
	return catalog.Commit(ctx, o.Store, c.signed)
}
