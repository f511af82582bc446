package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/replica"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// syncOptions are the flags of `sync`.
type syncOptions struct {
	filter         catalog.Filter
	dryRun, repair bool
}

func newSync(a *app) *cobra.Command {
	o := &syncOptions{}
	c := &cobra.Command{
		Use:   "sync",
		Short: "Copy to each destination what it should hold by now and lacks",
		Long: "Compare what each destination should hold by now, by its takes and keep, with what it\n" +
			"holds, and copy what is missing from wherever it lies. Stored bytes are copied as they\n" +
			"are, each proved by its SHA-256 on the way: no private key is needed. It keeps no\n" +
			"state and can be run at any time by any host.\n\n" +
			"With --repair every stored byte is read, and for each damaged object a good copy is\n" +
			"written beside it, which readers then take; nothing is overwritten. What was repaired is\n" +
			"verified at once, and the record of it signed where there is a key.\n\n" +
			"--destination names the destinations that get copies; all are copied from.",
		Example: "  vapora-backup sync --dry-run\n  vapora-backup sync --repair --destination secondary",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.told(c, func() error { return runSync(c.Context(), a, o) })
		},
	}
	f := c.Flags()
	f.StringVar(&o.filter.Source, "source", "", "only backups of the source `NAME`")
	f.StringVar(&o.filter.Kind, "kind", "", "only backups of the `KIND`, such as database")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be copied; write nothing")
	f.BoolVar(&o.repair, "repair", false, "read everything, and write a good copy beside what is damaged")
	return c
}

func runSync(ctx context.Context, a *app, o *syncOptions) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	trust, err := trusted(cfg)
	if err != nil {
		return err
	}
	if trust == nil {
		a.warn("nobody is trusted (signing.trusted in %s): signatures are not checked", cfg.File())
	}
	s := &syncing{app: a, payer: replica.Payer{Verifier: verifier(trust)}, dryRun: o.dryRun}
	s.out.DryRun, s.out.Debts = o.dryRun, []syncedDebt{}
	err = s.run(ctx, cfg, o)
	if err != nil && len(s.out.Debts) == 0 {
		return err
	}
	if !o.dryRun {
		a.done(ctx, cfg, syncEntries(s.out)...) // also what was done before an interruption
	}
	if err != nil {
		return errors.Join(a.print(s.out), err)
	}
	if err := a.print(s.out); err != nil {
		return err
	}
	return s.verdict()
}

// run repairs before it copies: what is good again need not be replaced.
func (s *syncing) run(ctx context.Context, cfg *config.Config, o *syncOptions) error {
	if err := s.look(ctx, cfg, o); err != nil {
		return err
	}
	if o.repair {
		if err := s.repairs(ctx); err != nil {
			return err
		}
		if s.out.paid() > 0 {
			if err := s.proveRepairs(ctx, cfg, o.filter); err != nil {
				s.failed = append(s.failed, fmt.Errorf("verify what was repaired: %w", err))
			}
			if err := s.look(ctx, cfg, o); err != nil {
				return err
			}
		}
	}
	return s.debts(ctx)
}

// look lists what the destinations hold now.
func (s *syncing) look(ctx context.Context, cfg *config.Config, o *syncOptions) error {
	all := s.app.openAll(ctx, cfg)
	found, failed := survey(ctx, all, o.filter)
	places := s.app.replicas(found)
	s.payer.Places, s.unlisted, s.out.Unreachable = places, failed, unlisted(all, found)
	if end := storage.Ended(ctx); end != nil {
		return end
	}
	for _, p := range places {
		for _, e := range p.Entries {
			if p.Target && !e.HasData() && !o.repair {
				s.app.warn("%s: only the manifest of %s is there: vapora-backup sync --repair", p.Name, e.ID)
			}
		}
	}
	return nil
}

// replicas are the places that are there. Copies are made from all of them, to those
// of --destination.
func (a *app) replicas(places []place) []replica.Place {
	var out []replica.Place
	for _, p := range places {
		if p.absent {
			a.say("%s is offline, and left out", p.Name)
			continue
		}
		r := p.replica(a.Now())
		r.Target = a.meant(p.Name)
		out = append(out, r)
	}
	return out
}

