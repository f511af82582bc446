package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// thawOptions say how cold objects are made readable.
type thawOptions struct {
	asked bool // by a reader's --thaw
	tier  string
	days  int
	wait  bool
	poll  time.Duration
}

func (o *thawOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.tier, "tier", "", "how fast and how dear a thaw is: a `TIER` of the store, such as Standard, Bulk or High")
	f.IntVar(&o.days, "thaw-days", 7, "for how many days a thawed object stays readable, where the store asks")
	f.DurationVar(&o.poll, "poll", time.Minute, "how often to look whether a thaw is done")
}

// readerFlags are those of a command that reads backups.
func (o *thawOptions) readerFlags(f *pflag.FlagSet) {
	o.wait = true
	f.BoolVar(&o.asked, "thaw", false, "where no copy can be read because of cold storage, have one thawed and wait")
	o.flags(f)
}

func (o *thawOptions) check() error {
	switch {
	case o.poll <= 0:
		return usagef("--poll %s: more than nothing", o.poll)
	case o.days < 1:
		return usagef("--thaw-days %d: at least 1", o.days)
	}
	return nil
}

func newThaw(a *app) *cobra.Command {
	o, pick := &thawOptions{}, picked{}
	c := &cobra.Command{
		Use:   "thaw [ID]",
		Short: "Make a backup in cold storage readable",
		Long: "Ask the stores to make the cold objects of a backup readable, the newest if no ID is\n" +
			"given, and with --wait follow that to its end. It can be asked again at any time, also\n" +
			"while it is under way. Without --destination it is asked of the first destination that\n" +
			"has the backup, and not at all where a copy can be read already.",
		Example: "  vapora-backup thaw 20261123T140000Z-7f3k2m --tier Standard --wait",
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return runThaw(c.Context(), a, o, pick, args) },
	}
	f := c.Flags()
	pick.flags(f)
	o.flags(f)
	f.BoolVar(&o.wait, "wait", false, "return when it is readable")
	return c
}

func runThaw(ctx context.Context, a *app, o *thawOptions, pick picked, args []string) error {
	if err := o.check(); err != nil {
		return err
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	f, err := a.pick(ctx, cfg, pick, args)
	if err != nil {
		return err
	}
	out, err := a.thaw(ctx, f, o)
	if err != nil {
		return err
	}
	return a.print(out)
}

// thaw sees to it that a copy of the backup can be read, or will be.
func (a *app) thaw(ctx context.Context, f *found, o *thawOptions) (*thawed, error) {
	var cold []*frozen
	for _, c := range f.copies {
		z, err := freeze(ctx, c.name, c.store, f.manifest.Keys())
		if err != nil {
			a.warn("%s at %s: %v", f.manifest.ID, c.name, err)
			continue
		}
		if len(z.keys) == 0 {
			return &thawed{ID: f.manifest.ID, Destination: c.name, Readable: true}, nil
		}
		cold = append(cold, z)
	}
	if len(cold) == 0 {
		return nil, fmt.Errorf("thaw backup %s: no destination says whether it can be read", f.manifest.ID)
	}
	return a.melt(ctx, f.manifest.ID, cold[0], o)
}

// melt asks for the thaw of a copy, and waits for it where that is wanted.
func (a *app) melt(ctx context.Context, id string, z *frozen, o *thawOptions) (*thawed, error) {
	for _, key := range z.keys {
		if err := z.store.Thaw(ctx, key, o.tier, o.days); err != nil {
			return nil, hint.Wrap(err, "%s", z.cost())
		}
	}
	out := &thawed{ID: id, Destination: z.name, Class: z.class, Objects: len(z.keys), Within: short(z.within(o.tier))}
	if !o.wait {
		return out, nil
	}
	a.say("thawing %s at %s: within %s; this can be interrupted and taken up again", id, z.name, out.Within)
	return out, a.await(ctx, z, out, o.poll)
}

// await looks again and again until nothing of the copy is cold.
func (a *app) await(ctx context.Context, z *frozen, out *thawed, poll time.Duration) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	begin := a.Now()
	beat := a.progress("thaw", int64(len(z.keys)), false)
	defer beat.done()
	for warm := 0; ; {
		for warm < len(z.keys) {
			t, err := z.store.Temperature(ctx, z.keys[warm])
			if err != nil {
				return err
			}
			if t.Cold {
				break
			}
			out.Until = t.Until
			warm++
			beat.add(1)
		}
		if warm == len(z.keys) {
			out.Readable, out.Seconds = true, a.Now().Sub(begin).Seconds()
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return storage.Ended(ctx)
		}
	}
}

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
		fmt.Fprintf(w, "%s at %s can be read\n", t.ID, t.Destination)
	case t.Readable:
		fmt.Fprintf(w, "%s at %s is thawed and can be read", t.ID, t.Destination)
		if !t.Until.IsZero() {
			fmt.Fprintf(w, " until %s", stamp(t.Until))
		}
		fmt.Fprintln(w)
	default:
		fmt.Fprintf(w, "%s at %s is being thawed: %d objects of %s, within %s\n", t.ID, t.Destination, t.Objects, t.Class, t.Within)
	}
}
