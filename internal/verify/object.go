package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
)

// object reads one object as deep as the level says.
func (c *check) object(ctx context.Context, m *catalog.Manifest, o catalog.Object) error {
	var err error
	if c.Level == Sums {
		err = c.sums(ctx, o)
	} else {
		err = c.deep(ctx, m, o)
	}
	if err != nil {
		c.explain(fmt.Errorf("%s: %w", o.Role, err))
	}
	return c.err
}

// sums compares the stored bytes with their sum.
func (c *check) sums(ctx context.Context, o catalog.Object) error {
	stored, err := c.Store.Get(ctx, o.Key)
	if err != nil {
		return err
	}
	defer stored.Close() // read only: what matters came from Read
	hash := sha256.New()
	// One byte more than there may be, to see it; no more, for it may not end.
	n, err := io.Copy(hash, io.LimitReader(&counter{stored, &c.bytes}, o.Stored.Size+1))
	if err != nil {
		return err
	}
	got := hex.EncodeToString(hash.Sum(nil))
	switch {
	case n > o.Stored.Size:
		c.problem("%s: got more than the %d stored bytes wanted", o.Role, o.Stored.Size)
	case n < o.Stored.Size:
		c.problem("%s: got %d stored bytes, want %d", o.Role, n, o.Stored.Size)
	case got != o.Stored.SHA256:
		c.problem("%s: got stored sha256 %s, want %s", o.Role, got, o.Stored.SHA256)
	}
	return nil
}

// deep opens the object and reads it to its end, which proves stored and plain
// bytes in one.
func (c *check) deep(ctx context.Context, m *catalog.Manifest, o catalog.Object) error {
	if c.Opener == nil {
		return c.unopened(ctx, o, errors.New("no key to open it with"))
	}
	stored, err := c.Store.Get(ctx, o.Key)
	if err != nil {
		return err
	}
	defer stored.Close() // as in sums
	r, err := archive.NewReader(&counter{stored, &c.bytes}, c.Opener, o.Summary(), 0)
	if err != nil {
		return c.unopened(ctx, o, err)
	}
	plain := &ending{r: r}
	var found error
	if inspector := c.Inspectors[m.Kind]; o.Role == catalog.RoleData && inspector != nil {
		found = inspector.Inspect(ctx, m, plain)
	}
	// Even after a fault: damaged bytes are the better explanation of one.
	_, err = io.Copy(io.Discard, plain)
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	if found != nil {
		c.problem("%s: %v", o.Role, found)
	}
	return nil
}

// unopened finds out whether it is the object's fault that it does not open: a
// head that was changed may look like one for other keys.
func (c *check) unopened(ctx context.Context, o catalog.Object, err error) error {
	if errors.Is(err, archive.ErrDamaged) {
		return err
	}
	before := len(c.problems)
	if err := c.sums(ctx, o); err != nil {
		return err
	}
	if len(c.problems) > before {
		return nil
	}
	return err
}

// A counter counts what is read.
type counter struct {
	r io.Reader
	n *int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	*c.n += int64(n)
	return n, err
}

// An ending gives the end of r again to whoever asks again.
type ending struct {
	r   io.Reader
	err error
}

func (e *ending) Read(p []byte) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	n, err := e.r.Read(p)
	e.err = err
	return n, err
}
