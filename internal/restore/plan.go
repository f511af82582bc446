package restore

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// PlanOptions are what a plan needs beside the dump.
type PlanOptions struct {
	Target         replay.Target
	Keys           map[string]string // of accesses, over those sealed or printed in the backup
	LeaveOutAccess []string
	Starts         map[string]int64 // of sequences, over those found in the data
	// Around is what else the target of single tables holds, nil if nothing.
	Around *db.Around
}

// Plan puts the dump into the order that restores everything.
func (d *Dump) Plan(o PlanOptions) (*replay.Plan, error) {
	keys := map[string]string{}
	for _, k := range d.Secrets.AccessKeys {
		keys[k.Name] = k.Key
	}
	maps.Copy(keys, o.Keys)
	if err := d.known(o); err != nil {
		return nil, err
	}
	starts, unsaid := d.starts(o.Starts)
	plan, err := replay.New(d.Outline, replay.Options{
		Target: o.Target, Two: d.Two, Keys: keys, NewKeys: o.Keys, LeaveOutAccess: o.LeaveOutAccess, Starts: starts,
		Broken: func(index surql.Definition) string { return d.broken(index, o.Around) }, Params: d.Secrets.Params,
	})
	if err != nil {
		return nil, err
	}
	for _, s := range unsaid {
		goesOn := "behind every integer below 2^53 in the data"
		if s.told {
			goesOn = "one batch behind the largest in the fields that it fills, so that numbers of records which are gone may come again"
		}
		at := cmp.Or(starts[s.name], d.start(s.name))
		plan.Losses = append(plan.Losses, replay.Loss{
			What: "where sequence " + s.name + " stood",
			Why:  fmt.Sprintf("no export before 3.2.5 says it; it goes on at %d, %s (restore db --sequence %s=NUMBER sets another)", at, goesOn, s.name),
		})
	}
	return plan, nil
}

// broken says why an index did not work in the source, as far as the backup tells.
func (d *Dump) broken(index surql.Definition, around *db.Around) string {
	if slices.Contains(d.Inventory.FailedIndexes, db.Index{Name: index.Name, Table: index.On}) {
		return "it indexed nothing, its build had failed; define it when the rows are right for it"
	}
	if d.Partial { // the target may have what single tables do not bring
		if what := around.Missing(index); what != "" {
			return "the target has no " + what + "; define both, or restore the whole backup"
		}
		return ""
	}
	if what := d.Outline.Missing(index); what != "" {
		return "it took no rows, " + what + " was removed; define both when it is there again"
	}
	return ""
}

// known refuses names that the backup does not have: what was meant would not happen.
func (d *Dump) known(o PlanOptions) error {
	have := map[string][]string{}
	for _, def := range d.Outline.Globals {
		have[def.Kind] = append(have[def.Kind], def.Name)
	}
	for _, of := range []struct {
		kind, what string
		names      []string
	}{
		{"ACCESS", "access", slices.Concat(slices.Sorted(maps.Keys(o.Keys)), o.LeaveOutAccess)},
		{"SEQUENCE", "sequence", slices.Sorted(maps.Keys(o.Starts))},
	} {
		for _, name := range of.names {
			if !slices.Contains(have[of.kind], name) {
				return hint.Wrap(fmt.Errorf("the backup has no %s %s", of.what, name), "it has: %s", cmp.Or(strings.Join(have[of.kind], ", "), "none"))
			}
		}
	}
	return nil
}

// start is the number that a sequence of the dump starts with.
func (d *Dump) start(name string) int64 {
	for _, def := range d.Outline.Globals {
		if def.Kind == "SEQUENCE" && def.Name == name {
			return def.Start()
		}
	}
	return 0
}

// unsaid is a sequence of which the backup does not say where it stood; told, if a field
// that it fills tells nearly.
type unsaid struct {
	name string
	told bool
}

// starts returns the positions of sequences that the dump does not tell: as
// given, or else as the data says, and which these are.
func (d *Dump) starts(given map[string]int64) (out map[string]int64, open []unsaid) {
	out = map[string]int64{}
	for _, def := range d.Outline.Globals {
		if def.Kind != "SEQUENCE" {
			continue
		}
		positioned := slices.ContainsFunc(d.Inventory.Sequences, func(s db.Sequence) bool { return s.Name == def.Name && s.Positioned })
		if n, ok := given[def.Name]; ok {
			out[def.Name] = n
		} else if !positioned {
			n, told := d.Columns.After(d.Outline, def)
			if n > def.Start() {
				out[def.Name] = n
			}
			open = append(open, unsaid{def.Name, told})
		}
	}
	return out, open
}

// Losses are what a restore by this plan does not bring back: what the plan knows,
// and what the backup never held.
func (d *Dump) Losses(p *replay.Plan) []replay.Loss {
	out := slices.Clone(p.Losses)
	if d.Partial {
		return out
	}
	inv := d.Inventory
	for _, what := range inv.NotIncluded {
		if !slices.ContainsFunc(out, func(l replay.Loss) bool { return l.What == what }) {
			out = append(out, replay.Loss{What: what, Why: "no export holds it"})
		}
	}
	for _, what := range inv.LeftOut {
		out = append(out, replay.Loss{What: what, Why: "the config left it out of the backup"})
	}
	for _, name := range inv.Outside {
		out = append(out, replay.Loss{What: name, Why: "it belongs to no database; its definition lies sealed beside the dump (get --secrets)"})
	}
	return out
}
