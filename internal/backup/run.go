package backup

import (
	"cmp"
	"context"
	"fmt"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Run takes one backup. Without a Result there is none anywhere: the source
// failed or was not proved, every destination failed before the end, or ctx
// ended. With a Result the error says which required destinations lack it, or
// that all do.
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
	fan, companion, err := j.stream(ctx, key, m)
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
	c := committer{key: key.With(catalog.SecretsSuffix), companion: companion, signed: signed}
	return j.commit(ctx, c, fan, m, start), nil
}
