package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

func newBackup(a *app) *cobra.Command {
	c := &cobra.Command{Use: "backup", Short: "Take backups"}
	c.AddCommand(newBackupDB(a))
	return c
}

func newBackupDB(a *app) *cobra.Command {
	var all bool
	var tags []string
	c := &cobra.Command{
		Use:   "db [NAME…]",
		Short: "Back up databases, each proved complete before it counts",
		Long: "Back up the configured databases, or those named. A backup counts only when it is\n" +
			"proved complete: every table and definition that the server names is in the dump,\n" +
			"with at least the records counted before. What is not proved is not kept.\n\n" +
			"Nothing is ever created on the server. The work is done on half of the cores, so that\n" +
			"a server beside it keeps its own; GOMAXPROCS in the environment says another number.",
		Example: "  vapora-backup backup db\n  vapora-backup backup db vapora --destination primary --json",
		RunE: func(c *cobra.Command, args []string) error {
			return a.told(c, func() error { return runBackupDB(c.Context(), a, args, all, tags) })
		},
	}
	c.Flags().BoolVar(&all, "all-databases", false, "back up every database of each namespace")
	c.Flags().StringSliceVar(&tags, "tag", nil, "a `NAME` for these backups, such as before-upgrade: keep.tagged holds them longer")
	return c
}

