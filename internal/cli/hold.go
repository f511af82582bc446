package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func newHold(a *app) *cobra.Command {
	c := &cobra.Command{Use: "hold", Short: "Keep backups from being deleted during an incident (legal hold)"}
	c.AddCommand(newHoldSet(a, true), newHoldSet(a, false), newHoldList(a))
	return c
}

// holdOptions are the flags of `hold`.
type holdOptions struct {
	filter catalog.Filter
	newest int
	all    bool
}

func newHoldSet(a *app, on bool) *cobra.Command {
	o := &holdOptions{}
	c := &cobra.Command{
		Use:   "add [ID…]",
		Short: "Set legal hold on backups",
		Long: "Set legal hold on every object of the newest good backups of every source, or of those\n" +
			"named, at every destination that can. What is held cannot be deleted by anybody until\n" +
			"the hold is lifted, whatever its lock and its retention say.",
		Example: "  vapora-backup hold add --newest 5",
		RunE:    func(c *cobra.Command, args []string) error { return runHold(c.Context(), a, o, args, on) },
	}
	if !on {
		c.Use, c.Short = "remove [ID…]", "Lift legal hold from backups"
		c.Long = "Lift the legal hold from the backups named, or with --all from everything that the\ndestinations hold. Locks stay as they are."
		c.Example = "  vapora-backup hold remove --all"
		c.Flags().BoolVar(&o.all, "all", false, "from every backup")
	} else {
		c.Flags().IntVar(&o.newest, "newest", 3, "the newest `N` of every source at each destination")
	}
	c.Flags().StringVar(&o.filter.Source, "source", "", "only backups of the source `NAME`")
	return c
}

func newHoldList(a *app) *cobra.Command {
	o := &holdOptions{}
	c := &cobra.Command{
		Use:     "list",
		Short:   "List what is held, and what is locked until when",
		Example: "  vapora-backup hold list --source vapora",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runHoldList(c.Context(), a, o) },
	}
	c.Flags().StringVar(&o.filter.Source, "source", "", "only backups of the source `NAME`")
	return c
}

func runHold(ctx context.Context, a *app, o *holdOptions, args []string, on bool) error {
	if !on && len(args) == 0 && !o.all {
		return usagef("name the backups, or give --all")
	}
	if on && o.newest < 1 {
		return usagef("--newest %d: at least 1", o.newest)
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	trust, err := trusted(cfg)
	if err != nil {
		return err
	}
	places, missed, err := a.everyPlace(ctx, cfg, o.filter)
	if err != nil {
		return err
	}
	named, err := namedIDs(places, args)
	if err != nil {
		return err
	}
	out := held{Backups: []heldAt{}}
	var failed []error
	for _, p := range places {
		locker, ok := p.store.(storage.Locker)
		if p.absent || !ok {
			a.warn("%s cannot hold: what lies there is not protected by this", p.Name)
			continue
		}
		for _, e := range o.choose(ctx, a, p, named, on, verifier(trust)) {
			row := heldAt{ID: e.ID, Source: e.Source, Destination: p.Name, Hold: on}
			err := setHold(ctx, locker, e, on)
			if errors.Is(err, storage.ErrNoLock) && p.Lock.Mode == "" { // the store's hint is for who asked for locks
				err = hint.Wrap(err, "only a bucket that can lock objects can hold; until `vapora-backup sync` has copied it to one, take the right to delete there from all")
			}
			if err != nil {
				row.Hold, row.Error = !on, err.Error()
				failed = append(failed, fmt.Errorf("at %s: %w", p.Name, err))
			}
			out.Backups = append(out.Backups, row)
		}
	}
	a.done(ctx, cfg, holdEntries(out, on)...)
	if err := a.print(out); err != nil {
		return err
	}
	switch {
	case len(out.Backups) == 0:
		return errors.New("no backup was found at a destination that can hold")
	case len(failed) > 0 && len(failed) < len(out.Backups):
		return partialError{errors.Join(failed...)}
	case len(failed) == 0:
		return missed
	}
	return errors.Join(failed...)
}

// setHold sets or lifts the hold of all that belongs to a backup.
func setHold(ctx context.Context, l storage.Locker, e catalog.Entry, on bool) error {
	for _, key := range e.Keys() {
		if err := l.Hold(ctx, key, on); err != nil {
			return err
		}
	}
	return nil
}

// choose returns what is meant at one place: those named, the newest good ones
// of each source, or all.
func (o *holdOptions) choose(ctx context.Context, a *app, p place, named []string, on bool, v catalog.Verifier) []catalog.Entry {
	if len(named) > 0 {
		return slices.DeleteFunc(slices.Clone(p.entries), func(e catalog.Entry) bool { return !slices.Contains(named, e.ID) })
	}
	if !on {
		return p.entries
	}
	count := map[string]int{}
	var out []catalog.Entry
	for _, e := range slices.Backward(p.entries) {
		key := e.Kind + "/" + e.Source
		if count[key] == o.newest {
			continue
		}
		if err := complete(ctx, p.store, e, v); err != nil {
			a.warn("%s at %s is not held: %v", e.ID, p.Name, err)
			continue
		}
		count[key]++
		out = append(out, e)
	}
	return out
}

// complete tells whether a backup looks good: its manifest is signed by a
// trusted key, and all that it names lies there in its size.
func complete(ctx context.Context, s storage.Store, e catalog.Entry, v catalog.Verifier) error {
	e, s = e.Repaired(s)
	m, _, err := catalog.Load(ctx, s, e, v)
	if err != nil {
		return err
	}
	return e.Holds(m)
}
