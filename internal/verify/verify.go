// Package verify compares what a destination stores with what the manifests say
// of it. It writes nothing, and one bad backup does not stop the others.
package verify

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A Level says how deep to look. Each one includes those before it.
type Level int

const (
	// Exists: the manifest can be read, a signature is there if one is needed,
	// and the listing has every object in its size.
	Exists Level = iota
	// Sums: the signature is good, and every stored byte is as its sha256 says.
	// No private key is needed.
	Sums
	// Deep: every object opens, unpacks, and is to its last byte what it was;
	// the data passes Inspect.
	Deep
)

// String returns the name of the level, as the command line has it.
func (l Level) String() string {
	switch l {
	case Exists:
		return "exists"
	case Sums:
		return "sums"
	case Deep:
		return "deep"
	}
	return "unknown"
}

// Options say what to verify.
type Options struct {
	Store   storage.Store
	Entries []catalog.Entry // as catalog.List found them there
	Level   Level

	Verifier catalog.Verifier // nil: signatures are not checked

	// Opener opens the objects, for Deep.
	Opener archive.Opener
	// Inspectors look into the data, for Deep, by kind of backup. Of a kind that
	// has none nothing can be said.
	Inspectors map[string]Inspector

	// Parallel is how many backups are read at once. 0: one.
	Parallel int
	Now      func() time.Time
}

// An Inspector is the deep check of a kind of backup.
type Inspector interface {
	// Inspect reads the plain data and returns an error if that is not what the
	// manifest says. It need not read to the end.
	Inspect(ctx context.Context, m *catalog.Manifest, plain io.Reader) error
}

// An Outcome is what became of one backup.
type Outcome struct {
	ID    string
	Level Level
	// OK says that the level was reached and nothing was found.
	OK bool
	// Cold says that objects lie in cold storage: they were not read, and OK is
	// for their presence, their size and the signature only.
	Cold bool
	// Problems are what is wrong with what is stored.
	Problems []string
	// Cure is the hint of the first of them that has one.
	Cure string
	// Unvouched says that nobody who is trusted signed the backup. That may be the
	// fault of those who are trusted, as after a change of keys.
	Unvouched bool
	// Err is what kept the backup from being judged: no network, no rights, a
	// key that does not fit, a manifest of a newer program, the end of ctx. It
	// is no word against the backup.
	Err   error
	Bytes int64 // stored bytes that were read
	Took  time.Duration
}

// Run verifies the entries, some at once, and returns an Outcome for each, in
// their order.
func Run(ctx context.Context, o Options) []Outcome {
	out := make([]Outcome, len(o.Entries))
	var running sync.WaitGroup
	free := make(chan struct{}, max(1, o.Parallel))
	for i, e := range o.Entries {
		free <- struct{}{}
		running.Go(func() {
			out[i] = o.one(ctx, e)
			<-free
		})
	}
	running.Wait()
	return out
}

func (o Options) one(ctx context.Context, e catalog.Entry) Outcome {
	c := &check{Options: o, entry: e}
	start := o.Now()
	if c.err = storage.Ended(ctx); c.err == nil {
		c.run(ctx)
	}
	return Outcome{
		ID: e.ID, Level: o.Level, OK: c.err == nil && len(c.problems) == 0,
		Cold: c.cold, Unvouched: c.unvouched, Problems: c.problems, Cure: c.cure, Err: c.err, Bytes: c.bytes, Took: o.Now().Sub(start),
	}
}
