// Package replay knows the order in which a dump of SurrealDB comes back
// whole, and puts right what the text of a dump gets wrong.
//
// A plain import of a plain export silently loses edges, views, references and
// keys on most versions; design notes and the server's own export give the
// order that loses nothing: definitions of stored tables; all rows but
// those that point into views, nodes before edges; views; those rows; events.
package replay

import (
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// A Target says what the server that takes the dump does by itself.
type Target struct {
	// Two is a server of the 2.x line: during an import it computes no view,
	// so a view's rows go in behind its definition.
	Two bool
	// References says that an import rebuilds the back side of REFERENCE
	// fields (3.3). Elsewhere such rows go in as ordinary statements.
	References bool
	// Text is a plan for [Plan.WriteText], where all rows go in by an import.
	Text bool
	// KeepsDatabase says that a user of the database itself restores: the statement which
	// defines the database is not for that one.
	KeepsDatabase bool
	// User is that user: another of the name, with another password, would lock the
	// restore out.
	User string
}

// Options are what a plan needs to know beside the dump.
type Options struct {
	Target Target
	// Two says that 2.x printed the dump.
	Two bool
	// Keys are the real keys of accesses that the export printed as a placeholder.
	Keys map[string]string
	// NewKeys are keys that accesses get in the place of theirs, whatever the export
	// printed.
	NewKeys map[string]string
	// LeaveOutAccess names accesses that shall not come back.
	LeaveOutAccess []string
	// Starts are positions of sequences whose dump does not say it.
	Starts map[string]int64
	// Params are the values of parameters whose definitions do not tell them.
	Params map[string]string
	// Broken, if not nil, says why an index did not work in the source, or ""; a broken
	// one stays out, for under it no server takes the rows.
	Broken func(index surql.Definition) (why string)
}

// A Plan is what a restore does, in order. It holds statements with keys in
// them: it is never printed; Losses, Repairs and the names in it may be.
type Plan struct {
	Stages  []Stage
	Losses  []Loss
	Repairs []Repair
	// Unfed are views that the target cannot compute to the same rows: they read
	// tables that keep none, or that do not come back.
	Unfed []string
	// Altered are definitions as they are printed in the end: of views that come about
	// by several statements, of parameters whose values no definition tells.
	Altered []surql.Definition
	// Computed are views whose rows the target computes anew.
	Computed []string
}

// Marker is the parameter that a target carries while a restore into it is unfinished:
// what a dump says of it is of another restore.
const Marker = "vapora_backup_restore"

// A Stage is done before the next one begins: first its definitions in order,
// then its loads, in any order and several at once.
type Stage struct {
	Name   string
	Define []surql.Definition
	Load   []Load
}

// A Load brings rows of one table.
type Load struct {
	Table string
	Data  surql.Range
	Rows  int64
	Part  Part
	// Plain rows go in by ordinary INSERTs, not by an import: so that the
	// server keeps their references.
	Plain bool
	// Again says that the rows are there and only their way back is renewed: a
	// view's definition cleared it, and no order would have kept it.
	Again bool
	// Two says that 2.x printed the rows.
	Two bool
	// AsPrinted rows need nothing put right: every one of them was looked into.
	AsPrinted bool
	// Missing rows are those that the target did not compute by itself.
	Missing bool
}

// A Part says which rows of a table are meant.
type Part int

const (
	Records Part = iota // rows of INSERT
	Edges               // rows of INSERT RELATION, and RELATE
)

// A Loss is something that the source has and a restore does not bring back.
type Loss struct {
	What string `json:"what"` // "bearer grants of access robot"
	Why  string `json:"why"`
}

// A Repair is something that the text gets wrong and that was put right.
type Repair struct {
	What string `json:"what"`
	N    int    `json:"n"`
}

// New plans the replay of a dump. It fails, naming all of them, if there are
// accesses without a key: a placeholder never becomes a key.
func New(o *surql.Outline, opt Options) (*Plan, error) {
	b := &builder{o: o, opt: opt, plan: &Plan{}, repairs: map[string]int{}, absent: map[string]bool{}, live: map[string]bool{}}
	if err := b.globals(); err != nil {
		return nil, err
	}
	b.sort()
	b.defineTables()
	b.keptViews()
	b.rows("rows", b.early, false)
	b.views()
	b.rows("edges into views, once more", b.again, true)
	b.rows("rows that point into views", b.late, false)
	b.finish()
	b.losses()
	for _, name := range sortedKeys(b.repairs) {
		b.plan.Repairs = append(b.plan.Repairs, Repair{name, b.repairs[name]})
	}
	return b.plan, nil
}

// A builder puts a plan together.
type builder struct {
	o       *surql.Outline
	opt     Options
	plan    *Plan
	repairs map[string]int

	stored      []*surql.Table
	viewTables  []*surql.Table     // that the target computes, in dependency order
	kept        []*surql.Table     // views whose rows go in as they are
	ordered     []*surql.Table     // both, in dependency order
	absent      map[string]bool    // views that do not come back
	live        map[string]bool    // views that the target computes row by row, and the tables that feed them
	early, late [][]part           // levels of loads around the views
	again       [][]part           // edges that come before a view and point into it
	finals      []surql.Definition // definitions that wait for the rows
}

func (b *builder) stage(s Stage) {
	if len(s.Define)+len(s.Load) > 0 {
		b.plan.Stages = append(b.plan.Stages, s)
	}
}

// rows plans levels of loads, one stage each.
func (b *builder) rows(name string, levels [][]part, again bool) {
	for _, level := range levels {
		s := Stage{Name: name}
		for _, p := range level {
			l := b.load(p)
			l.Again = again
			s.Load = append(s.Load, l)
		}
		b.stage(s)
	}
}

func (b *builder) load(p part) Load {
	l := Load{Table: p.table.Name, Data: p.table.Data, Rows: p.table.Records, Part: Records, Plain: b.plainRows(p.table), Two: b.opt.Two, AsPrinted: p.table.Sound && !b.opt.Two}
	if p.edges {
		l.Rows, l.Part = p.table.Edges, Edges
	}
	return l
}

// finish plans what waited for the rows: the real definitions of tables that
// were loaded loosely, then events.
func (b *builder) finish() {
	b.stage(Stage{Name: "final definitions", Define: b.finals})
	var events []surql.Definition
	for _, t := range b.o.Tables {
		if b.absent[t.Name] {
			continue
		}
		for _, d := range t.Events {
			events = append(events, b.repaired(d))
		}
	}
	b.stage(Stage{Name: "events", Define: events})
}
