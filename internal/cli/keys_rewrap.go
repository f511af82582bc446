package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/rekey"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// rewrapOptions are the flags of `keys rewrap` and `keys sign-again`.
type rewrapOptions struct {
	source     string
	all        bool
	identities []string
}

func newKeysRewrap(a *app) *cobra.Command {
	o := &rewrapOptions{}
	c := &cobra.Command{
		Use:   "rewrap [ID…]",
		Short: "Seal existing backups for the recipients of today, without touching what they hold",
		Long: "Write the header of each backup anew, for the recipients that the config has now, beside\n" +
			"the old one; what it holds stays as it is to the last byte. Readers take the new one\n" +
			"once it is proved. The old one goes with `prune orphans` after a day.\n\n" +
			"It is for a recipient who comes or goes. It does not undo a stolen key: who kept the old\n" +
			"header can open it still. An interrupted run is finished by the same command.",
		Example: "  vapora-backup keys rewrap --all --identity /media/usb/identity.txt",
		RunE:    func(c *cobra.Command, args []string) error { return runKeysRewrap(c.Context(), a, o, args) },
	}
	f := c.Flags()
	f.BoolVar(&o.all, "all", false, "every backup")
	f.StringVar(&o.source, "source", "", "only backups of the source `NAME`")
	f.StringArrayVar(&o.identities, "identity", nil, "private key `FILE` that opens the backups, over the config's (may be repeated)")
	return c
}

func newKeysSignAgain(a *app) *cobra.Command {
	o := &rewrapOptions{}
	c := &cobra.Command{
		Use:   "sign-again [ID…]",
		Short: "Sign existing backups with the signing key of today",
		Long: "Check each backup's signature, and sign its manifest with signing.key, beside the old\n" +
			"signature. It is for a key that is to be revoked: a copy that is made after the moment\n" +
			"of signing.revoked counts only with the new signature. Of a key that leaked revoke\n" +
			"first, or this signs what a thief signed.",
		Example: "  vapora-backup keys sign-again --all",
		RunE:    func(c *cobra.Command, args []string) error { return runKeysSignAgain(c.Context(), a, o, args) },
	}
	c.Flags().BoolVar(&o.all, "all", false, "every backup")
	c.Flags().StringVar(&o.source, "source", "", "only backups of the source `NAME`")
	return c
}

// A rewrapping is one run over backups and places.
type rewrapping struct {
	app    *app
	cfg    *config.Config
	places []place
	out    rewrapped
	failed []error
	missed error // where destinations could not be listed
}

func (a *app) rewrapping(ctx context.Context, o *rewrapOptions, args []string) (*rewrapping, []catalog.Entry, error) {
	if !o.all && len(args) == 0 && o.source == "" {
		return nil, nil, usagef("name the backups, or give --all")
	}
	cfg, err := a.load()
	if err != nil {
		return nil, nil, err
	}
	places, missed, err := a.everyPlace(ctx, cfg, catalog.Filter{Source: o.source})
	if err != nil {
		return nil, nil, err
	}
	r := &rewrapping{app: a, cfg: cfg, places: places, missed: missed, out: rewrapped{Backups: []rewrappedAt{}}}
	named, err := namedIDs(places, args)
	if err != nil {
		return nil, nil, err
	}
	out := slices.DeleteFunc(union(places), func(e catalog.Entry) bool { return len(args) > 0 && !slices.Contains(named, e.ID) })
	if len(out) == 0 {
		return nil, nil, errors.New("no such backup in any destination")
	}
	return r, out, nil
}

// options are those of a place, for one backup.
func (r *rewrapping) options(p place, e catalog.Entry) (rekey.Options, error) {
	trust, err := trusted(r.cfg)
	if err != nil {
		return rekey.Options{}, err
	}
	others := slices.DeleteFunc(slices.Clone(p.entries), func(x catalog.Entry) bool { return x.ID == e.ID || x.Source != e.Source })
	o := rekey.Options{
		Store: p.store, Class: p.StorageClass,
		Lock: p.locks().At(e.Time, p.keeps(e.Kind).RetainUntil(e.Time, catalog.Items(others), e.Tags...), r.app.Now()),
	}
	signer, err := r.app.signer(r.cfg)
	if trust != nil && signer != nil {
		o.Verifier, o.Signer = trust, signer
	}
	return o, err
}

func runKeysRewrap(ctx context.Context, a *app, o *rewrapOptions, args []string) error {
	r, entries, err := a.rewrapping(ctx, o, args)
	if err != nil {
		return err
	}
	ids, err := a.identities(r.cfg, o.identities)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if end := storage.Ended(ctx); end != nil {
			return errors.Join(a.print(r.out), end)
		}
		r.rewrap(ctx, e, ids)
	}
	return r.end()
}

