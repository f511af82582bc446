package surql

import (
	"strconv"
	"strings"
)

// Redacted is what SurrealDB 3.x prints in the place of an access key.
const Redacted = "[REDACTED]"

// replace returns the statement with tokens [from, to) replaced by text.
func (d Definition) replace(from, to int, text string) Definition {
	at := len(d.Text)
	if from < len(d.tokens) {
		at = d.tokens[from].From
	}
	end := at
	if to = min(to, len(d.tokens)); to > from {
		end = d.tokens[to-1].To
	}
	return d.with(d.Text[:at] + text + d.Text[end:])
}

// with returns the definition with another text of the same thing.
func (d Definition) with(text string) Definition {
	parsed := Parse(text)
	d.Text, d.tokens, d.clauses = text, parsed.tokens, parsed.clauses
	return d
}

// Overwriting returns the statement so that it replaces what is there.
// A bare CONFIG gets the DEFINE that its text lacks.
func (d Definition) Overwriting() Definition {
	switch {
	case d.Bare():
		return d.with("DEFINE CONFIG OVERWRITE " + d.Text)
	case !d.has(0, "DEFINE"):
		return d
	case d.overwrites():
	case d.has(2, "IF"):
		d = d.replace(2, 5, "OVERWRITE")
	default:
		d = d.replace(2, 2, "OVERWRITE ")
	}
	switch d.Kind {
	case "TABLE", "FIELD", "INDEX", "EVENT":
		d = d.quoted(d.clauses - 1) // the table
	}
	switch d.Kind {
	case "INDEX", "EVENT":
		d = d.quoted(3) // its own name
	}
	return d
}

// quoted returns the definition with a keyword that is a name in backticks.
func (d Definition) quoted(at int) Definition {
	if !misread([]byte(d.token(at))) {
		return d
	}
	return d.replace(at, at+1, QuoteIdent(d.token(at)))
}

// comment returns the index of the COMMENT clause, -1 if there is none: fields may be
// called so too, but no text comes behind them.
func (d Definition) comment() int {
	for i := d.clause("COMMENT"); i > 0 && i+1 < len(d.tokens); i = d.find(i+1, "COMMENT") {
		if k := d.tokens[i+1].Kind; k == String || k == Name || k == Word && d.Kind == "USER" {
			return i
		}
	}
	return -1
}

// QuotedComment returns the statement with a COMMENT in quotes that was printed as a
// name, in backticks or of one word bare (users before 3.2), and whether there was one.
func (d Definition) QuotedComment() (Definition, bool) {
	i := d.comment()
	if i < 0 || d.tokens[i+1].Kind == String {
		return d, false
	}
	return d.replace(i+1, i+2, QuoteString(Ident(d.token(i+1)))), true
}

// RepairedValue returns a PARAM whose value is put right as those of rows are, and
// whether it had to be. What is no value is left as it is.
func (d Definition) RepairedValue() (Definition, bool) {
	from, to := d.value()
	var v Values
	if from == to || v.Walk([]byte(d.span(from, to)), false) != nil || len(v.cuts) == 0 {
		return d, false
	}
	return d.replace(from, to, string(v.Append(nil))), true
}

// Untold says whether a PARAM has another value than its definition says: text is the
// value as rows print it.
func (d Definition) Untold(text string) bool {
	told := d.span(d.value())
	if strings.Contains(told, ")..") {
		return false // a range from a record, which rows print as a record
	}
	var v Values
	if v.Walk([]byte(told), false) != nil {
		return false
	}
	told = string(v.Append(nil))
	return v.Walk([]byte(text), false) == nil && string(v.Append(nil)) != told
}

// WithValue returns the PARAM with another value.
func (d Definition) WithValue(text string) Definition {
	from, to := d.value()
	return d.replace(from, to, text)
}

// value returns the tokens of a PARAM's value, half open.
func (d Definition) value() (from, to int) {
	from = d.clause("VALUE") + 1
	if d.Kind != "PARAM" || from == 0 || from >= len(d.tokens) {
		return 0, 0
	}
	to = len(d.tokens)
	for _, keyword := range []string{"COMMENT", "PERMISSIONS"} {
		end := d.find(from, keyword)
		if end == from { // a table of that name
			end = d.find(from+1, keyword)
		}
		if end > from {
			to = min(to, end)
		}
	}
	if to == len(d.tokens) && d.token(to-1) == ";" {
		to--
	}
	return from, to
}

