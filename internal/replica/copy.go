package replica

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A Payer pays debts.
type Payer struct {
	Places   []Place
	Verifier catalog.Verifier // nil: signatures are not checked

	// Progress, if not nil, is told of stored bytes as they are copied.
	Progress func(n int)
}

// Paid is what became of a debt.
type Paid struct {
	From  string // where the copy came from
	Bytes int64
	Lock  storage.Lock
	// Bad are the copies that were tried and could not be read, with the reason.
	Bad []BadCopy
}

// A BadCopy is one that could not be read.
type BadCopy struct {
	Place string
	Err   error
}

// Pay copies the backup from the first place that has it good. Like a backup it
// exists at its new place only when all of it is there.
func (p Payer) Pay(ctx context.Context, d Debt) (Paid, error) {
	to := p.place(d.To)
	out := Paid{Lock: to.Lock(d.Entry.Time, d.Until)}
	for _, name := range d.From {
		n, err := p.copy(ctx, p.place(name), to, d.Entry, out.Lock)
		out.Bytes += n
		if err == nil {
			out.From = name
			return out, nil
		}
		if end := storage.Ended(ctx); end != nil {
			return out, end
		}
		if w, ok := errors.AsType[*writeError](err); ok {
			return out, fmt.Errorf("copy %s to %s: %w", d.Entry.ID, d.To, w.err)
		}
		out.Bad = append(out.Bad, BadCopy{name, err})
	}
	var errs []error
	for _, b := range out.Bad {
		errs = append(errs, fmt.Errorf("at %s: %w", b.Place, b.Err))
	}
	return out, fmt.Errorf("copy %s to %s: no good copy: %w", d.Entry.ID, d.To, errors.Join(errs...))
}

func (p Payer) place(name string) Place {
	return p.Places[slices.IndexFunc(p.Places, func(x Place) bool { return x.Name == name })]
}

func (p Payer) copy(ctx context.Context, from, to Place, e catalog.Entry, lock storage.Lock) (int64, error) {
	theirs, ok := from.find(e.ID, of(e))
	if !ok {
		return 0, fs.ErrNotExist
	}
	theirs, store := theirs.Repaired(from.Store)
	m, signed, err := catalog.Fetch(ctx, store, theirs, p.Verifier)
	if err == nil {
		err = signed.Lasts(p.Verifier)
	}
	if err != nil {
		return 0, err
	}
	opt := storage.PutOptions{Kind: e.Kind, Lock: lock}
	var bytes int64
	for _, o := range m.Objects {
		with := opt
		if o.Role == catalog.RoleData {
			with.Class = to.Class
		}
		n, err := p.object(ctx, store, to.Store, o, o.Key, with)
		bytes += n
		if err != nil {
			return bytes, err
		}
	}
	for _, tag := range theirs.Tags {
		if err := catalog.Tag(ctx, to.Store, theirs, tag, opt); err != nil {
			return bytes, &writeError{err}
		}
	}
	if err := catalog.Commit(ctx, to.Store, signed, opt); err != nil {
		return bytes, &writeError{err}
	}
	if err := landed(ctx, to.Store, theirs, m); err != nil {
		return bytes, &writeError{err}
	}
	return bytes, nil
}

// landed wants all that a manifest names to be there once it is: what a copy that was
// interrupted long ago left, and this one took, may have been swept meanwhile.
func landed(ctx context.Context, s storage.Store, e catalog.Entry, m *catalog.Manifest) error {
	e.Objects = nil
	for o, err := range s.List(ctx, e.Key("").String()) {
		if err != nil {
			return fmt.Errorf("look at the copy: %w", err)
		}
		e.Objects = append(e.Objects, o)
	}
	if err := e.Holds(m); err != nil {
		return hint.Wrap(fmt.Errorf("look at the copy: %w", err), "vapora-backup sync --repair puts it there")
	}
	return nil
}

// object copies one object under a key. One that is there already, as after a
// copy that was interrupted, must be the same.
func (p Payer) object(ctx context.Context, from, to storage.Store, o catalog.Object, key string, opt storage.PutOptions) (int64, error) {
	body, err := from.Get(ctx, o.Key)
	if err != nil {
		return 0, err
	}
	defer body.Close() // read only: what matters came from Read
	r := &archive.Proved{From: body, Want: o.Stored, Tell: p.Progress}
	err = to.Put(ctx, key, r, opt)
	switch {
	case r.Err() != nil:
		return r.Bytes(), fmt.Errorf("%s: %w", o.Role, r.Err())
	case errors.Is(err, fs.ErrExist):
		if same, serr := Same(ctx, to, key, o.Stored); serr != nil || !same {
			return r.Bytes(), &writeError{errors.Join(fmt.Errorf("%s lies there with other content: %w", key, err), serr)}
		}
		return 0, nil
	case err != nil:
		return r.Bytes(), &writeError{err}
	}
	return r.Bytes(), nil
}

// A writeError is the target's, and no word against the copy that was read.
type writeError struct{ err error }

func (e *writeError) Error() string { return e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }
