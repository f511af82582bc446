package cli

import (
	"fmt"
	"io"

	"github.com/vapora-platform/vapora-backup/internal/restore"
)

// mostFailures is how many statements that failed are said one by one; one fault often
// makes many of them.
const mostFailures = 10

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
	linef(w, "%s %s of %s (%s) into %s/%s (surrealdb-%s)\n", verb, r.Backup, r.Source, r.Engine, r.Namespace, r.Database, r.Server)
	linef(w, "  %d tables, %d records, %d edges", r.Tables, r.Records, r.Edges)
	if r.Partial {
		fmt.Fprint(w, "; a partial proof: only these pieces were read")
	}
	linef(w, "; read from %s\n", r.From)
	if r.Replaced != "" {
		linef(w, "  replaces: %s\n", r.Replaced)
	}
	if r.Again {
		fmt.Fprintln(w, "  started again: what an unfinished restore of the same backup left is cleared first")
	}
	for _, x := range r.Repairs {
		linef(w, "  put right: %s (%d)\n", x.What, x.N)
	}
	for name, n := range r.Starts {
		linef(w, "  sequence %s goes on at %d; --sequence %s=N sets another\n", name, n, name)
	}
	for _, x := range r.Losses {
		linef(w, "  not restored: %s: %s\n", x.What, x.Why)
	}
	if l := r.Loaded; l != nil {
		linef(w, "  loaded: %d rows in %d statements, %d failed\n", l.Rows, l.Statements, l.Failed)
		shown := l.Failures[:min(len(l.Failures), mostFailures)]
		for _, f := range shown {
			linef(w, "    failed: %s: %s\n", f.Statement, f.Message)
		}
		if n := l.Failed - int64(len(shown)); n > 0 {
			linef(w, "    and %d more\n", n)
		}
	}
	if c := r.Checked; c != nil {
		linef(w, "  checked: %d tables, %d definitions, %d edges from both ends; %d differences\n", c.Tables, c.Definitions, c.Edges, len(c.Problems))
		if c.Compared > 0 {
			linef(w, "  compared: every row of %d tables\n", c.Compared)
		}
		for _, p := range c.Problems {
			linef(w, "    differs: %s\n", p)
		}
		for _, n := range c.Notes {
			linef(w, "    note: %s\n", n)
		}
	}
	linef(w, "  proved in %s, loaded in %s, checked in %s\n", seconds(r.Seconds.Prove), seconds(r.Seconds.Load), seconds(r.Seconds.Check))
}