// Grants names what an ACCESS hands out and no export holds, "" if it does not.
func (d Definition) Grants() string {
	switch {
	case d.Kind != "ACCESS":
	case d.clause("TYPE", "BEARER") > 0:
		return "bearer grants of access " + d.Name
	case d.clause("WITH", "REFRESH") > 0:
		return "refresh tokens of access " + d.Name
	}
	return ""
}

// Value returns the string that a PARAM stands for, "" if it is no string.
func (d Definition) Value() string {
	i := d.clause("VALUE")
	if d.Kind != "PARAM" || i < 0 {
		return ""
	}
	v, _ := StringValue(d.token(i + 1))
	return v
}

// Start returns the number that a SEQUENCE starts with, 0 if it says none.
func (d Definition) Start() int64 { return d.number("START") }

// Batch returns the size of the batches in which a SEQUENCE is handed out.
func (d Definition) Batch() int64 { return d.number("BATCH") }

func (d Definition) number(keyword string) int64 {
	i := d.clause(keyword)
	if d.Kind != "SEQUENCE" || i < 0 {
		return 0
	}
	text := d.token(i + 1)
	if text == "-" {
		text += d.token(i + 2)
	}
	n, _ := intValue(text)
	return n
}

// WithStart returns the SEQUENCE with another start.
func (d Definition) WithStart(n int64) Definition {
	number := strconv.FormatInt(n, 10)
	i := d.clause("START")
	if i < 0 {
		at := d.clause("TIMEOUT")
		if at < 0 {
			at = max(0, len(d.tokens)-1)
		}
		return d.replace(at, at, " START "+number+" ")
	}
	end := i + 2
	if d.token(i+1) == "-" {
		end++
	}
	return d.replace(i+1, end, number)
}

// Loose returns a TABLE definition of the same name that takes any row as it is.
func (d Definition) Loose() Definition {
	return d.with("DEFINE TABLE OVERWRITE " + QuoteIdent(d.Name) + " TYPE ANY SCHEMALESS PERMISSIONS NONE;")
}

// Strict returns a TABLE definition of the same name that is SCHEMAFULL and nothing else.
func (d Definition) Strict() Definition {
	return d.with("DEFINE TABLE OVERWRITE " + QuoteIdent(d.Name) + " TYPE ANY SCHEMAFULL PERMISSIONS NONE;")
}

// Copying returns the TABLE definition of a view without what it asks of its rows.
func (d Definition) Copying() Definition {
	as := d.clause("AS", "SELECT")
	kind := "TYPE ANY SCHEMALESS "
	if i := d.comment(); i > 0 && i < as {
		kind += d.span(i, as) + " "
	}
	return d.replace(d.clauses, as, kind).Overwriting()
}

// Alterations returns the statements that make a view of what Copying left of it: a
// server before 3.3 cannot define it over its rows.
func (d Definition) Alterations() (out []Definition) {
	alter := func(text string) {
		a := Parse(text)
		a.Name = d.Name
		out = append(out, a)
	}
	name := QuoteIdent(d.Name)
	if from := d.clause("TYPE"); from > 0 {
		to := from
		for to < len(d.tokens) && !d.has(to, "SCHEMAFULL") && !d.has(to, "SCHEMALESS") {
			to++
		}
		alter("ALTER TABLE " + name + " " + d.span(from, to) + ";")
	}
	if d.IsSchemafull() {
		alter("ALTER TABLE " + name + " SCHEMAFULL;")
	}
	if _, _, _, relation := d.Relation(); relation { // which the ends come with, as in no definition of a view
		alter("REMOVE FIELD IF EXISTS in ON " + name + ";")
		alter("REMOVE FIELD IF EXISTS out ON " + name + ";")
	}
	return out
}

// DatabaseClauses returns what stands behind the name of a DEFINE DATABASE:
// STRICT, COMMENT, CHANGEFEED.
func (d Definition) DatabaseClauses() string {
	if d.Kind != "DATABASE" {
		return ""
	}
	i := 2
	switch {
	case d.overwrites():
		i++
	case d.has(i, "IF"):
		i += 3
	}
	if d.token(i) == "$" { // $session.db, in dumps of 3.3.1 and later
		i += 3
	}
	end := len(d.tokens)
	if end > 0 && d.token(end-1) == ";" {
		end--
	}
	return d.span(i+1, end)
}

// ClauseNames returns the keywords of the DatabaseClauses, without what they say.
func (d Definition) ClauseNames() string {
	if d.DatabaseClauses() == "" {
		return ""
	}
	var out []string
	for _, keyword := range []string{"STRICT", "CHANGEFEED", "COMMENT"} {
		if d.clause(keyword) > 0 {
			out = append(out, keyword)
		}
	}
	return strings.Join(out, ", ")
}