func runBackupDB(ctx context.Context, a *app, names []string, all bool, tags []string) error {
	for _, tag := range tags {
		if err := catalog.CheckTag(tag); err != nil {
			return usageError{err}
		}
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	for _, w := range cfg.Warnings() {
		a.warn("%s", w)
	}
	w, err := a.newWriter(ctx, cfg)
	if err != nil {
		return err
	}
	w.tags = tags
	sources, err := a.sources(ctx, cfg, names, all)
	if err != nil {
		return err
	}
	defer halfTheCores(a.Environ)()
	out := backups{Backups: []backedUp{}}
	var failed []error
	for _, s := range sources {
		res, err := w.backup(ctx, s)
		if res == nil || res.ID != "" { // something was due
			a.done(ctx, cfg, backupEntry(s.name, res, err))
		}
		if res != nil {
			out.Backups = append(out.Backups, *res)
		}
		if err != nil && (ctx.Err() != nil || len(sources) == 1) {
			return errors.Join(out.printIfAny(a), err)
		}
		if err != nil {
			a.report(ctx, err)
			failed = append(failed, err)
		}
	}
	if err := a.print(out); err != nil {
		return err
	}
	return verdict(failed, len(sources))
}

// halfTheCores leaves the other half alone until it is undone. A server exports on one
// core, at a quarter of the speed of an encoder: where it runs beside us, work of ours on
// every core only moves it from one to the next. What GOMAXPROCS of the environment says
// stands.
func halfTheCores(environ []string) (undo func()) {
	if slices.ContainsFunc(environ, func(v string) bool { return strings.HasPrefix(v, "GOMAXPROCS=") }) {
		return func() {}
	}
	all := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(max(1, all/2))
	return func() { runtime.GOMAXPROCS(all) }
}

// verdict is the error of a run over several sources.
func verdict(failed []error, of int) error {
	switch {
	case len(failed) == 0:
		return nil
	case len(failed) == of:
		for _, err := range failed {
			var partial partialError
			if errors.As(err, &partial) {
				return shownError{partialError{err}}
			}
		}
		return shownError{failed[0]}
	}
	return shownError{partialError{fmt.Errorf("%d of %d sources failed", len(failed), of)}}
}

// A writer has all that a backup needs beside its source.
type writer struct {
	app          *app
	cfg          *config.Config
	destinations []backup.Destination
	signer       *crypt.Signer
	tags         []string
}

func (a *app) newWriter(ctx context.Context, cfg *config.Config) (*writer, error) {
	w := &writer{app: a, cfg: cfg}
	for _, d := range a.open(ctx, cfg) {
		w.destinations = append(w.destinations, backup.Destination{
			Name: d.Name, Store: d.store, Required: d.Required, Offline: d.Offline,
			Takes: d.takes(), Keep: d.keeps("database"), Lock: d.locks(), Class: d.StorageClass,
		})
	}
	var err error
	if w.signer, err = a.signing(ctx, cfg); err != nil {
		return nil, err
	}
	if w.signer == nil {
		a.warn("no signing.key in %s: the backups are not signed, and nobody can tell them from forged ones", cfg.File())
	}
	return w, nil
}

func (w *writer) backup(ctx context.Context, s source) (*backedUp, error) {
	if s.err != nil {
		return nil, unstored(s.err)
	}
	recipients, err := w.app.recipients(w.cfg.Recipients(s.config))
	if err != nil {
		return nil, usageError{fmt.Errorf("read the recipients of %s: %w", s.name, err)}
	}
	begin := w.app.Now()
	w.app.say("backing up %s: %s of %s", s.name, s.dump.Client.Database(), s.dump.Client.URL())
	bar := w.app.progress("export "+s.name, 0, true)
	taken := newTaken(w.destinations, bar)
	job := backup.Job{
		Kind: "database", Source: s.name, Tags: w.tags, Suffix: ".surql", Dump: dumper{&s.dump, func(what string) { w.app.say("%s: not in this backup: %s", s.name, what) }},
		Destinations: w.destinations, Recipients: recipients, Level: w.cfg.Encryption.Level,
		Tool: catalog.Tool{Name: "vapora-backup", Version: buildVersion()}, Host: w.app.Host,
		Now: w.app.Now, Random: w.app.Random, Progress: func(n int64) { bar.add(int(n)) }, Taken: taken.add,
	}
	if w.signer != nil {
		job.Signer = w.signer
	}
	res, err := backup.Run(ctx, job)
	bar.done()
	if res == nil {
		return nil, unstored(err)
	}
	out := newBackedUp(s.name, res, w.app.Now().Sub(begin))
	for _, d := range out.Destinations {
		if d.Unseen {
			w.app.warn("%s may not be listed: whether the backup was due there is not known, and it was taken", d.Name)
		}
	}
	for _, d := range res.Destinations {
		if d.Unlocked && d.Err == nil {
			w.app.warn("%s is NOT LOCKED at %s: by its keep it would go at once, unless it stands for a slot, which cannot be seen there; "+
				"set takes (such as daily) to how often it gets one, or a duration as lock.until", out.ID, d.Name)
		}
	}
	for _, warning := range out.Warnings {
		w.app.warn("%s: %s", s.name, warning)
	}
	if err == nil && res.Partial() {
		err = partialError{fmt.Errorf("backup %s of %s is missing at %s", out.ID, s.name, out.missing())}
	}
	if at := out.stored(); at != "" && hint.Of(err) == "" {
		err = hint.Wrap(err, "it is complete at %s; `vapora-backup sync` copies it to the others", at)
	}
	return out, unstored(err)
}

// unstored adds what is still safe, where no destination took the backup.
func unstored(err error) error {
	if err == nil || hint.Of(err) != "" {
		return err
	}
	return hint.Wrap(err, "nothing of this run counts; earlier backups are untouched (`vapora-backup list`)")
}

// A dumper makes a db.Source what backup.Run wants. lacks is told what no export of such a
// database holds: it is the same in every run, and no fault of one.
type dumper struct {
	*db.Source
	lacks func(what string)
}

func (d dumper) Dump(ctx context.Context, w io.Writer) (backup.Details, error) {
	got, err := d.Source.Dump(ctx, w)
	if err != nil {
		return backup.Details{}, err
	}
	for _, what := range got.Inventory.NotIncluded {
		d.lacks(what)
	}
	details := backup.Details{Engine: got.Engine, Inventory: got.Inventory, Warnings: got.Warnings}
	if got.Secrets != nil {
		if details.Secrets, err = json.Marshal(got.Secrets); err != nil {
			return backup.Details{}, fmt.Errorf("write the sealed companion: %w", err)
		}
	}
	return details, nil
}
