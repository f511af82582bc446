package replay

import (
	"fmt"
	"slices"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// keeps says whether the rows of a view go in as they are: it groups none of the rows
// that it reads.
//
// Since 3.3 a server computes such a view as well, and has to where its definition takes
// no INSERT of any row, where a field is NONE, which no INSERT keeps, and where it reads
// a view that is computed. Before, it defines none over rows that are there.
func (b *builder) keeps(t *surql.Table) bool {
	to := b.opt.Target
	if to.Two || t.Define.Groups() {
		return false
	}
	return !to.References || !strict(t) && (t.Empty == 0 || b.reads(t, isDrop)) && !b.reads(t, func(read *surql.Table) bool {
		return read.View() && !slices.Contains(b.kept, read)
	})
}

// strict says whether a view takes not every row.
func strict(t *surql.Table) bool {
	_, _, _, relation := t.Define.Relation()
	return relation || t.Define.IsSchemafull() || t.Define.IsDrop()
}

// isDrop says whether a table keeps no rows.
func isDrop(t *surql.Table) bool { return t.Define != nil && t.Define.IsDrop() }

// reads says whether a view reads such a table.
func (b *builder) reads(view *surql.Table, such func(*surql.Table) bool) bool {
	return slices.ContainsFunc(view.Define.Reads(), func(name string) bool {
		t := b.o.Table(name)
		return t != nil && such(t)
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
// if the definition cannot be replayed the rows stay. What a view that groups nothing
// does not compute, because its source is gone, comes behind. On 2.x an import computes
// nothing, and the rows go in behind the definition.
func (b *builder) views() {
	var defs []surql.Definition
	rows, missing := Stage{Name: "rows of views"}, Stage{Name: "rows that views did not compute"}
	for _, t := range b.viewTables {
		if b.live[t.Name] { // it is defined already, and has its rows
			defs = append(defs, b.view(t)[1:]...)
		} else {
			defs = append(defs, b.view(t)...)
		}
		if t.Plain != nil {
			rows.Define = append(rows.Define, b.repaired(*t.Plain))
		}
		if t.Records > 0 && (t.Plain != nil || b.opt.Target.Two) {
			rows.Load = append(rows.Load, b.load(part{table: t}))
		}
		if t.Records > 0 && !b.opt.Target.Two && !t.Define.Groups() && !strict(t) {
			l := b.load(part{table: t})
			l.Missing = true
			missing.Load = append(missing.Load, l)
		}
	}
	views := Stage{Name: "views", Define: defs}
	if b.opt.Target.Two {
		b.stage(views)
		b.stage(rows)
		return
	}
	for _, t := range b.viewTables {
		b.plan.Computed = append(b.plan.Computed, t.Name)
	}
	b.stage(rows)
	b.stage(views)
	b.stage(missing)
}

// keepLinks finds the views that a server before 3.3 has to compute row by row. One that
// copies the rows of a view which groups has to be defined before that one has any, and is
// forgotten by it when that one is defined once more, to be computed: so it is defined
// once, and what it reads comes by ordinary statements. An import cannot do that.
func (b *builder) keepLinks() {
	if to := b.opt.Target; to.References || to.Two {
		return
	}
	var feed func(name string)
	feed = func(name string) {
		t := b.o.Table(name)
		if t == nil || b.absent[name] || b.live[name] {
			return
		}
		b.live[name] = true
		if t.View() {
			for _, read := range t.Define.Reads() {
				feed(read)
			}
		}
	}
	for _, k := range b.kept {
		for _, name := range k.Define.Reads() {
			switch t := b.o.Table(name); {
			case t == nil || !slices.Contains(b.viewTables, t):
			case b.opt.Target.Text:
				b.plan.Losses = append(b.plan.Losses, Loss{
					What: "that view " + k.Name + " goes on with what comes into " + name,
					Why:  "a server before 3.3 forgets it when an import defines " + name + " over its rows; restore db keeps it",
				})
			default:
				b.live[k.Name] = true
				feed(name)
			}
		}
	}
}

func (b *builder) view(t *surql.Table) []surql.Definition {
	defs := []surql.Definition{b.repaired(*t.Define)}
	for _, d := range slices.Concat(t.Fields, b.indexes(t)) {
		defs = append(defs, b.repaired(d))
	}
	return defs
}

// keptViews plans the views that copy rows and group none. They are defined while
// their source is empty, a view that groups too, for 3.0 fails to define one otherwise,
// and an import computes nothing: so their rows go in behind, also those that nobody
// could compute again, because they were written by hand or their source keeps none.
func (b *builder) keptViews() {
	s := Stage{Name: "views that group nothing"}
	for _, t := range b.ordered {
		kept := slices.Contains(b.kept, t)
		switch {
		case kept && t.Records > 0 && isDrop(t):
			b.plan.Unfed = append(b.plan.Unfed, t.Name)
			b.plan.Losses = append(b.plan.Losses, Loss{
				What: "rows of view " + t.Name,
				Why:  "it is defined with DROP, and a server before 3.3 takes none of its rows; get --table " + t.Name + " prints them",
			})
			s.Define = append(s.Define, b.view(t)...)
			continue
		case kept && t.Records > 0 && strict(t):
			s.Define = append(s.Define, t.Define.Copying())
			b.plan.Altered = append(b.plan.Altered, *t.Define)
			b.finals = slices.Concat(b.finals, t.Define.Alterations(), b.view(t)[1:])
		case kept:
			s.Define = append(s.Define, b.view(t)...)
		case b.live[t.Name] || slices.ContainsFunc(b.kept, func(k *surql.Table) bool { return slices.Contains(k.Define.Reads(), t.Name) }):
			s.Define = append(s.Define, b.repaired(*t.Define))
		}
		if kept && t.Records > 0 {
			s.Load = append(s.Load, b.load(part{table: t}))
		}
		if kept && t.Empty > 0 && !b.live[t.Name] {
			b.plan.Losses = append(b.plan.Losses, Loss{
				What: fmt.Sprintf("fields that are NONE in %d rows of view %s", t.Empty, t.Name),
				Why:  "only a view keeps such a field, and this one cannot be computed again; it reads the same without",
			})
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
		if i < 0 || b.opt.Target.Two || !v.Define.Groups() && !strict(v) { // what is missing comes behind
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
