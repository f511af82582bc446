package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A frozen copy has objects that cannot be read.
type frozen struct {
	name  string
	store storage.Thawer
	class string
	tiers []storage.ThawTier
	keys  []string
}

// freeze finds the cold ones among the objects of a copy.
func freeze(ctx context.Context, name string, at storage.Store, keys []string) (*frozen, error) {
	z := &frozen{name: name}
	store, ok := at.(storage.Thawer)
	if !ok {
		return z, nil
	}
	z.store = store
	for _, key := range keys {
		t, err := store.Temperature(ctx, key)
		if err != nil {
			return nil, err
		}
		if t.Cold {
			z.class, z.tiers = t.Class, t.Tiers
			z.keys = append(z.keys, key)
		}
	}
	return z, nil
}

func (z *frozen) within(tier string) time.Duration {
	for _, t := range z.tiers {
		if t.Name == tier || tier == "" {
			return t.Within
		}
	}
	return 0
}

// cost says what a thaw costs in time.
func (z *frozen) cost() string {
	var ways []string
	for _, t := range z.tiers {
		ways = append(ways, fmt.Sprintf("%s within %s", t.Name, short(t.Within)))
	}
	return fmt.Sprintf("%s at %s can be thawed: %s", z.class, z.name, strings.Join(ways, ", "))
}

// short is a duration without its zeros.
func short(d time.Duration) string {
	s := strings.TrimSuffix(d.String(), "0s")
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// warm makes a backup readable before it is read, where that is asked for.
func (a *app) warm(ctx context.Context, f *found, o *thawOptions) error {
	if !o.asked {
		return nil
	}
	if err := o.check(); err != nil {
		return err
	}
	_, err := a.thaw(ctx, f, o)
	return err
}

// explainCold adds to an error of the cold what a thaw costs.
func explainCold(ctx context.Context, f *found, err error) error {
	if !errors.Is(err, storage.ErrCold) {
		return err
	}
	for _, c := range f.copies {
		if z, ferr := freeze(ctx, c.name, c.store, f.manifest.Keys()); ferr == nil && len(z.keys) > 0 {
			return hint.Wrap(err, "%s; the same command with --thaw waits for it, or: vapora-backup thaw %s --wait", z.cost(), f.manifest.ID)
		}
	}
	return err
}

// thawed is the result of `thaw`.
type thawed struct {
	ID          string    `json:"id"`
	Destination string    `json:"destination"`
	Class       string    `json:"storage_class,omitempty"`
	Objects     int       `json:"objects"` // that were cold
	Within      string    `json:"within,omitempty"`
	Readable    bool      `json:"readable"`
	Until       time.Time `json:"readable_until,omitzero"`
	Seconds     float64   `json:"seconds"`
}

func (t thawed) Text(w io.Writer) {
	switch {
	case t.Readable && t.Objects == 0:
		linef(w, "%s at %s can be read\n", t.ID, t.Destination)
	case t.Readable:
		linef(w, "%s at %s is thawed and can be read", t.ID, t.Destination)
		if !t.Until.IsZero() {
			linef(w, " until %s", stamp(t.Until))
		}
		fmt.Fprintln(w)
	default:
		linef(w, "%s at %s is being thawed: %d objects of %s, within %s\n", t.ID, t.Destination, t.Objects, t.Class, t.Within)
	}
}
