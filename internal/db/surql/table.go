package surql

import (
	"slices"
	"strings"
)

// IsView says whether a TABLE definition computes its rows from others.
func (d Definition) IsView() bool { return d.Kind == "TABLE" && d.clause("AS", "SELECT") > 0 }

// Groups says whether a view makes one row of several.
func (d Definition) Groups() bool {
	return d.clause("GROUP", "BY") > 0 || d.clause("GROUP", "ALL") > 0
}

// IsDrop says whether a TABLE definition throws its rows away.
func (d Definition) IsDrop() bool { return d.flag("DROP") > 0 }

// IsSchemafull says whether a TABLE takes no field that is not defined.
func (d Definition) IsSchemafull() bool { return d.flag("SCHEMAFULL") > 0 }

// flag returns the index of a keyword of a TABLE of its own, -1 if there is none. It
// stands before the query of a view and the permissions, which may name fields so, and
// is none of the tables at the ends of edges.
func (d Definition) flag(keyword string) int {
	if d.Kind != "TABLE" {
		return -1
	}
	i := d.noEnd(keyword)
	for _, behind := range []int{d.clause("AS", "SELECT"), d.noEnd("PERMISSIONS")} {
		if behind > 0 && i > behind {
			return -1
		}
	}
	return i
}

// noEnd returns the index of a keyword that names no end of edges, -1 if there is none.
func (d Definition) noEnd(keyword string) int {
	for i := d.clause(keyword); i > 0; i = d.find(i+1, keyword) {
		if !slices.Contains([]string{"IN", "OUT", "FROM", "TO", "|"}, strings.ToUpper(d.token(i-1))) {
			return i
		}
	}
	return -1
}

// Takes says whether a TABLE takes rows of any kind and form: records and edges,
// with any field. One that does not may still hold such rows, from before it was
// defined so.
func (d Definition) Takes() bool {
	return d.clause("TYPE", "ANY") > 0 && !d.IsSchemafull() && !d.IsDrop()
}

// Reads returns the names that a view or a query in it reads from, in order, each
// once: all its tables, and perhaps other words.
func (d Definition) Reads() []string {
	var out []string
	i := d.clause("AS", "SELECT")
	if i < 0 {
		return nil
	}
	for ; i < len(d.tokens); i++ {
		if d.has(i, "FROM") && !d.wantsValue(i) {
			out, i = d.list(i+1, out)
		}
	}
	return out
}

// Sources returns the tables that a view itself selects from, in order, each once. A
// server defines no view without them.
func (d Definition) Sources() []string {
	i := d.clause("AS", "SELECT")
	for i >= 0 {
		if i = d.find(i+1, "FROM"); i > 0 && !d.wantsValue(i) {
			out, _ := d.list(i+1, nil)
			return out
		}
	}
	return nil
}

// list adds the names behind FROM, and returns the index of the last.
func (d Definition) list(i int, out []string) ([]string, int) {
	if d.has(i, "ONLY") {
		i++
	}
	for ; i < len(d.tokens) && d.tokens[i].Kind <= Name; i += 2 {
		if name := Ident(d.token(i)); !slices.Contains(out, name) {
			out = append(out, name)
		}
		if d.token(i+1) != "," {
			break
		}
	}
	return out, i
}

// wantsValue says whether FROM, token i, is a field of that name: for what stands
// before it, or because the keyword comes next.
func (d Definition) wantsValue(i int) bool {
	if d.tokens[i-1].Kind == Punct {
		return !strings.Contains(")]}*", d.token(i-1))
	}
	before := []string{"SELECT", "BY", "WHERE", "AND", "OR", "SPLIT", "THEN", "ELSE"}
	if d.has(i+1, "FROM") {
		before = append(before, "VALUE", "AS")
	}
	return d.tokens[i-1].Kind == Word && slices.Contains(before, strings.ToUpper(d.token(i-1)))
}

// Relation returns what a TABLE definition says of its edges: the tables that
// they may come from and go to (none: any), and whether those must exist.
func (d Definition) Relation() (in, out []string, enforced, ok bool) {
	if d.Kind != "TABLE" || d.clause("TYPE", "RELATION") < 0 {
		return nil, nil, false, false
	}
	i := d.clause("TYPE", "RELATION") + 2
	for ; i < len(d.tokens); i++ {
		switch {
		case d.has(i, "IN"), d.has(i, "FROM"):
			in, i = d.union(i + 1)
		case d.has(i, "OUT"), d.has(i, "TO"):
			out, i = d.union(i + 1)
		case d.has(i, "ENFORCED"):
			enforced = true
		default:
			return in, out, enforced, true
		}
	}
	return in, out, enforced, true
}

// union reads a | b | c and returns the names and the last token's index.
func (d Definition) union(i int) ([]string, int) {
	var names []string
	for i < len(d.tokens) {
		names = append(names, Ident(d.token(i)))
		if d.token(i+1) != "|" {
			break
		}
		i += 2
	}
	return names, i
}

