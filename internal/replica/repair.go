package replica

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A Fault is an object of a backup at one place that is not what its manifest
// says.
type Fault struct {
	Place  string
	Entry  catalog.Entry
	Object catalog.Object // with the role "manifest", the manifest and its signature
	Err    error          // wraps archive.ErrDamaged or fs.ErrNotExist
	// Refused is why it must not be repaired from elsewhere, nil if it may.
	Refused error
}

// RoleManifest is the role of a Fault of the manifest or its signature.
const RoleManifest = "manifest"

// Inspect reads every stored byte of a place's backup and returns what is wrong
// with it. An error is what kept it from being judged: the place, not the
// backup.
func (p Payer) Inspect(ctx context.Context, name string, e catalog.Entry) ([]Fault, error) {
	at := p.place(name)
	seen, store := e.Repaired(at.Store)
	var out []Fault
	fault := func(o catalog.Object, err error) {
		out = append(out, Fault{Place: name, Entry: e, Object: o, Err: err})
	}
	m, _, err := catalog.Load(ctx, store, seen, p.Verifier)
	if bad(err) {
		fault(catalog.Object{Role: RoleManifest, Key: e.Key(catalog.ManifestSuffix).String()}, fmt.Errorf("%w: %w", archive.ErrDamaged, err))
		m, _, err = p.elsewhere(ctx, name, e)
	}
	if err != nil {
		return out, err
	}
	manifest, present, fits := len(out) > 0, 0, 0
	for _, o := range m.Objects {
		if _, ok := seen.Object(o.Key); !ok {
			fault(o, fs.ErrNotExist)
			continue
		}
		same, err := Same(ctx, store, o.Key, o.Stored)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			fault(o, fs.ErrNotExist)
		case err != nil:
			return out, fmt.Errorf("read %s at %s: %w", o.Key, name, err)
		case !same:
			present++
			fault(o, archive.ErrDamaged)
		default:
			present++
			fits++
		}
	}
	if manifest && present > 0 && fits == 0 && p.resealed(e) {
		// It may be the manifest that is of another generation, and not the objects that
		// are damaged.
		out = out[:1]
		out[0].Refused = hint.Wrap(errors.New("the manifest of no other destination fits what lies there: it may be of another generation, sealed for others"),
			"vapora-backup keys rewrap makes all copies alike")
	}
	return out, nil
}

// resealed reports whether the backup was sealed anew at any place.
func (p Payer) resealed(e catalog.Entry) bool {
	return slices.ContainsFunc(p.Places, func(at Place) bool {
		have, ok := at.find(e.ID, of(e))
		return ok && have.Generation() > 0
	})
}

// bad reports whether a manifest is to blame for err.
func bad(err error) bool {
	for _, known := range []error{fs.ErrNotExist, catalog.ErrInvalid, catalog.ErrUnsigned, catalog.ErrUntrusted} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// elsewhere reads the manifest of a backup at the first other place that has a
// good one.
func (p Payer) elsewhere(ctx context.Context, name string, e catalog.Entry) (*catalog.Manifest, *catalog.Signed, error) {
	errs := []error{fmt.Errorf("no other destination has a good manifest of %s", e.ID)}
	for _, at := range p.others(name, e) {
		m, signed, err := catalog.Fetch(ctx, at.store, at.entry, p.Verifier)
		if err == nil {
			return m, signed, nil
		}
		errs = append(errs, fmt.Errorf("at %s: %w", at.name, err))
	}
	return nil, nil, errors.Join(errs...)
}

// A holder is a place that has a backup, as a reader sees it.
type holder struct {
	name  string
	entry catalog.Entry
	store storage.Store
}

func (p Payer) others(name string, e catalog.Entry) []holder {
	var out []holder
	for _, at := range p.Places {
		if have, ok := at.find(e.ID, of(e)); ok && at.Source && at.Name != name {
			seen, store := have.Repaired(at.Store)
			out = append(out, holder{at.Name, seen, store})
		}
	}
	return out
}

// ErrNoCopy is what a repair ends with where no other place has the object whole.
var ErrNoCopy = errors.New("no other destination has a good copy")

// Repair writes a good copy of a faulty object beside it, or in its place where
// there is none, from the first other place that has one.
func (p Payer) Repair(ctx context.Context, f Fault) (Paid, error) {
	to := p.place(f.Place)
	if f.Refused != nil {
		return Paid{}, fmt.Errorf("repair the manifest of %s at %s: %w", f.Entry.ID, f.Place, f.Refused)
	}
	out := Paid{Lock: to.Lock(f.Entry.Time, to.retain(f.Entry))}
	opt := storage.PutOptions{Kind: f.Entry.Kind, Lock: out.Lock}
	if f.Object.Role == RoleManifest {
		_, signed, err := p.elsewhere(ctx, f.Place, f.Entry)
		if err == nil {
			err = signed.Lasts(p.Verifier)
		}
		if err == nil {
			err = catalog.CommitBeside(ctx, to.Store, f.Entry, signed, opt)
		}
		return out, err
	}
	key := f.Entry.Place(f.Object.Key)
	if !errors.Is(f.Err, fs.ErrNotExist) {
		next, err := f.Entry.NextRepair(f.Object.Key)
		if err != nil {
			return out, err
		}
		key = next.String()
	}
	if f.Object.Role == catalog.RoleData {
		opt.Class = to.Class
	}
	errs := []error{ErrNoCopy}
	for _, from := range p.others(f.Place, f.Entry) {
		n, err := p.object(ctx, from.store, to.Store, f.Object, key, opt)
		out.Bytes += n
		if err == nil {
			out.From = from.name
			return out, nil
		}
		if end := storage.Ended(ctx); end != nil {
			return out, end
		}
		out.Bad = append(out.Bad, BadCopy{from.name, err})
		errs = append(errs, fmt.Errorf("at %s: %w", from.name, err))
	}
	return out, fmt.Errorf("repair %s at %s: %w", f.Object.Key, f.Place, errors.Join(errs...))
}

// retain is until when the place keeps a backup that it has.
func (p Place) retain(e catalog.Entry) time.Time {
	others := slices.DeleteFunc(p.items(of(e)), func(i retention.Item) bool { return i.ID == e.ID })
	return p.keep(e.Kind).RetainUntil(e.Time, others, e.Tags...)
}
