package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/drill"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// drillOptions are the flags of `restore-test`.
type drillOptions struct {
	source, choose, within string
	on                     string // the days on which it runs
	seed                   uint64
	keep                   bool
	identities             []string
	accessKeys             []string
	target                 string
	thaw                   thawOptions
}

func newRestoreTest(a *app) *cobra.Command {
	o := &drillOptions{}
	c := &cobra.Command{
		Use:   "restore-test",
		Short: "Try a backup: restore it into a throwaway target, and look at it",
		Long: "Pick a backup of each source, fetch and prove it, restore it into a SurrealDB that is\n" +
			"started for this and gone afterwards (or into a scratch namespace of restore_test.server,\n" +
			"never the source's own), and assert: the numbers of records, the definitions, every\n" +
			"edge from both ends, the checksum over the records of each table, the queries of\n" +
			"restore_test.checks and the smoke test. How long it took until the data was back is held\n" +
			"against objectives.rto. The result is stored, signed, in the first destination and in\n" +
			"the one that was read; what a check or the smoke test printed is shown on stderr and\n" +
			"not stored. Any difference is exit code 1; a source of which no backup can be\n" +
			"tried keeps no other from it, and is exit code 3. So is a fault that is not the\n" +
			"backup's: no server to restore into, no identity that opens it; then nothing is stored.\n" +
			"Sources that the config does not name any more are left out, unless --source names them.\n\n" +
			"--if first-sunday does nothing on other days: cron cannot say it.",
		Example: "  vapora-backup restore-test --select random --within 7d --if first-sunday\n" +
			"  vapora-backup restore-test --destination secondary --identity /media/usb/identity.txt",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if due, err := o.due(a); err != nil || !due {
				return err
			}
			return a.told(c, func() error { return runRestoreTest(c.Context(), a, o) })
		},
	}
	f := c.Flags()
	f.StringVar(&o.source, "source", "", "only backups of the source `NAME`")
	f.StringVar(&o.choose, "select", "latest", "which backup: `latest|random|ID`")
	f.StringVar(&o.within, "within", "", "only backups not older than a `DURATION` such as 7d")
	f.Uint64Var(&o.seed, "seed", 0, "for --select random: the same `NUMBER` picks the same one; 0 is another one each time")
	f.StringVar(&o.on, "if", "", "only on that `DAY` in UTC: sunday, first-sunday, last-friday, first-day")
	f.BoolVar(&o.keep, "keep", false, "leave what was restored for inspection, in a target that stays (--target server)")
	f.StringVar(&o.target, "target", "", "over restore_test.target: `local|server`")
	f.StringArrayVar(&o.identities, "identity", nil, "private key `FILE` that opens the backup, over the config's (may be repeated)")
	f.StringArrayVar(&o.accessKeys, "access-key", nil, "key of an access that the backup lacks: `NAME=@FILE` (may be repeated)")
	o.thaw.readerFlags(f)
	return c
}

// due reports whether today is a day of --if, and says so where it is none.
func (o *drillOptions) due(a *app) (bool, error) {
	if o.on == "" {
		return true, nil
	}
	due, err := drill.Due(o.on, a.Now())
	if err != nil {
		return false, usageError{err}
	}
	if !due {
		a.say("today is not %s: nothing to do", o.on)
		return false, a.print(drilled{Reports: []*drill.Report{}, Skipped: "not " + o.on})
	}
	return true, nil
}

func runRestoreTest(ctx context.Context, a *app, o *drillOptions) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	if target := cmp.Or(o.target, cfg.RestoreTest.Target, "local"); o.keep && target == "local" {
		return usageError{hint.Wrap(errors.New("--keep: a server that is started for a restore test holds all in memory and ends with this command"),
			"--target server, with restore_test.server in the config, leaves the scratch namespace there; restore db restores where you like")}
	}
	signer, err := a.signing(ctx, cfg)
	switch {
	case err != nil: // the backups can be tried all the same
		a.warn("the results are stored nowhere: %v", err)
	case signer == nil:
		a.warn("no signing.key: the results are stored nowhere")
	}
	places, err := a.places(ctx, cfg, catalog.Filter{Source: o.source})
	if err != nil {
		return err
	}
	entries, failures, err := o.pick(a, cfg, places)
	if err != nil {
		return err
	}
	out := drilled{Reports: []*drill.Report{}}
	tried := drillErrors{untried: failures}
	for _, e := range entries {
		r, err := a.drill(ctx, cfg, o, places, e)
		if err != nil && ctx.Err() != nil {
			a.done(ctx, cfg, untriedEntry(e, err))
			return errors.Join(a.print(out), err)
		}
		if err != nil { // the other sources are tried all the same
			a.done(ctx, cfg, untriedEntry(e, err))
			tried.untried = append(tried.untried, fmt.Errorf("%s/%s: %w", e.Kind, e.Source, err))
			continue
		}
		out.Reports = append(out.Reports, r)
		a.done(ctx, cfg, drillEntry(r))
		if !r.OK() {
			tried.failed = append(tried.failed, fmt.Errorf("backup %s did not pass its restore test", r.Backup))
		}
		if signer == nil {
			continue
		}
		for _, d := range a.resultPlaces(ctx, cfg, r.Destination) {
			if err := drill.Store(ctx, d.store, r, signer, storage.PutOptions{}); err != nil {
				tried.failed = append(tried.failed, fmt.Errorf("store the result at %s: %w", d.Name, err))
			}
		}
	}
	if err := a.print(out); err != nil {
		return err
	}
	return tried.verdict(len(out.Reports))
}