// Flexible says whether a FIELD takes objects of any form: in a table that is SCHEMAFULL,
// and in no other may it say so.
func (d Definition) Flexible() bool {
	from, to := d.fieldType() // where a table may be called so, as a field may be behind it
	if from == to {
		return d.Kind == "FIELD" && d.has(d.clauses, "FLEXIBLE")
	}
	return d.has(to, "FLEXIBLE") || from-2 >= d.clauses && d.has(from-2, "FLEXIBLE")
}

// Path returns the path of a FIELD as printed, in one form: servers put names that are
// words of the language into quotes in one place and not in the other.
func Path(printed string) string {
	var b strings.Builder
	for _, t := range Tokens(printed) {
		text := printed[t.From:t.To]
		if name := Ident(text); t.Kind == Name && plainName(name) {
			text = name
		}
		b.WriteString(text)
	}
	return b.String()
}

// PrintIdent prints a name, in backticks where it needs them.
func PrintIdent(name string) string {
	if plainName(name) {
		return name
	}
	return QuoteIdent(name)
}

// plainName says whether a name needs no backticks but for being a word of the language.
func plainName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool { return r >= 0x80 || !isWord(byte(r)) }) < 0 && (name[0] < '0' || name[0] > '9')
}

// IsReference says whether a FIELD definition keeps a list of who points to whom.
// Servers print it with what a deletion does, and so an expression that names a
// field of that name is none.
func (d Definition) IsReference() bool {
	return d.Kind == "FIELD" && d.clause("REFERENCE", "ON", "DELETE") > 0
}

// First returns the name of the row's own field that a FIELD is, or lies in.
func (d Definition) First() string {
	tokens := Tokens(d.Name)
	if d.Kind != "FIELD" || len(tokens) == 0 {
		return ""
	}
	return Ident(d.Name[:tokens[0].To])
}

// RecordTables returns the tables that a FIELD's type names as record<…>.
func (d Definition) RecordTables() []string {
	var out []string
	from, to := d.fieldType()
	for i := from; i < to; i++ {
		if d.has(i, "record") && d.token(i+1) == "<" {
			names, end := d.union(i + 2)
			out = append(out, names...)
			i = end
		}
	}
	return out
}

// fieldClauses end the TYPE of a field.
var fieldClauses = []string{"DEFAULT", "READONLY", "VALUE", "ASSERT", "REFERENCE", "PERMISSIONS", "COMMENT", "FLEXIBLE", "COMPUTED", "TYPE"}

// fieldType returns the tokens of a FIELD's type, half open.
func (d Definition) fieldType() (from, to int) {
	from = d.clause("TYPE")
	if d.Kind != "FIELD" || from < 0 {
		return 0, 0
	}
	from++
	depth := 0 // tables and literals in a type may be called like a clause
	for to = from; to < len(d.tokens) && d.token(to) != ";"; to++ {
		switch d.token(to) {
		case "<", "(", "[", "{":
			depth++
		case ">", ")", "]", "}":
			depth--
		}
		if depth == 0 && d.tokens[to].Kind == Word && slices.Contains(fieldClauses, strings.ToUpper(d.token(to))) {
			break
		}
	}
	return from, to
}

// span returns the text of tokens from to, half open.
func (d Definition) span(from, to int) string {
	if from >= to {
		return ""
	}
	return d.Text[d.tokens[from].From:d.tokens[to-1].To]
}

// Draws says whether a definition calls for the next number of a sequence.
func (d Definition) Draws(sequence string) bool {
	return slices.Contains(d.Needs(), "sequence "+sequence)
}

// Changefeed says whether a TABLE or DATABASE keeps a history of changes.
func (d Definition) Changefeed() bool {
	if d.Kind != "TABLE" && d.Kind != "DATABASE" {
		return false
	}
	for i := d.clause("CHANGEFEED"); i > 0; i = d.find(i+1, "CHANGEFEED") {
		if next := d.token(i + 1); next != "" && next[0] >= '0' && next[0] <= '9' { // how long; else a field
			return true
		}
	}
	return false
}

// Volatile says whether a view asks for the time or for chance, and so cannot
// be computed again to the same rows.
func (d Definition) Volatile() bool {
	for i := range d.tokens {
		chance := d.says(i, "rand") && (d.token(i+1) == "::" || d.token(i+1) == "(")
		if chance || d.says(i, "time") && d.token(i+1) == "::" && d.says(i+2, "now") {
			return true
		}
	}
	return false
}

// says says whether token i is a name in a path of functions, which some servers print
// in backticks.
func (d Definition) says(i int, name string) bool { return strings.EqualFold(Ident(d.token(i)), name) }

// IsNormal says whether a TABLE takes no edges.
func (d Definition) IsNormal() bool { return d.Kind == "TABLE" && d.clause("TYPE", "NORMAL") > 0 }

// Lightweight says whether a relation TABLE stores no records, only edges.
func (d Definition) Lightweight() bool {
	return d.flag("LIGHTWEIGHT") > 0 && d.clause("TYPE", "RELATION") > 0
}
