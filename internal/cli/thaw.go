package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vapora-platform/vapora-backup/internal/audit"
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
	a.done(ctx, cfg, readEntry(audit.Thaw, f, o.tier, err))
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
