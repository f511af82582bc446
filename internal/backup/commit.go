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
func (j *Job) commit(ctx context.Context, c committer, outlets []*outlet, m *catalog.Manifest, start time.Time) *Result {
	res := &Result{Manifest: m, Destinations: make([]Stored, len(outlets))}
	var running sync.WaitGroup
	for i, o := range outlets {
		running.Go(func() {
			if o.err == nil && o.skipped == "" {
				o.err = c.commit(ctx, o)
			}
			res.Destinations[i] = o.stored(j.Now().Sub(start))
		})
	}
	running.Wait()
	return res
}

// stored is what became of the outlet.
func (o *outlet) stored(took time.Duration) Stored {
	return Stored{
		Name: o.Name, Required: o.Required, Skipped: o.skipped, Bytes: o.bytes, Seconds: took.Seconds(),
		Lock: o.lock, Class: o.Class, Unseen: o.unseen, Err: o.err,
		Unlocked: o.unseen && o.Destination.Lock.Mode != "" && o.lock.IsZero(),
	}
}

// A committer holds what follows the data, the same for all.
type committer struct {
	key       catalog.Key
	tags      []string
	companion []byte
	signed    *catalog.Signed
}

func (c committer) commit(ctx context.Context, o *outlet) error {
	opt := storage.PutOptions{Kind: c.key.Kind, Lock: o.lock}
	if c.companion != nil {
		if err := o.Store.Put(ctx, c.key.String(), bytes.NewReader(c.companion), opt); err != nil {
			return err
		}
		o.bytes += int64(len(c.companion))
	}
	e := catalog.Entry{Kind: c.key.Kind, Source: c.key.Source, ID: c.key.ID}
	for _, tag := range c.tags {
		if err := catalog.Tag(ctx, o.Store, e, tag, opt); err != nil {
			return err
		}
	}
	return catalog.Commit(ctx, o.Store, c.signed, opt)
}
