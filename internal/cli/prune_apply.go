package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/prune"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func newPruneApply(a *app) *cobra.Command {
	var scheduled bool
	var unsafe string
	c := &cobra.Command{
		Use:   "apply [ID]",
		Short: "Carry out an approved request to delete",
		Long: "Plan again, and delete what both the request and this plan name. It takes the approvals\n" +
			"and the delay of the config. After an interruption the same command goes on where it\n" +
			"stopped.\n\n" +
			"With --scheduled, where deletion.scheduled allows it, what the retention policies let go\n" +
			"is deleted without a request; every refusal holds.",
		Example: "  vapora-backup prune apply 20261124T040000Z-abc234",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.told(c, func() error { return runPruneApply(c.Context(), a, args, scheduled, unsafe) })
		},
	}
	c.Flags().BoolVar(&scheduled, "scheduled", false, "delete by the retention policies, without a request")
	c.Flags().StringVar(&unsafe, "unsafe-blast-radius", "", "with --scheduled: `WHY` more may go at once")
	return c
}

func runPruneApply(ctx context.Context, a *app, args []string, scheduled bool, unsafe string) error {
	if scheduled == (len(args) == 1) {
		return usagef("name a request, or give --scheduled")
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	if scheduled && !cfg.Deletion.Scheduled {
		return usageError{hint.Wrap(errors.New("retention needs a request and approvals here"),
			"vapora-backup prune request --reason retention; or set deletion.scheduled: true in %s", cfg.File())}
	}
	desk, err := a.desk(ctx, cfg, "")
	if err != nil {
		return err
	}
	for _, d := range a.openAll(ctx, cfg) {
		if err := backup.CheckClock(ctx, d.store, a.Now); errors.Is(err, backup.ErrClock) {
			return fmt.Errorf("%s: %w", d.Name, err) // of a wrong one every delay is wrong
		}
	}
	engine, _, err := a.checked(ctx, cfg)
	if err != nil {
		return err
	}
	var out prune.Outcome
	if scheduled {
		if unsafe != "" {
			a.warn("the blast radius is overridden: %s", unsafe)
			a.alert(ctx, cfg, "prune apply --scheduled", "it overrides the blast radius: "+unsafe)
		}
		out, err = engine.Scheduled(ctx, a.Now, unsafe)
	} else {
		out, err = desk.Apply(ctx, engine, args[0])
	}
	request := ""
	if len(args) == 1 {
		request = args[0]
	}
	a.done(ctx, cfg, deleteEntries(request, out)...)
	if err == nil || len(out.Deleted) > 0 {
		err = errors.Join(a.print(applied{out}), err)
	}
	return err
}

// applied is the result of `prune apply`.
type applied struct{ prune.Outcome }

func (o applied) Text(w io.Writer) {
	for _, d := range o.Deleted {
		fmt.Fprintf(w, "deleted: %s\n", d.Name())
	}
	for _, s := range o.Skipped {
		fmt.Fprintf(w, "stays: %s: %s\n", s.Name(), s.Why)
	}
	fmt.Fprintf(w, "deleted %d backups, %d objects, %s; %d stay\n", len(o.Deleted), o.Objects, size(o.Bytes), len(o.Skipped))
}

func newPruneOrphans(a *app) *cobra.Command {
	var apply bool
	c := &cobra.Command{
		Use:   "orphans",
		Short: "Find what failed runs left behind, and remove it with --apply",
		Long: "Find objects without a manifest, unfinished uploads, and what `keys rewrap` sealed anew,\n" +
			"where they are older than 24 hours by the store's clock. They are no backups, so no\n" +
			"approval is needed. What was sealed anew is read to its last byte before the older one\n" +
			"goes. Objects that are not of this program are never touched.",
		Example: "  vapora-backup prune orphans\n  vapora-backup prune orphans --apply",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runPruneOrphans(c.Context(), a, apply) },
	}
	c.Flags().BoolVar(&apply, "apply", false, "remove them")
	return c
}

func runPruneOrphans(ctx context.Context, a *app, apply bool) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	trust, err := trusted(cfg)
	if err != nil {
		return err
	}
	places, failed := survey(ctx, a.open(ctx, cfg), catalog.Filter{})
	out := swept{Applied: apply, Destinations: []sweptAt{}}
	for _, p := range places {
		if p.absent {
			continue
		}
		at, err := sweep(ctx, a, p, verifier(trust), apply)
		if err != nil {
			failed = append(failed, fmt.Errorf("at %s: %w", p.Name, err))
		}
		out.Destinations = append(out.Destinations, at)
	}
	if err := a.print(out); err != nil {
		return err
	}
	if len(failed) > 0 && len(failed) < len(a.open(ctx, cfg)) {
		return partialError{errors.Join(failed...)}
	}
	return errors.Join(errors.Join(failed...), storage.Ended(ctx))
}

func sweep(ctx context.Context, a *app, p place, v catalog.Verifier, apply bool) (sweptAt, error) {
	if err := backup.CheckClock(ctx, p.store, a.Now); err != nil {
		return sweptAt{Leftovers: prune.Leftovers{Place: p.Name}}, err
	}
	b := &prune.Backups{Store: p.store, Verifier: v}
	left, err := prune.Leftover(ctx, p.Name, b, catalog.Listing{Entries: p.entries, Orphans: p.orphans}, a.Now())
	for _, why := range left.Stays {
		a.warn("%s: %s", p.Name, why)
	}
	at := sweptAt{Leftovers: left}
	if err != nil || !apply {
		return at, err
	}
	at.Removed, at.Locked, err = prune.Sweep(ctx, p.store, left)
	return at, err
}

// swept is the result of `prune orphans`.
type swept struct {
	Applied      bool      `json:"applied"`
	Destinations []sweptAt `json:"destinations"`
}

type sweptAt struct {
	prune.Leftovers
	Removed int `json:"removed"`
	Locked  int `json:"locked"`
}

func (s swept) Text(w io.Writer) {
	for _, d := range s.Destinations {
		for _, o := range d.Objects {
			fmt.Fprintf(w, "%s: no backup: %s (%s)\n", d.Place, o.Key, size(o.Size))
		}
		for _, o := range d.Superseded {
			fmt.Fprintf(w, "%s: sealed anew since: %s (%s)\n", d.Place, o.Key, size(o.Size))
		}
		for _, u := range d.Uploads {
			fmt.Fprintf(w, "%s: unfinished since %s: %s\n", d.Place, stamp(u.Started), u.Key)
		}
		fmt.Fprintf(w, "%s: %d left over, %s; removed %d, locked %d\n", d.Place, len(d.Objects)+len(d.Superseded)+len(d.Uploads), size(d.Bytes), d.Removed, d.Locked)
	}
}
