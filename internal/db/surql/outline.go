package surql

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ErrOld is what a dump of SurrealDB 1.x is.
var ErrOld = errors.New("an export of SurrealDB 1.x, which is not supported")

// An Outline is a dump without its rows: every definition, and where the rows
// of each table lie.
type Outline struct {
	Size    int64        // bytes of the whole text
	Globals []Definition // everything that belongs to no table, in order
	Tables  []*Table     // in the order of the dump
	Notes   []string     // what the server says that it could not replay
	// Old says that the text is in the language of 2.x, which no later server
	// reads: known of definitions, and of rows that were walked.
	Old bool
}

// A Table is what a dump tells of one table.
type Table struct {
	Name string
	// Plain is the definition without its query under which a dump of 3.3.1 and
	// later loads the rows of a view; nil elsewhere.
	Plain  *Definition
	Define *Definition // nil if the dump has rows and no definition
	Fields []Definition
	// Indexes and Events keep the order of the dump.
	Indexes []Definition
	Events  []Definition

	Data    Range // where the rows are, with the INSERTs around them
	HasData bool  // a TABLE DATA section exists, empty or not
	Records int64 // rows that are no edges
	Edges   int64
	Span    Range  // everything of this table, definition and rows
	Sum     RowSum // over all rows, where it was asked for

	// Known of rows that were walked:

	Empty   int64    // rows with a field that is NONE, which no INSERT keeps
	Sound   bool     // a server reads every row as it is printed
	In, Out []string // the tables that the rows of edges come from and go to
	flawed  bool
}