// A syncing is one run of `sync`.
type syncing struct {
	app      *app
	payer    replica.Payer
	dryRun   bool
	out      synced
	failed   []error
	unlisted []error // places
	unread   []error // copies that could not be judged
	read     int     // copies that were
}

func (s *syncing) debts(ctx context.Context) error {
	for _, d := range replica.Debts(s.payer.Places, s.app.Now()) {
		row := syncedDebt{
			ID: d.Entry.ID, Kind: d.Entry.Kind, Source: d.Entry.Source, To: d.To, From: d.From[0],
			Bytes: d.Bytes(), Objects: len(d.Entry.Objects),
		}
		if !s.dryRun {
			bar := s.app.progress("copy "+d.Entry.ID+" to "+d.To, d.Bytes(), true)
			s.payer.Progress = bar.add
			paid, err := s.payer.Pay(ctx, d)
			bar.done()
			row.take(paid)
			s.passed(d.Entry.ID, paid)
			if row.OK = err == nil; !row.OK {
				row.Error = err.Error()
				s.failed = append(s.failed, err)
			}
		}
		s.out.add(row)
		if end := storage.Ended(ctx); end != nil {
			return end
		}
	}
	return nil
}

// repairs reads every copy at every target, and mends what is damaged.
func (s *syncing) repairs(ctx context.Context) error {
	for _, p := range s.payer.Places {
		if !p.Target {
			continue
		}
		for _, e := range p.Entries {
			if err := s.repair(ctx, p, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *syncing) repair(ctx context.Context, p replica.Place, e catalog.Entry) error {
	faults, err := s.payer.Inspect(ctx, p.Name, e)
	if end := storage.Ended(ctx); end != nil {
		return end
	}
	if errors.Is(err, storage.ErrCold) {
		s.app.say("%s at %s is in cold storage, and not read", e.ID, p.Name)
		err = nil
	}
	switch {
	case err == nil:
		s.read++
	case len(faults) > 0:
		s.failed = append(s.failed, fmt.Errorf("inspect %s at %s: %w", e.ID, p.Name, err))
	default:
		s.unread, s.out.unread = append(s.unread, fmt.Errorf("inspect %s at %s: %w", e.ID, p.Name, err)), true
	}
	for _, f := range faults {
		s.app.warn("%s at %s: %s: %v", e.ID, p.Name, f.Object.Role, f.Err)
		row := syncedDebt{
			ID: e.ID, Kind: e.Kind, Source: e.Source, To: p.Name, Repaired: f.Object.Role,
			Bytes: f.Object.Stored.Size, Objects: 1,
		}
		if !s.dryRun {
			paid, err := s.payer.Repair(ctx, f)
			row.take(paid)
			if row.OK = err == nil; !row.OK {
				row.Error = err.Error()
				s.failed = append(s.failed, err)
			}
		}
		s.out.add(row)
	}
	return nil
}

// passed names copies that turned out to be bad.
func (s *syncing) passed(id string, p replica.Paid) {
	for _, b := range p.Bad {
		s.app.warn("%s: the copy at %s is passed over: %v", id, b.Place, b.Err)
	}
}

// verdict is partial where something was done, or all that could be seen is as it should
// be.
func (s *syncing) verdict() error {
	failed := slices.Concat(s.failed, s.unread, s.unlisted)
	if len(failed) == 0 {
		return nil
	}
	err := errors.Join(failed...)
	if s.out.paid() > 0 {
		return partialError{err}
	}
	if len(s.failed) == 0 {
		if hint.Of(err) == "" {
			err = hint.Wrap(err, "whether anything is missing or damaged there is not known; the same command looks again")
		}
		if len(s.payer.Places) > 0 && (len(s.unread) == 0 || s.read > 0) {
			err = partialError{err}
		}
		return err
	}
	if errors.Is(err, replica.ErrNoCopy) {
		return hint.Wrap(err, "no place has it whole, so it cannot be mended; take a new one now: vapora-backup backup db. `vapora-backup list` shows older ones, and `vapora-backup get --table` may read parts of this one")
	}
	if hint.Of(err) != "" {
		return err
	}
	return hint.Wrap(err, "what the destinations hold is untouched; the same command goes on where it stopped")
}
