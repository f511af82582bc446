package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/restore"
)

func newRestore(a *app) *cobra.Command {
	c := &cobra.Command{Use: "restore", Short: "Bring a backup back"}
	c.AddCommand(newRestoreDB(a))
	return c
}

// restoreOptions are the flags of `restore db`.
type restoreOptions struct {
	pick        picked
	target      targetFlags
	thaw        thawOptions
	identities  []string
	accessKeys  []string
	leaveOut    []string
	sequences   []string
	tables      []string
	force       bool
	dryRun      bool
	workers     int
	compareRows bool
}

func newRestoreDB(a *app) *cobra.Command {
	o := &restoreOptions{}
	c := &cobra.Command{
		Use:   "db [ID]",
		Short: "Restore a database, and check that it is the same",
		Long: "Restore a backup, the newest good one if no ID is given. The backup is proved to its\n" +
			"last byte before the first write. It goes into an empty database: where something is\n" +
			"in the way it is refused, and --force names what it replaces. Everything is restored\n" +
			"in the order that loses no edge, view or reference; afterwards counts, definitions\n" +
			"and both ends of every edge are checked, and with --compare-rows every record. What\n" +
			"cannot come back is listed.\n\n" +
			"The target is the configured database of the source; the --to flags name another. What\n" +
			"none of them says is the source's own, user and password too.\n" +
			"An interrupted restore is started again with the same command and the ID of its backup.\n\n" +
			"With --tables only the pieces of those tables are fetched and proved: a partial proof.\n" +
			"All else in the target stays, and edges of other tables that lead to these are known\n" +
			"from both of their ends again.",
		Example: "  vapora-backup restore db --dry-run --to-database main_restored\n" +
			"  vapora-backup restore db 20261123T140000Z-7f3k2m --to-url http://127.0.0.1:8000 --to-database main_restored",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return runRestoreDB(c.Context(), a, o, args) },
	}
	f := c.Flags()
	o.pick.flags(f)
	o.target.flags(f)
	o.thaw.readerFlags(f)
	f.StringArrayVar(&o.identities, "identity", nil, "private key `FILE` that opens the backup, over the config's (may be repeated)")
	f.StringArrayVar(&o.accessKeys, "access-key", nil, "key of an access whose export hides it: `NAME=@FILE` (may be repeated)")
	f.StringSliceVar(&o.leaveOut, "leave-access-out", nil, "do not restore the access `NAME`")
	f.StringArrayVar(&o.sequences, "sequence", nil, "position of a sequence, over what was found: `NAME=NUMBER`")
	f.StringSliceVar(&o.tables, "tables", nil, "restore only these tables `NAME,…`; a partial proof")
	f.BoolVar(&o.force, "force", false, "replace what is in the target")
	f.BoolVar(&o.dryRun, "dry-run", false, "prove and plan; write nothing")
	f.BoolVar(&o.compareRows, "compare-rows", false, "in the end read every row back and compare it with the backup")
	f.IntVar(&o.workers, "workers", 3, "imports at once; servers of 2.x get one")
	return c
}

func runRestoreDB(ctx context.Context, a *app, o *restoreOptions, args []string) error {
	if len(o.tables) > 0 && len(o.accessKeys)+len(o.leaveOut)+len(o.sequences) > 0 {
		return usagef("--access-key, --leave-access-out and --sequence belong to a whole restore: --tables restores none of that")
	}
	if o.workers < 1 {
		return usagef("--workers %d: at least 1", o.workers)
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	job := restore.Job{
		LeaveOutAccess: o.leaveOut, Tables: slices.Compact(slices.Sorted(slices.Values(o.tables))), Force: o.force, DryRun: o.dryRun, CompareRows: o.compareRows,
		Workers: o.workers, Now: a.Now,
	}
	if job.Keys, err = readKeys(o.accessKeys); err != nil {
		return err
	}
	if job.Starts, err = readStarts(o.sequences); err != nil {
		return err
	}
	o.pick.good = true
	found, err := a.pick(ctx, cfg, o.pick, args)
	if err != nil {
		return err
	}
	if job.Backup, err = a.readable(cfg, found, o.identities); err != nil {
		return err
	}
	if job.Target, err = a.target(cfg, found.manifest.Source, o.target); err != nil {
		return err
	}
	if err := a.warm(ctx, found, &o.thaw); err != nil {
		return err
	}
	a.say("restoring %s of %s into %s/%s at %s", found.manifest.ID, found.manifest.Source,
		job.Target.Client.Namespace(), job.Target.Client.Database(), job.Target.Client.URL())
	res, err := a.restore(ctx, job)
	into := job.Target.Client
	detail := fmt.Sprintf("into %s/%s at %s", into.Namespace(), into.Database(), into.URL())
	if o.dryRun { // which opens the backup all the same
		detail = "dry run " + detail
	}
	a.done(ctx, cfg, readEntry(audit.Restore, found, detail, err))
	if res != nil {
		if perr := a.print(restored{res, err == nil}); err == nil {
			err = perr
		}
	}
	return explainCold(ctx, found, err)
}

// restore runs a job under progress.
func (a *app) restore(ctx context.Context, job restore.Job) (*restore.Result, error) {
	data := job.Backup.Manifest.Data()
	bar := progress{add: func(int) {}, done: func() {}}
	job.Backup.Progress = func(n int) { bar.add(n) }
	job.Rows = func(_ string, n int) { bar.add(n) }
	job.Phase = func(name string) {
		bar.done()
		switch {
		case name == "prove" && len(job.Tables) == 0:
			bar = a.progress(name, data.Plain.Size, true)
		default:
			bar = a.progress(name, 0, false)
		}
	}
	defer func() { bar.done() }()
	return restore.Run(ctx, job)
}

// readKeys reads NAME=@FILE pairs. A key in the command line itself would be
// seen by every user of the machine, so there is no such form.
func readKeys(pairs []string) (map[string]string, error) {
	keys := map[string]string{}
	for _, p := range pairs {
		name, file, ok := strings.Cut(p, "=@")
		if !ok || name == "" || file == "" {
			return nil, usagef("--access-key: write NAME=@FILE, with the key in the file")
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read access key %s: %w", name, err)
		}
		keys[name] = strings.TrimRight(string(text), "\r\n")
	}
	return keys, nil
}

func readStarts(pairs []string) (map[string]int64, error) {
	starts := map[string]int64{}
	for _, p := range pairs {
		name, text, ok := strings.Cut(p, "=")
		n, err := strconv.ParseInt(text, 10, 64)
		if !ok || name == "" || err != nil {
			return nil, usagef("--sequence %s: write NAME=NUMBER", p)
		}
		starts[name] = n
	}
	return starts, nil
}

// target makes the client of where a restore goes.
func (a *app) target(cfg *config.Config, source string, t targetFlags) (*db.Target, error) {
	d, err := t.entry(cfg, source)
	if err != nil {
		return nil, err
	}
	client, err := a.dial(d)
	if err != nil {
		return nil, err
	}
	return &db.Target{Client: client}, nil
}
