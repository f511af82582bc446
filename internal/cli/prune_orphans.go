package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/prune"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func newPruneOrphans(a *app) *cobra.Command {
	var apply bool
	var unsafe string
	c := &cobra.Command{
		Use:   "orphans",
		Short: "Find what failed runs left behind, and remove it with --apply",
		Long: "Find objects without a manifest, unfinished uploads, and what `keys rewrap` sealed anew,\n" +
			"where they are older than 24 hours by the store's clock. They are no backups, so no\n" +
			"approval is needed. What was sealed anew is read to its last byte before the older one\n" +
			"goes. Objects that are not of this program are never touched.\n\n" +
			"What another destination has whole is left for `sync`, and so are all objects without a\n" +
			"manifest while another destination cannot be listed. Never more than\n" +
			"deletion.max_share and max_count go at once: where manifests were removed by mistake,\n" +
			"all the rest looks left over.",
		Example: "  vapora-backup prune orphans\n  vapora-backup prune orphans --apply",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runPruneOrphans(c.Context(), a, apply, unsafe) },
	}
	c.Flags().BoolVar(&apply, "apply", false, "remove them")
	c.Flags().StringVar(&unsafe, "unsafe-blast-radius", "", "`WHY` more may go at once than deletion.max_share and max_count")
	return c
}

// A sweeping is one run of `prune orphans`.
type sweeping struct {
	app    *app
	cfg    *config.Config
	v      catalog.Verifier
	apply  bool
	unsafe string
	places []place // all that could be listed
	blind  bool    // others could not
}

func runPruneOrphans(ctx context.Context, a *app, apply bool, unsafe string) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	trust, err := trusted(cfg)
	if err != nil {
		return err
	}
	places, failed := survey(ctx, a.openAll(ctx, cfg), catalog.Filter{})
	if apply && unsafe != "" {
		a.warn("the blast radius is overridden: %s", unsafe)
		a.alert(ctx, cfg, "prune orphans", "it overrides the blast radius: "+unsafe)
	}
	s := sweeping{a, cfg, verifier(trust), apply, unsafe, places, len(failed) > 0}
	out := swept{Applied: apply, Destinations: []sweptAt{}}
	for _, p := range places {
		if p.absent || !a.meant(p.Name) {
			continue
		}
		at, err := s.at(ctx, p)
		if err != nil {
			failed = append(failed, fmt.Errorf("at %s: %w", p.Name, err))
		}
		out.Destinations = append(out.Destinations, at)
	}
	if err := a.print(out); err != nil {
		return err
	}
	if len(failed) > 0 && len(failed) < len(cfg.Destinations) {
		return partialError{errors.Join(failed...)}
	}
	return errors.Join(errors.Join(failed...), storage.Ended(ctx))
}

// at sweeps one place.
func (s sweeping) at(ctx context.Context, p place) (sweptAt, error) {
	if err := backup.CheckClock(ctx, p.store, s.app.Now); err != nil {
		return sweptAt{Leftovers: prune.Leftovers{Place: p.Name}}, err
	}
	b := &prune.Backups{Store: p.store, Verifier: s.v, Recipients: s.recipients}
	listing := catalog.Listing{Entries: p.entries, Orphans: p.orphans}
	left, err := prune.Leftover(ctx, p.Name, b, listing, func(e catalog.Entry) string { return s.spare(p, e) }, s.app.Now())
	for _, why := range left.Stays {
		s.app.warn("%s: %s", p.Name, why)
	}
	at := sweptAt{Leftovers: left}
	if over := left.Excess(limits(s.cfg.Deletion), len(p.entries)); err == nil && over != "" && s.unsafe == "" {
		err = hint.Wrap(fmt.Errorf("%w: %s", prune.ErrTooMany, over),
			"were manifests removed by mistake? If it is meant: --unsafe-blast-radius \"why so many\"")
		if !s.apply {
			s.app.warn("%s: it would be refused: %v", p.Name, err)
			err = nil
		}
	}
	if err != nil || !s.apply {
		return at, err
	}
	did, err := prune.Sweep(ctx, p.store, left)
	at.Removed, at.Locked = len(did.Removed)+did.Uploads, did.Locked
	s.app.done(ctx, s.cfg, sweepEntries(p.Name, did, s.unsafe)...)
	return at, err
}

// recipients are the fingerprints of those whom a source is sealed for today; none where
// the config cannot be read, so that nothing is taken for sealed for them.
func (s sweeping) recipients(source string) []string {
	r, err := crypt.ParseRecipients(s.cfg.RecipientsOf(source))
	if err != nil {
		s.app.warn("read the recipients of %s: %v", source, err)
		return nil
	}
	return r.Fingerprints()
}

// spare says why an orphan of a place stays: another place has the backup, or may.
func (s sweeping) spare(p place, e catalog.Entry) string {
	for _, other := range s.places {
		if l := (catalog.Listing{Entries: other.entries}); other.Name != p.Name && l.Find(e.Kind, e.Source, e.ID) != nil {
			return fmt.Sprintf("%s has the backup, and vapora-backup sync finishes the copy if it is to be one", other.Name)
		}
	}
	if s.blind {
		return "another destination cannot be listed, and may have the backup"
	}
	return ""
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
			linef(w, "%s: no backup: %s (%s)\n", d.Place, o.Key, size(o.Size))
		}
		for _, o := range d.Superseded {
			linef(w, "%s: sealed anew since: %s (%s)\n", d.Place, o.Key, size(o.Size))
		}
		for _, u := range d.Uploads {
			linef(w, "%s: unfinished since %s: %s (%s)\n", d.Place, stamp(u.Started), cmp.Or(u.Key, u.ID), size(u.Size))
		}
		linef(w, "%s: %d left over, %s; removed %d, locked %d\n", d.Place, len(d.Objects)+len(d.Superseded)+len(d.Uploads), size(d.Bytes), d.Removed, d.Locked)
	}
}
