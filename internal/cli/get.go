package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
	"github.com/vapora-platform/vapora-backup/internal/restore"
)

// getOptions are the flags of `get`.
type getOptions struct {
	pick       picked
	thaw       thawOptions
	identities []string
	output     string
	table      string
	forImport  bool
	secrets    bool
	accessKeys []string
	leaveOut   []string
	sequences  []string
}

func newGet(a *app) *cobra.Command {
	o := &getOptions{}
	c := &cobra.Command{
		Use:   "get [ID]",
		Short: "Print what a backup holds, decrypted and proved",
		Long: "Print the dump of a backup, the newest if no ID is given: decrypted, decompressed and\n" +
			"proved against its sums. Into a file it appears only when it is proved; on stdout the\n" +
			"exit code is the proof.\n\n" +
			"With --for-import the dump is put into the order in which the stock `surreal import`\n" +
			"restores all of it; with --table only one table's pieces are fetched, a partial proof;\n" +
			"with --secrets the sealed companion is printed, which holds keys.",
		Example: "  vapora-backup get 20261123T140000Z-7f3k2m --output vapora.surql\n" +
			"  vapora-backup get --for-import | surreal import --endpoint http://127.0.0.1:8000 --user root --pass \"$PASS\" --ns vapora --db main /dev/stdin",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return runGet(c.Context(), a, o, args) },
	}
	f := c.Flags()
	o.pick.flags(f)
	o.thaw.readerFlags(f)
	f.StringArrayVar(&o.identities, "identity", nil, "private key `FILE` that opens the backup, over the config's (may be repeated)")
	f.StringVarP(&o.output, "output", "o", "-", "`FILE` to write; - is stdout")
	f.StringVar(&o.table, "table", "", "only the definition and rows of the table `NAME`; a partial proof")
	f.BoolVar(&o.forImport, "for-import", false, "in the order that surreal import restores fully")
	f.BoolVar(&o.secrets, "secrets", false, "the sealed companion: keys, and users of root and namespace")
	f.StringArrayVar(&o.accessKeys, "access-key", nil, "with --for-import: key of an access whose export hides it, `NAME=@FILE`")
	f.StringSliceVar(&o.leaveOut, "leave-access-out", nil, "with --for-import: leave out the access `NAME`")
	f.StringArrayVar(&o.sequences, "sequence", nil, "with --for-import: position of a sequence, over what was found, `NAME=NUMBER`")
	c.MarkFlagsMutuallyExclusive("table", "for-import", "secrets")
	return c
}

func runGet(ctx context.Context, a *app, o *getOptions, args []string) error {
	if !o.forImport && len(o.accessKeys)+len(o.leaveOut)+len(o.sequences) > 0 {
		return usagef("--access-key, --leave-access-out and --sequence want --for-import")
	}
	if err := free(o.output); err != nil {
		return err
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	f, err := a.pick(ctx, cfg, o.pick, args)
	if err != nil {
		return err
	}
	b, err := a.readable(cfg, f, o.identities)
	if err != nil {
		return err
	}
	if err := a.warm(ctx, f, &o.thaw); err != nil {
		return err
	}
	write := func(w io.Writer) error { return getAll(ctx, b, w) }
	switch {
	case o.secrets:
		write = func(w io.Writer) error { return getSecrets(ctx, b, w) }
	case o.table != "":
		write = func(w io.Writer) error { return getTable(ctx, a, b, o.table, w) }
	case o.forImport:
		write = func(w io.Writer) error { return getForImport(ctx, a, b, o, w) }
	}
	if o.output == "-" {
		err := write(a.Out)
		a.done(ctx, cfg, readEntry(audit.Retrieve, f, o.what(), err))
		return explainCold(ctx, f, err)
	}
	n, err := writeProved(o.output, write)
	a.done(ctx, cfg, readEntry(audit.Retrieve, f, o.what()+" to "+o.output, err))
	if err != nil {
		return explainCold(ctx, f, err)
	}
	return a.print(got{ID: f.manifest.ID, Destination: f.used, File: o.output, Bytes: n, Partial: o.table != ""})
}

// what is got, for the record.
func (o *getOptions) what() string {
	switch {
	case o.secrets:
		return "the sealed companion"
	case o.table != "":
		return "table " + o.table
	}
	return "all"
}

func getAll(ctx context.Context, b restore.Backup, w io.Writer) error {
	plain, err := b.Plain(ctx)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, plain)
	if cerr := plain.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("get backup %s: what was written so far is not proved: %w", b.Manifest.ID, err)
	}
	return nil
}

func getSecrets(ctx context.Context, b restore.Backup, w io.Writer) error {
	text, err := b.SecretText(ctx)
	if err != nil {
		return fmt.Errorf("get the sealed companion of %s: %w", b.Manifest.ID, err)
	}
	if text == nil {
		return fmt.Errorf("backup %s has no sealed companion", b.Manifest.ID)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

func getTable(ctx context.Context, a *app, b restore.Backup, name string, w io.Writer) error {
	d, err := b.Pieces(ctx, []string{name})
	if err != nil {
		return err
	}
	a.say("table %s of %s: a partial proof, of the pieces that were read", name, b.Manifest.ID)
	if _, err := io.WriteString(w, "OPTION IMPORT;\n\n"); err != nil {
		return err
	}
	if err := copyRange(w, d, d.Outline.Tables[0].Span); err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n") // a table ends with its last statement
	return err
}

func copyRange(w io.Writer, d *restore.Dump, r surql.Range) error {
	src := d.Open(r)
	_, err := io.Copy(w, src)
	return errors.Join(err, src.Close())
}

func getForImport(ctx context.Context, a *app, b restore.Backup, o *getOptions, w io.Writer) error {
	given, err := readKeys(o.accessKeys)
	if err != nil {
		return err
	}
	starts, err := readStarts(o.sequences)
	if err != nil {
		return err
	}
	version, err := db.ParseVersion(b.Manifest.Engine)
	if err != nil {
		return err
	}
	d, err := b.Prove(ctx)
	if err != nil {
		return err
	}
	plan, err := d.Plan(restore.PlanOptions{
		Target: replay.Target{Two: version.Two(), References: version.ImportsReferences(), Text: true}, Keys: given, LeaveOutAccess: o.leaveOut, Starts: starts,
	})
	if err != nil {
		return err
	}
	for _, l := range d.Losses(plan) {
		a.warn("not in this dump: %s: %s", l.What, l.Why)
	}
	if clauses := surql.Parse(d.Secrets.DatabaseLine).ClauseNames(); clauses != "" && !d.Outline.DefinesDatabase() {
		a.warn("not in this dump: the database's own clauses: %s: they stand in database_line of `get --secrets`", clauses)
	}
	return plan.WriteText(w, d.Open)
}

// got is the result of `get` into a file.
type got struct {
	ID          string `json:"id"`
	Destination string `json:"destination"`
	File        string `json:"file"`
	Bytes       int64  `json:"bytes"`
	Partial     bool   `json:"partial_proof"`
}

func (g got) Text(w io.Writer) {
	proof := "proved"
	if g.Partial {
		proof = "partly proved: only these pieces were read"
	}
	linef(w, "%s  from %s  %s  %s  %s\n", g.ID, g.Destination, g.File, size(g.Bytes), proof)
}