// rewrap seals one backup anew at the first place that has it, and has the others
// follow, so that all copies stay the same.
func (r *rewrapping) rewrap(ctx context.Context, e catalog.Entry, ids *crypt.Identities) {
	to, err := r.recipients(e)
	var leader *place
	for i := range r.places {
		p := &r.places[i]
		at := slices.IndexFunc(p.entries, func(x catalog.Entry) bool {
			return x.Key(catalog.ManifestSuffix) == e.Key(catalog.ManifestSuffix)
		})
		if at < 0 || p.absent {
			continue
		}
		row := rewrappedAt{ID: e.ID, Source: e.Source, Destination: p.Name}
		var opt rekey.Options
		var res rekey.Result
		if err == nil {
			opt, err = r.options(*p, p.entries[at])
		}
		switch {
		case err != nil:
		case leader == nil:
			opt.Identities, opt.Recipients = ids, to
			res, err = rekey.Rewrap(ctx, p.entries[at], opt)
			leader = p
		default:
			res, err = r.follow(ctx, p.entries[at], *leader, opt)
		}
		row.Skipped, row.Bytes = res.Skipped, res.Bytes
		var hold error
		if err == nil && (!res.Skipped || len(p.entries[at].Superseded()) > 0) { // which may be what an interrupted run left
			hold = holdAgain(ctx, *p, p.entries[at])
		}
		r.take(ctx, row, fingerprints(ids), errors.Join(err, hold))
		if err != nil {
			return // the others stay as they are: all copies are alike
		}
	}
}

// follow has a place take what the leader has now.
func (r *rewrapping) follow(ctx context.Context, e catalog.Entry, leader place, opt rekey.Options) (rekey.Result, error) {
	fresh, err := reread(ctx, leader, e)
	if err != nil {
		return rekey.Result{}, err
	}
	return rekey.Follow(ctx, e, rekey.Leader{Store: leader.store, Entry: fresh}, opt)
}

// recipients are those of today for a backup's source.
func (r *rewrapping) recipients(e catalog.Entry) (*crypt.Recipients, error) {
	return r.app.recipients(r.cfg.RecipientsOf(e.Source))
}

func runKeysSignAgain(ctx context.Context, a *app, o *rewrapOptions, args []string) error {
	r, entries, err := a.rewrapping(ctx, o, args)
	if err != nil {
		return err
	}
	for _, p := range r.places {
		for _, e := range p.entries {
			if end := storage.Ended(ctx); end != nil {
				return errors.Join(a.print(r.out), end)
			}
			if !slices.ContainsFunc(entries, func(x catalog.Entry) bool { return x.ID == e.ID && x.Source == e.Source }) {
				continue
			}
			opt, err := r.options(p, e)
			signed := false
			if err == nil {
				signed, err = rekey.Resign(ctx, e, opt)
			}
			key := ""
			if opt.Signer != nil {
				key = opt.Signer.(*crypt.Signer).KeyID()
			}
			r.take(ctx, rewrappedAt{ID: e.ID, Source: e.Source, Destination: p.Name, Skipped: !signed}, key, err)
		}
	}
	return r.end()
}

// take notes what became of one backup at one place.
func (r *rewrapping) take(ctx context.Context, row rewrappedAt, key string, err error) {
	if row.OK = err == nil; !row.OK {
		row.Error = err.Error()
		r.failed = append(r.failed, fmt.Errorf("%s at %s: %w", row.ID, row.Destination, err))
	}
	r.out.Backups = append(r.out.Backups, row)
	if !row.Skipped || err != nil {
		r.app.done(ctx, r.cfg, audit.Entry{
			Action: audit.KeyUse, Result: outcome(err), Detail: why(err), Bytes: row.Bytes,
			Subject: audit.Subject{Source: row.Source, Backup: row.ID, Destination: row.Destination, Key: key},
		})
	}
}

func (r *rewrapping) end() error {
	if err := r.app.print(r.out); err != nil {
		return err
	}
	err := errors.Join(r.failed...)
	if err == nil {
		return r.missed
	}
	if err != nil && len(r.failed) < len(r.out.Backups) {
		return partialError{err}
	}
	return err
}

// rewrapped is the result of `keys rewrap` and `keys sign-again`.
type rewrapped struct {
	Backups []rewrappedAt `json:"backups"`
}

type rewrappedAt struct {
	ID          string `json:"id"`
	Source      string `json:"source"`
	Destination string `json:"destination"`
	OK          bool   `json:"ok"`
	Skipped     bool   `json:"skipped,omitempty"` // it was so already
	Bytes       int64  `json:"bytes"`
	Error       string `json:"error,omitempty"`
}

func (x rewrapped) Text(w io.Writer) {
	table(w, func(w io.Writer) {
		for _, b := range x.Backups {
			state := "done"
			switch {
			case b.Error != "":
				state = "FAILED: " + b.Error
			case b.Skipped:
				state = "as it should be already"
			}
			linef(w, "%s\t%s\t%s\t%s\n", b.ID, b.Source, b.Destination, state)
		}
	})
}
