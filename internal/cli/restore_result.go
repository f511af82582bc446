package cli

import (
	"fmt"
	"io"

	"github.com/vapora-platform/vapora-backup/internal/restore"
)

// restored is the result of `restore db`.
type restored struct {
	*restore.Result
	OK bool `json:"ok"`
}

func (r restored) Text(w io.Writer) {
	verb := "restored"
	switch {
	case r.DryRun:
		verb = "would restore"
	case !r.OK:
		verb = "not fully restored:"
	}
	fmt.Fprintf(w, "%s %s of %s (%s) into %s/%s (surrealdb-%s)\n", verb, r.Backup, r.Source, r.Engine, r.Namespace, r.Database, r.Server)
	fmt.Fprintf(w, "  %d tables, %d records, %d edges", r.Tables, r.Records, r.Edges)
	if r.Partial {
		fmt.Fprint(w, "; a partial proof: only these pieces were read")
	}
	fmt.Fprintf(w, "; read from %s\n", r.From)
	if r.Replaced != "" {
		fmt.Fprintf(w, "  replaces: %s\n", r.Replaced)
	}
	if r.Again {
		fmt.Fprintln(w, "  started again: what an unfinished restore of the same backup left is cleared first")
	}
	for _, x := range r.Repairs {
		fmt.Fprintf(w, "  put right: %s (%d)\n", x.What, x.N)
	}
	for name, n := range r.Starts {
		fmt.Fprintf(w, "  sequence %s goes on at %d; --sequence %s=N sets another\n", name, n, name)
	}
	for _, x := range r.Losses {
		fmt.Fprintf(w, "  not restored: %s: %s\n", x.What, x.Why)
	}
	if l := r.Loaded; l != nil {
		fmt.Fprintf(w, "  loaded: %d rows in %d statements, %d failed\n", l.Rows, l.Statements, l.Failed)
		for _, f := range l.Failures {
			fmt.Fprintf(w, "    failed: %s: %s\n", f.Statement, f.Message)
		}
	}
	if c := r.Checked; c != nil {
		fmt.Fprintf(w, "  checked: %d tables, %d definitions, %d edges from both ends; %d differences\n", c.Tables, c.Definitions, c.Edges, len(c.Problems))
		if c.Compared > 0 {
			fmt.Fprintf(w, "  compared: every row of %d tables\n", c.Compared)
		}
		for _, p := range c.Problems {
			fmt.Fprintf(w, "    differs: %s\n", p)
		}
		for _, n := range c.Notes {
			fmt.Fprintf(w, "    note: %s\n", n)
		}
	}
	fmt.Fprintf(w, "  proved in %s, loaded in %s, checked in %s\n", seconds(r.Seconds.Prove), seconds(r.Seconds.Load), seconds(r.Seconds.Check))
}
