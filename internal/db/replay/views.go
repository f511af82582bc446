package replay

import (
	"slices"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// keeps says whether the rows of a view go in as they are: it groups none of the rows
// that it reads, and they are those of stored tables or of views that are kept. Under a
// definition that takes no INSERT of any row they go in under the plain one, which later
// servers print, and are computed.
func (b *builder) keeps(t *surql.Table) bool {
	_, _, _, relation := t.Define.Relation()
	strict := relation || t.Define.IsSchemafull() || t.Define.IsDrop()
	return !(strict && t.Plain != nil) && !b.opt.Target.Two && !t.Define.Groups() && !slices.ContainsFunc(t.Define.Reads(), func(name string) bool {
		read := b.o.Table(name)
		return read != nil && read.View() && !slices.Contains(b.kept, read)
	})
}

// sourceless says whether a view reads a table that is not in the dump, because it
// was left out, or only some tables come back. No server defines such a view; it is
// named.
func (b *builder) sourceless(t *surql.Table) bool {
	for _, name := range t.Define.Sources() {
		if b.o.Table(name) != nil && !b.absent[name] {
			continue
		}
		b.absent[t.Name] = true
		b.plan.Unfed = append(b.plan.Unfed, t.Name)
		b.plan.Losses = append(b.plan.Losses, Loss{
			What: "view " + t.Name,
			Why:  "it reads " + name + ", which does not come back; get --table " + t.Name + " prints its definition and its rows",
		})
		return true
	}
	return false
}

// orderViews returns the views so that each stands behind those that it reads;
// views that read each other in a circle keep the order of the dump.
func orderViews(tables []*surql.Table, views map[string]*surql.Table) []*surql.Table {
	var out []*surql.Table
	seen := map[string]bool{}
	var visit func(t *surql.Table)
	visit = func(t *surql.Table) {
		if seen[t.Name] {
			return
		}
		seen[t.Name] = true
		for _, name := range t.Define.Reads() {
			if v := views[name]; v != nil {
				visit(v)
			}
		}
		out = append(out, t)
	}
	for _, t := range tables {
		if views[t.Name] != nil {
			visit(t)
		}
	}
	return out
}

// views plans the views in the order in which they read each other.
//
// On 3.x a view's definition computes its rows, so no rows are sent: before
// 3.3.1 they would collide with it. A dump of 3.3.1 and later brings a plain
// definition for them; there the server clears the table before it computes, and
// if the definition cannot be replayed the rows stay. On 2.x an import computes
// nothing, and the rows go in behind the definition.
func (b *builder) views() {
	var defs []surql.Definition
	rows := Stage{Name: "rows of views"}
	for _, t := range b.viewTables {
		defs = append(defs, b.view(t)...)
		if t.Plain != nil {
			rows.Define = append(rows.Define, b.repaired(*t.Plain))
		}
		if t.Records > 0 && (t.Plain != nil || b.opt.Target.Two) {
			rows.Load = append(rows.Load, b.load(part{table: t}))
		}
	}
	views := Stage{Name: "views", Define: defs}
	if b.opt.Target.Two {
		b.stage(views)
		b.stage(rows)
		return
	}
	b.stage(rows)
	b.stage(views)
}

func (b *builder) view(t *surql.Table) []surql.Definition {
	defs := []surql.Definition{b.repaired(*t.Define)}
	for _, d := range slices.Concat(t.Fields, b.indexes(t)) {
		defs = append(defs, b.repaired(d))
	}
	return defs
}

// keptViews plans the views that copy rows of stored tables and group none. They
// are defined while their source is empty, for 3.0 fails to define one otherwise,
// and an import computes nothing: so their rows go in behind, also those that
// nobody could compute again, because they were written by hand or their source
// keeps none.
func (b *builder) keptViews() {
	s := Stage{Name: "views that group nothing"}
	for _, t := range b.kept {
		s.Define = append(s.Define, b.view(t)...)
		if t.Records > 0 {
			s.Load = append(s.Load, b.load(part{table: t}))
		}
	}
	b.stage(s)
}

// unfed names views over tables with DROP, directly or by way of other views:
// what fed them is gone. A row put into one that groups would make each later
// write to its table fail on 3.x, for no text holds what the server notes beside
// such a row.
func (b *builder) unfed() {
	for _, v := range b.viewTables {
		i := slices.IndexFunc(v.Define.Reads(), func(name string) bool {
			t := b.o.Table(name)
			return t != nil && t.Define != nil && t.Define.IsDrop() || slices.Contains(b.plan.Unfed, name)
		})
		if i < 0 || b.opt.Target.Two {
			continue
		}
		b.plan.Unfed = append(b.plan.Unfed, v.Name)
		if v.Records > 0 {
			b.plan.Losses = append(b.plan.Losses, Loss{
				What: "rows of view " + v.Name,
				Why:  "it reads " + v.Define.Reads()[i] + ", which keeps no rows, so it cannot be computed again; get --table " + v.Name + " prints them",
			})
		}
	}
}
