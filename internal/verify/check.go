package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A check is the verification of one backup.
type check struct {
	Options
	entry     catalog.Entry
	problems  []string
	cure      string
	bytes     int64
	cold      bool
	unvouched bool
	err       error
}

func (c *check) problem(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// run stops at the first error, and goes on after problems.
func (c *check) run(ctx context.Context) {
	c.entry, c.Store = c.entry.Repaired(c.Store)
	m := c.manifest(ctx)
	if m == nil {
		return
	}
	if c.Level == Deep && c.Inspectors[m.Kind] == nil {
		c.err = fmt.Errorf("no deep check is known for backups of kind %q", m.Kind)
		return
	}
	for _, o := range m.Objects {
		if !c.listed(o) || c.Level == Exists {
			continue
		}
		if c.err = c.object(ctx, m, o); c.err != nil {
			return
		}
	}
}

// manifest returns the manifest, or nil if nothing more can be said.
func (c *check) manifest(ctx context.Context) *catalog.Manifest {
	v := c.Verifier
	if v != nil && c.Level == Exists {
		if _, ok := c.entry.Object(c.entry.Key(catalog.SignatureSuffix).String()); !ok {
			c.problem("signature: %v", catalog.ErrUnsigned)
		}
		v = nil
	}
	m, _, err := catalog.Load(ctx, c.Store, c.entry, v)
	switch {
	case errors.Is(err, storage.ErrCold):
		c.err = fmt.Errorf("manifest: %w", err) // without it nothing is known, not even what should be there
	case err != nil:
		c.explain(err)
	}
	return m
}

// listed tells whether the listing has the object as it should be.
func (c *check) listed(o catalog.Object) bool {
	switch got, ok := c.entry.Object(o.Key); {
	case !ok:
		c.problem("%s: missing", o.Role)
		return false
	case got.Size != o.Stored.Size:
		c.problem("%s: got %d stored bytes, want %d", o.Role, got.Size, o.Stored.Size)
		return false
	}
	return true
}

// explain takes err as a problem of what is stored if it is one, else as the
// reason that nothing is known.
func (c *check) explain(err error) {
	c.unvouched = c.unvouched || errors.Is(err, catalog.ErrUnsigned) || errors.Is(err, catalog.ErrUntrusted)
	for _, known := range []error{
		fs.ErrNotExist, archive.ErrDamaged, catalog.ErrInvalid, catalog.ErrUnsigned, catalog.ErrUntrusted,
	} {
		if errors.Is(err, known) {
			c.problem("%v", err)
			c.cure = cmp.Or(c.cure, hint.Of(err))
			return
		}
	}
	if errors.Is(err, storage.ErrCold) {
		c.cold = true
		return
	}
	c.err = err
}
