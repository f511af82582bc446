package backup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Run takes one backup. Without a Result there is none anywhere: the source
// failed or was not proved, every destination failed before the end, or ctx
// ended. With a Result the error says which required destinations lack it, or
// that all do.
// A destination that is not due is skipped; where none is, nothing is read and
// the Result has no Manifest.
func Run(ctx context.Context, j Job) (*Result, error) {
	res, err := run(ctx, &j)
	if err != nil {
		return nil, fmt.Errorf("back up %s: %w", j.Source, err)
	}
	if err := res.err(); err != nil {
		return res, fmt.Errorf("back up %s: %w", j.Source, err)
	}
	return res, nil
}

func run(ctx context.Context, j *Job) (*Result, error) {
	start := j.Now()
	m := &catalog.Manifest{
		Format: catalog.Format, Kind: j.Kind, Source: j.Source,
		Tool: j.Tool, Started: start.UTC().Round(0), Host: j.Host,
		Compression: catalog.Compression{Algorithm: catalog.ZstdSeekable, Level: cmp.Or(j.Level, 1), FrameSize: archive.FrameSize},
		Recipients:  j.Recipients.Fingerprints(),
	}
	var err error
	if m.ID, err = catalog.NewID(start, j.Random); err != nil {
		return nil, err
	}
	key, err := j.data(m.ID)
	if err != nil {
		return nil, err
	}
	outlets := j.prepare(ctx, start.UTC().Truncate(time.Second)) // as its ID has it
	if err := storage.Ended(ctx); err != nil {
		return nil, err
	}
	due := takers(outlets)
	if len(due) == 0 {
		return j.idle(outlets)
	}
	companion, err := j.stream(ctx, key, due, m)
	if err != nil {
		return nil, err
	}
	// A clock that was put back must not cost the backup.
	m.Finished = start.Add(max(0, j.Now().Sub(start))).UTC().Round(0)
	signed, err := catalog.Sign(m, j.Signer)
	if err != nil {
		return nil, err
	}
	if err := storage.Ended(ctx); err != nil {
		return nil, err
	}
	c := committer{key: key.With(catalog.SecretsSuffix), tags: j.Tags, companion: companion, signed: signed}
	return j.commit(ctx, c, outlets, m, start), nil
}

// takers are the outlets that are to take the backup.
func takers(all []*outlet) []*outlet {
	var due []*outlet
	for _, o := range all {
		if o.err == nil && o.skipped == "" {
			due = append(due, o)
		}
	}
	return due
}

// idle is the end of a run whose source need not be read: nothing is due, or
// those where it is due failed.
func (j *Job) idle(outlets []*outlet) (*Result, error) {
	res := &Result{}
	var errs []error
	absent := 0
	for _, o := range outlets {
		if o.skipped == offline {
			absent++
		}
		res.Destinations = append(res.Destinations, o.stored(0))
		if o.err != nil {
			errs = append(errs, fmt.Errorf("store at %s: %w", o.Name, o.err))
		}
	}
	if absent == len(outlets) {
		errs = append(errs, fmt.Errorf("no destination is there: %w", storage.ErrOffline))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return res, nil
}
