package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// stream reads the source into every destination, tells in m what they hold
// then, and returns the sealed companion, if there is one. After an error they
// hold nothing, and nothing runs any more.
func (j *Job) stream(ctx context.Context, key catalog.Key, to []*outlet, m *catalog.Manifest) ([]byte, error) {
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	f := spread(ctx, key, to, func() { stop(errNowhere) })
	// A store may wait for the next byte, and only the end of the pipe ends that.
	unhook := context.AfterFunc(ctx, func() { f.interrupt(storage.Ended(ctx)) })
	defer unhook()

	a, err := archive.NewWriter(f, archive.Options{Level: j.Level, Workers: j.Workers, Sealer: j.Recipients})
	if err != nil {
		f.fail(err)
		return nil, err
	}
	companion, err := j.read(reading, a, m)
	if err == nil {
		err = storage.Ended(ctx)
	}
	if err != nil {
		err = f.blame(ctx, err)
		// Before Abort, which waits for a write that a destination may hold; and
		// never Close, which would make half a dump a good archive.
		f.interrupt(err)
		a.Abort()
		f.fail(err)
		return nil, err
	}
	f.close()
	if f.deserted() {
		return nil, f.blame(ctx, errNowhere)
	}
	sums := a.Summary()
	data := catalog.Object{Role: catalog.RoleData, Key: key.String(), Plain: sums.Plain, Stored: sums.Stored, Head: sums.Head}
	m.Objects = append([]catalog.Object{data}, m.Objects...)
	return companion, nil
}

// read dumps the source into the archive, seals what goes beside it, and only
// if all is well ends the archive.
func (j *Job) read(ctx context.Context, a *archive.Writer, m *catalog.Manifest) (companion []byte, err error) {
	details, err := j.Dump.Dump(ctx, &gauge{ctx, a, j.Progress})
	if err != nil {
		return nil, err
	}
	if err := storage.Ended(ctx); err != nil {
		return nil, err
	}
	m.Engine, m.Warnings = details.Engine, details.Warnings
	if m.Inventory, err = json.Marshal(details.Inventory); err != nil {
		return nil, fmt.Errorf("write inventory: %w", err)
	}
	if len(details.Secrets) > 0 {
		if companion, err = j.seal(details.Secrets, m); err != nil {
			return nil, fmt.Errorf("seal secrets: %w", err)
		}
	}
	return companion, a.Close()
}

// seal seals the secrets, which are small, and describes them in m.
func (j *Job) seal(secrets []byte, m *catalog.Manifest) ([]byte, error) {
	if len(secrets) > catalog.MaxSecrets {
		return nil, fmt.Errorf("%d bytes, and no reader takes more than %d", len(secrets), catalog.MaxSecrets)
	}
	var sealed bytes.Buffer
	a, err := archive.NewWriter(&sealed, archive.Options{Level: j.Level, Workers: 1, Sealer: j.Recipients})
	if err != nil {
		return nil, err
	}
	defer a.Abort() // which does nothing after Close
	if _, err := a.Write(secrets); err != nil {
		return nil, err
	}
	if err := a.Close(); err != nil {
		return nil, err
	}
	sums := a.Summary()
	m.Objects = append(m.Objects, catalog.Object{
		Role: catalog.RoleSecrets, Key: m.Key(catalog.SecretsSuffix).String(), Plain: sums.Plain, Stored: sums.Stored, Head: sums.Head,
	})
	return sealed.Bytes(), nil
}

// A gauge tells how much has passed, and ends with its context.
type gauge struct {
	ctx  context.Context
	w    io.Writer
	tell func(int64)
}

func (g *gauge) Write(p []byte) (int, error) {
	if err := storage.Ended(g.ctx); err != nil {
		return 0, err
	}
	n, err := g.w.Write(p)
	if g.tell != nil {
		g.tell(int64(n))
	}
	return n, err
}
