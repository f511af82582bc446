package replay

import (
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// defineTables plans the stored tables: definition, fields, indexes.
func (b *builder) defineTables() {
	var defs []surql.Definition
	for _, t := range b.stored {
		def, rest := b.table(t)
		defs = append(defs, def...)
		b.finals = append(b.finals, rest...)
	}
	b.stage(Stage{Name: "tables", Define: defs})
}

// table returns what defines a stored table before its rows, and what after.
//
// A server holds new rows to a definition, and so does an import; rows that were
// there before the definition may be anything: edges without their ends, fields
// that were removed, records of another type. So rows come before the rules, and so do
// indexes: a SCHEMAFULL table takes none over a field that is gone.
func (b *builder) table(t *surql.Table) (before, after []surql.Definition) {
	fields := b.fields(t)
	var indexes []surql.Definition
	for _, d := range b.indexes(t) {
		indexes = append(indexes, b.repaired(d))
	}
	if t.Define == nil {
		return slices.Concat(fields, indexes), nil
	}
	// A definition of the table makes the ends of an edge anew; the others are rules, and
	// what the elements of one that is late are held to.
	late := func(d surql.Definition) bool {
		return d.Name == "id" || d.Name == "in" || d.Name == "out" || d.Flexible() || d.AnyElements() && slices.ContainsFunc(fields, func(f surql.Definition) bool {
			return f.Flexible() && strings.HasPrefix(d.Name, f.Name+".")
		})
	}
	isID := func(d surql.Definition) bool { return d.Name == "id" }
	switch {
	case b.plainRows(t):
		before = append(before, t.Define.Loose())
		for _, f := range t.Fields {
			if f.IsReference() {
				before = append(before, f.ReferenceOnly(elements(t, f)))
			}
			if f.IsReference() && below(t, f) {
				after = append(after, f.Untyped())
			}
		}
		if len(before) > 1 {
			b.repairs["tables whose references the import would not rebuild"]++
		}
		return before, slices.Concat(after, indexes, b.rules(t, fields))
	case t.Records+t.Edges == 0 && t.Define.IsSchemafull() && len(indexes) > 0:
		return slices.Concat([]surql.Definition{t.Define.Loose()}, indexes, b.rules(t, fields)), nil
	case t.Records+t.Edges == 0 || t.Define.Lightweight() || t.Define.Takes() && !slices.ContainsFunc(fields, isID):
		return append(b.rules(t, fields), indexes...), nil
	}
	before = append(before, t.Define.Loose())
	for _, d := range fields {
		if late(d) {
			after = append(after, d)
			if d.IsReference() { // the rows' references are kept as they come
				before = append(before, d.ReferenceOnly(elements(t, d)))
			}
		} else {
			before = append(before, d)
		}
	}
	return append(before, indexes...), b.rules(t, after)
}

// below says whether another field of a table is in f.
func below(t *surql.Table, f surql.Definition) bool {
	return slices.ContainsFunc(t.Fields, func(d surql.Definition) bool { return strings.HasPrefix(d.Name, f.Name+".") })
}

// elements says whether another field of a table is that of the elements of f.
func elements(t *surql.Table, f surql.Definition) bool {
	return slices.ContainsFunc(t.Fields, func(d surql.Definition) bool { return d.Name == f.Name+".*" })
}

// fields returns those of a table, in the order in which a server takes them.
//
// It makes the field of an array's elements by itself, and under some types takes no
// other once the array's is there: so the elements' come first. But one that says no type
// would get that of the array with it, and comes behind.
func (b *builder) fields(t *surql.Table) (out []surql.Definition) {
	var behind []surql.Definition
	for _, d := range t.Fields {
		switch {
		case d.MadeBy(t.Fields):
			if !slices.ContainsFunc(t.Fields, func(f surql.Definition) bool { return f.Name+".*" == d.Name }) {
				b.plan.Losses = append(b.plan.Losses, Loss{"field " + d.Name + " ON " + d.On, "no server reads its type; the array that it came with is gone"})
			}
		case d.AnyElements():
			behind = append(behind, b.repaired(d))
		default:
			out = append(out, b.repaired(d))
		}
	}
	// They come behind it in most dumps, and before it where it is called like a word.
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b surql.Definition) int { return strings.Count(b.Name, ".") - strings.Count(a.Name, ".") })
	return append(out, behind...)
}

// rules returns the definition of a table and those of fields. FLEXIBLE ones are taken
// under SCHEMAFULL only, though the table may have changed afterwards.
func (b *builder) rules(t *surql.Table, fields []surql.Definition) (out []surql.Definition) {
	outside := func(d surql.Definition) bool {
		return !b.opt.Target.Two && d.Flexible() && !t.Define.IsSchemafull()
	}
	if slices.ContainsFunc(fields, outside) {
		out = append(out, t.Define.Strict())
	}
	for _, d := range fields {
		if outside(d) {
			out = append(out, d)
		}
	}
	out = append(out, b.repaired(*t.Define))
	return append(out, slices.DeleteFunc(slices.Clone(fields), outside)...)
}

// indexes returns those of a table that work, and names the others.
func (b *builder) indexes(t *surql.Table) (out []surql.Definition) {
	for _, d := range t.Indexes {
		why := ""
		if b.opt.Broken != nil {
			why = b.opt.Broken(d)
		}
		if why == "" {
			out = append(out, d)
		} else {
			b.plan.Losses = append(b.plan.Losses, Loss{"index " + d.Name + " ON " + d.On, why})
		}
	}
	return out
}

// plainRows says whether the rows of t must go in as ordinary statements.
func (b *builder) plainRows(t *surql.Table) bool {
	to := b.opt.Target
	return !to.References && !to.Text && !to.Two && (b.live[t.Name] || slices.ContainsFunc(t.Fields, surql.Definition.IsReference))
}
