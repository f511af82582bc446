package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// lookAround asks what of the target stays when single tables are restored into it,
// and refuses where that cannot be right.
func (r *run) lookAround(ctx context.Context) (err error) {
	if r.around, err = r.Target.LookAround(ctx, r.Tables); err != nil {
		return err
	}
	r.Target.Around = r.around
	if views := r.around.Views; len(views) > 0 {
		return hint.Wrap(fmt.Errorf("%s/%s computes %s from these tables, and would not compute it anew",
			r.out.Namespace, r.out.Database, strings.Join(views, ", ")),
			"name it among the tables too, or REMOVE TABLE it first; nothing was written")
	}
	return nil
}

// targetLosses are what this target does not take back, and what its other tables knew
// of these, or these of them.
func (r *run) targetLosses() []replay.Loss {
	var out []replay.Loss
	if clauses := r.Target.Refused(); clauses != "" && !r.dump.Outline.DefinesDatabase() { // else the plan says it
		out = append(out, replay.Loss{What: "the database's own clauses: " + clauses, Why: "a user of the database may not define it; one of the namespace may"})
	}
	if r.dump.Partial {
		out = append(out, r.lacking()...)
	}
	if r.around == nil {
		return out
	}
	for _, field := range r.around.References {
		out = append(out, replay.Loss{What: "the way back over references in " + field, Why: "it went with the table; where these tables are restored together it comes back"})
	}
	for _, table := range r.around.Lightweight {
		out = append(out, replay.Loss{What: "edges of " + table, Why: "they are no records, and went with the table; where these tables are restored together they come back"})
	}
	return out
}

// lacking names what the rules of single tables call and the target does not have.
func (r *run) lacking() (out []replay.Loss) {
	named := map[string]bool{}
	for _, t := range r.dump.Outline.Tables {
		rules := slices.Concat(t.Fields, t.Events)
		if t.Define != nil {
			rules = append(rules, *t.Define)
		}
		for _, d := range rules {
			for _, what := range r.around.Lacks(d) {
				if !named[what] {
					named[what] = true
					out = append(out, replay.Loss{What: what, Why: "a rule of table " + t.Name + " calls it and the target has none; define it, or restore the whole backup"})
				}
			}
		}
	}
	return out
}

// renew gives the restored records back what they knew of the target's own edges.
func (r *run) renew(ctx context.Context) error {
	if r.around == nil {
		return nil
	}
	renewed, notes, err := r.Target.Renew(ctx, r.around)
	if err != nil {
		return err
	}
	r.repaired("edges of other tables that lead here, whose way back is renewed", int(renewed))
	r.out.Checked.Notes = append(r.out.Checked.Notes, notes...)
	return nil
}