// A Range is a run of bytes of the plain text.
type Range struct {
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

// End returns the offset behind the range.
func (r Range) End() int64 { return r.Offset + r.Length }

// grow makes r reach from its start, or from at if it is empty, to end.
func (r *Range) grow(at, end int64) {
	if r.Length == 0 {
		r.Offset = at
	}
	r.Length = end - r.Offset
}

// View says whether the table computes its rows.
func (t *Table) View() bool { return t.Define != nil && t.Define.IsView() }

// DefinesDatabase says whether the dump has the line of the database itself, as those of
// 3.3.1 and later do.
func (o *Outline) DefinesDatabase() bool {
	return slices.ContainsFunc(o.Globals, func(d Definition) bool { return d.Kind == "DATABASE" })
}

// Table returns the table of that name, or nil.
func (o *Outline) Table(name string) *Table {
	i := slices.IndexFunc(o.Tables, func(t *Table) bool { return t.Name == name })
	if i < 0 {
		return nil
	}
	return o.Tables[i]
}

// A Look says how closely ReadOutline looks at rows. Its zero value only counts them.
type Look struct {
	// Walk reads every value of every row.
	Walk bool
	// Ints, if not nil, sees the integers of every row that is walked, with the row's
	// table.
	Ints func(table string, field []byte, n int64)
	// Sum, if not nil, says whose rows are summed, which takes about as long as to
	// count them.
	Sum func(table string) bool
}

// AllSums sums the rows of every table.
func AllSums(string) bool { return true }

// ReadOutline reads the text of a dump to its end.
// An error says that the text is no whole dump; it never quotes it.
func ReadOutline(r io.Reader, look Look) (*Outline, error) {
	rd := &outliner{Scanner: NewScanner(r), o: &Outline{}, byName: map[string]*Table{}, sum: look.Sum}
	if look.Walk {
		rd.walker = newWalker(look.Ints)
	}
	err := rd.read()
	if rd.walker != nil {
		old, werr := rd.walker.end()
		rd.o.Old = rd.o.Old || old
		if werr != nil {
			err = werr // of a row before the one where reading ended
		}
		for _, t := range rd.o.Tables {
			t.Sound = !t.flawed
		}
	}
	if err != nil {
		return nil, err
	}
	return rd.o, nil
}

// read takes every item, to the end.
func (r *outliner) read() error {
	for first := true; ; {
		it, err := r.Next()
		if err == io.EOF {
			if first {
				return fmt.Errorf("%w: it is empty", ErrTruncated)
			}
			r.o.Size = r.Offset()
			r.endData(r.o.Size)
			return nil
		}
		if err != nil {
			return err
		}
		if first && it.Kind != Banner && it.Kind != Note {
			if err := checkHead(it); err != nil {
				return err
			}
			first = false
		}
		if err := r.take(it); err != nil {
			return err
		}
	}
}

// checkHead looks at the first statement.
func checkHead(it Item) error {
	switch d := Parse(string(it.Text)); {
	case it.Kind == Statement && d.Kind == "OPTION" && d.Name == "IMPORT":
		return nil
	case it.Kind == Statement && d.Kind == "BEGIN":
		return ErrOld
	}
	return fmt.Errorf("%w: it does not begin with OPTION IMPORT", ErrSyntax)
}

// An outliner is a Scanner that remembers where it is.
type outliner struct {
	*Scanner
	o       *Outline
	walker  *walker // nil where no row is walked
	sum     func(table string) bool
	byName  map[string]*Table
	section string // USERS, TABLE, TABLE DATA, …
	table   *Table // of the last two
	summed  bool   // whether its rows are
	loading *Table // whose rows are being read
}

func (r *outliner) take(it Item) error {
	if it.Kind != Row && it.Kind != Relate {
		r.endData(it.Offset)
	}
	switch it.Kind {
	case Banner:
		r.banner(it)
		return nil
	case Note:
		r.o.Notes = append(r.o.Notes, string(it.Text))
		return nil
	case Statement:
		d := ParseSection(r.section, string(it.Text))
		if d.Kind == "BEGIN" { // 1.x puts its rows into one transaction
			return ErrOld
		}
		r.define(d, it)
		return nil
	}
	return r.row(it)
}

func (r *outliner) banner(it Item) {
	text := string(it.Text)
	kind, name, _ := strings.Cut(text, ": ")
	r.section = kind
	if kind != "TABLE" && kind != "TABLE DATA" {
		r.table = nil
		return
	}
	if kind == "TABLE" {
		return // its definition comes next, and has the name in a form that is certain
	}
	if r.table == nil || !r.table.called(name) {
		r.table = r.named(Ident(name))
	}
	r.table.HasData = true
	r.summed = r.sum != nil && r.sum(r.table.Name)
	r.table.Data.Offset, r.loading = r.Offset(), r.table
}

// called says whether a banner's text may be the name of t: 2.x quotes it, later
// servers print it bare, and newlines as an escape.
func (t *Table) called(text string) bool {
	return text == t.Name || Ident(text) == t.Name || unescape(text) == t.Name
}

// endData ends the rows of a table where something else begins.
func (r *outliner) endData(at int64) {
	if t := r.loading; t != nil {
		t.Data.Length = at - t.Data.Offset
		t.Span.grow(t.Data.Offset, at)
		r.loading = nil
	}
}

func (r *outliner) named(name string) *Table {
	t := r.byName[name]
	if t == nil {
		t = &Table{Name: name}
		r.byName[name] = t
		r.o.Tables = append(r.o.Tables, t)
	}
	return t
}

func (r *outliner) define(d Definition, it Item) {
	end := r.Offset()
	r.o.Old = r.o.Old || d.old()
	switch d.Kind {
	case "TABLE":
		// The plain definition of a view stands behind the previous table's
		// section, before any banner of its own.
		r.table = r.named(d.Name)
		if r.table.Define != nil && d.IsView() {
			r.table.Plain = r.table.Define
		}
		r.table.Define = &d
	case "FIELD":
		r.table = r.named(d.On)
		r.table.Fields = append(r.table.Fields, d)
	case "INDEX":
		r.table = r.named(d.On)
		r.table.Indexes = append(r.table.Indexes, d)
	case "EVENT":
		r.table = r.named(d.On)
		r.table.Events = append(r.table.Events, d)
	default:
		r.o.Globals = append(r.o.Globals, d)
		return
	}
	r.table.Span.grow(it.Offset, end)
}

func (r *outliner) row(it Item) error {
	if r.loading == nil {
		return fmt.Errorf("%w: rows outside of a table, near byte %d", ErrSyntax, it.Offset)
	}
	if r.summed {
		r.table.Sum.add(it.Text)
	}
	if it.Edge {
		r.table.Edges++
	} else {
		r.table.Records++
	}
	if r.walker == nil || it.Kind == Relate {
		return nil
	}
	return r.walker.add(r.table, it)
}
