package replay

import (
	"cmp"
	"maps"
	"slices"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// A part is the records or the edges of a table.
type part struct {
	table *surql.Table
	edges bool
}

// sort divides the tables: views in dependency order, stored tables whose rows
// come before them, and those that must come behind, each in levels, nodes before
// edges.
//
// A view may follow links and edges from the tables that it reads into any other,
// so all rows come before the views that can. What points into a view cannot: its
// definition clears the way back.
func (b *builder) sort() {
	views := map[string]*surql.Table{}
	for _, t := range b.o.Tables {
		if t.View() {
			views[t.Name] = t
		} else {
			b.stored = append(b.stored, t)
		}
	}
	for _, t := range orderViews(b.o.Tables, views) {
		switch {
		case b.sourceless(t):
			delete(views, t.Name)
		case b.keeps(t):
			b.kept = append(b.kept, t)
			delete(views, t.Name)
		default:
			b.viewTables = append(b.viewTables, t)
		}
		if !b.absent[t.Name] {
			b.ordered = append(b.ordered, t)
		}
	}
	b.keepLinks()
	read := b.readByViews()
	behind := b.behindViews(views, read)
	var early, late []part
	for _, t := range b.stored {
		for _, p := range parts(t) {
			if behind[t.Name] {
				late = append(late, p)
			} else {
				early = append(early, p)
			}
		}
		if read[t.Name] {
			b.pointsIntoView(t, views)
		}
	}
	b.early = levels(early)
	b.late = levels(late)
}

// readByViews returns the stored tables that views read, and those that the
// edges among them need.
func (b *builder) readByViews() map[string]bool {
	read := map[string]bool{}
	var need func(name string)
	need = func(name string) {
		t := b.o.Table(name)
		if t == nil || t.View() || read[name] {
			return
		}
		read[name] = true
		for _, end := range ends(t) {
			need(end)
		}
	}
	for _, v := range b.viewTables {
		for _, name := range v.Define.Reads() {
			need(name)
		}
	}
	return read
}

// behindViews returns the stored tables that point into views, and those whose
// edges need them; but none that a view reads.
func (b *builder) behindViews(views map[string]*surql.Table, read map[string]bool) map[string]bool {
	behind := map[string]bool{}
	for more := len(views) > 0; more; {
		more = false
		for _, t := range b.stored {
			if read[t.Name] || behind[t.Name] {
				continue
			}
			if pointsInto(t, func(name string) bool { return views[name] != nil || behind[name] }) {
				behind[t.Name], more = true, true
			}
		}
	}
	return behind
}

// pointsInto says whether edges of t, or references whose tables are not said,
// may end in one of those tables.
func pointsInto(t *surql.Table, in func(name string) bool) bool {
	if slices.ContainsFunc(ends(t), in) {
		return true
	}
	for _, f := range t.Fields {
		if !f.IsReference() {
			continue
		}
		if to := f.RecordTables(); len(to) == 0 || slices.ContainsFunc(to, in) {
			return true
		}
	}
	return false
}

// ends returns the tables that the edges of t come from and go to: what its
// rows say, and where they were not looked into, what its definition says.
func ends(t *surql.Table) []string {
	if t.Edges == 0 {
		return nil
	}
	if len(t.In)+len(t.Out) > 0 {
		return slices.Concat(t.In, t.Out)
	}
	if t.Define == nil {
		return nil
	}
	in, out, _, _ := t.Define.Relation()
	return slices.Concat(in, out)
}

func parts(t *surql.Table) []part {
	var out []part
	if t.Records > 0 {
		out = append(out, part{table: t})
	}
	if t.Edges > 0 {
		out = append(out, part{table: t, edges: true})
	}
	return out
}

// levels puts parts into groups so that what an edge needs lies in an earlier
// one. Edges that need each other share the last group.
func levels(all []part) [][]part {
	left := map[part]bool{}
	for _, p := range all {
		left[p] = true
	}
	var out [][]part
	for len(left) > 0 {
		var level []part
		for _, p := range all {
			if left[p] && !waits(p, left) {
				level = append(level, p)
			}
		}
		if len(level) == 0 {
			for _, p := range all {
				if left[p] {
					level = append(level, p)
				}
			}
		}
		for _, p := range level {
			delete(left, p)
		}
		slices.SortStableFunc(level, func(x, y part) int { return cmp.Compare(y.table.Data.Length, x.table.Data.Length) })
		out = append(out, level)
	}
	return out
}

// waits says whether p needs something that is still left.
func waits(p part, left map[part]bool) bool {
	if !p.edges {
		return false
	}
	need := ends(p.table)
	for q := range left {
		if slices.Contains(need, q.table.Name) {
			return true
		}
	}
	return false
}

// pointsIntoView notes a table that a view reads and that points into a view:
// its rows must come first, and the view's definition clears their back side.
// Edges go in once more behind it; a reference cannot be renewed so.
func (b *builder) pointsIntoView(t *surql.Table, views map[string]*surql.Table) {
	if slices.ContainsFunc(ends(t), func(name string) bool { return views[name] != nil }) {
		b.again = append(b.again, []part{{table: t, edges: true}})
	}
	for _, f := range t.Fields {
		for _, name := range f.RecordTables() {
			if f.IsReference() && views[name] != nil {
				b.plan.Losses = append(b.plan.Losses, Loss{
					What: "the way back from view " + name + " over references in " + t.Name + "." + f.Name,
					Why:  "a view reads " + t.Name + ", so its rows come first, and the definition of the view clears what points into it",
				})
			}
		}
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
