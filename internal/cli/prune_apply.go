package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/prune"
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
	if unsafe != "" && !scheduled {
		return usagef("--unsafe-blast-radius belongs to --scheduled: a request says it where it is made, before the approvers")
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
		out, err = desk.Apply(ctx, engine.Engine, args[0])
	}
	request := ""
	if len(args) == 1 {
		request = args[0]
	}
	a.done(ctx, cfg, deleteEntries(request, out)...)
	if err == nil || len(out.Deleted) > 0 {
		err = errors.Join(a.print(applied{out, engine.unreachable}), err)
	}
	if err == nil && scheduled { // a request that names what lies there fails by itself
		err = engine.missed
	}
	return err
}

// applied is the result of `prune apply`.
type applied struct {
	prune.Outcome
	Unreachable []string `json:"unreachable"`
}

func (o applied) Text(w io.Writer) {
	for _, d := range o.Deleted {
		linef(w, "deleted: %s\n", d.Name())
	}
	for _, s := range o.Skipped {
		linef(w, "stays: %s: %s\n", s.Name(), s.Why)
	}
	for _, r := range o.Refused {
		linef(w, "refused: %s %s/%s: %s\n", r.Place, r.Kind, r.Source, r.Why)
	}
	notListed(w, o.Unreachable)
	linef(w, "deleted %d backups, %d objects, %s; %d stay\n", len(o.Deleted), o.Objects, size(o.Bytes), len(o.Skipped))
}