// drillErrors are what went wrong with several sources: tests that failed, and sources
// of which no backup could be tried.
type drillErrors struct{ failed, untried []error }

// verdict is partial where all that was tried is good, and where nothing was and that
// says nothing of the backups.
func (d drillErrors) verdict(tried int) error {
	err := errors.Join(append(d.failed, d.untried...)...)
	ours := !slices.ContainsFunc(d.untried, func(err error) bool { return !errors.Is(err, drill.ErrNotTried) })
	if err != nil && len(d.failed) == 0 && (tried > 0 || ours) {
		return partialError{err}
	}
	return err
}

// resultPlaces are the first destination, and the one whose copy was tried.
func (a *app) resultPlaces(ctx context.Context, cfg *config.Config, tried string) []destination {
	all := a.openAll(ctx, cfg)
	first := all[0].Name
	return slices.DeleteFunc(all, func(d destination) bool { return d.Name != first && d.Name != tried })
}

// drill tries one backup.
func (a *app) drill(ctx context.Context, cfg *config.Config, o *drillOptions, places []place, e catalog.Entry) (*drill.Report, error) {
	trust, err := trusted(cfg)
	if err != nil {
		return nil, err
	}
	f, err := a.gather(ctx, places, e, verifier(trust))
	if err != nil {
		return nil, err
	}
	if err := a.warm(ctx, f, &o.thaw); err != nil {
		return nil, err
	}
	kinds, err := a.kinds(cfg, o, f)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", drill.ErrNotTried, err)
	}
	kind, ok := kinds[e.Kind]
	if !ok {
		return nil, fmt.Errorf("no restore test is known for backups of kind %q; there are: %s", e.Kind, known(kinds))
	}
	a.say("trying %s of %s", e.ID, e.Source)
	r, err := drill.Run(ctx, drill.Drill{
		Kind: kind, Manifest: f.manifest, RTO: time.Duration(cfg.Objectives.RTO), Keep: o.keep,
		Tool: catalog.Tool{Name: "vapora-backup", Version: buildVersion()}, Host: a.Host, Now: a.Now, Random: a.Random,
	})
	if r != nil {
		a.showSeen(r)
	}
	return r, err
}

// showSeen says what was seen and is not stored.
func (a *app) showSeen(r *drill.Report) {
	for _, x := range r.Assertions {
		switch {
		case x.Seen == "":
		case x.OK:
			a.say("%s: %s", x.Name, x.Seen)
		default:
			a.warn("%s: %s", x.Name, x.Seen)
		}
	}
}

// drilled is the result of `restore-test`.
type drilled struct {
	Reports []*drill.Report `json:"reports"`
	Skipped string          `json:"skipped,omitempty"`
}

func (d drilled) Text(w io.Writer) {
	if d.Skipped != "" {
		linef(w, "nothing to do: %s\n", d.Skipped)
	}
	for _, r := range d.Reports {
		linef(w, "%s: %s of %s, taken %s, from %s into %s\n", r.Verdict, r.Backup, r.Source, stamp(r.Taken), r.Destination, r.Target)
		for _, x := range r.Assertions {
			state := "ok"
			if !x.OK {
				state = "FAILED"
			}
			linef(w, "  %s: %s: %s\n", state, x.Name, strings.TrimSpace(x.Detail))
		}
		for _, n := range r.Notes {
			linef(w, "  note: %s\n", n)
		}
		if r.Error != "" {
			linef(w, "  FAILED: %s\n", r.Error)
		}
		linef(w, "  back in %s (RTO %s); report %s\n", seconds(r.Restore), seconds(r.RTO), r.ID)
		if r.Kept != "" {
			linef(w, "  kept: %s\n", r.Kept)
		}
	}
}

// readPEM reads a file of certificates, nil for "".
func readPEM(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	return os.ReadFile(path)
}
