package surql

import (
	"slices"
	"strings"
)

// A Definition is one statement of a dump that defines something, or a line of
// a CONFIGS section that does so without saying it.
type Definition struct {
	Kind string // upper case: TABLE, FIELD, USER, CONFIG, …; OPTION; "" if unknown
	Name string // as a name, without its quotes; of a FIELD its whole path
	On   string // of FIELD, INDEX and EVENT the table
	Text string // the statement with its semicolon; may hold a key: never print it

	tokens  []Token
	clauses int // the first token behind the names: keywords before it are names
}

// Parse reads one statement's text. What is no DEFINE gets the Kind of its
// first word and no Name.
func Parse(text string) Definition {
	d := Definition{Text: text, tokens: Tokens(text)}
	c := cursor{text: text, tokens: d.tokens}
	first := strings.ToUpper(c.next())
	if first != "DEFINE" {
		d.Kind = first
		if first == "OPTION" {
			d.Name = c.next()
		}
		d.clauses = min(1, len(d.tokens))
		return d
	}
	d.Kind = strings.ToUpper(c.next())
	if d.overwrites() {
		c.next()
	} else if c.is("IF") {
		c.i += 3 // IF NOT EXISTS
	}
	switch d.Kind {
	case "FUNCTION":
		d.Name = c.path("(")
	case "MODULE": // mod::name FROM a file, or silo::and::all UNSIGNED
		d.Name = c.path("FROM", "AS", "UNSIGNED", "COMMENT", "PERMISSIONS")
	case "FIELD":
		d.Name = c.field()
		d.On = c.on()
	case "INDEX", "EVENT":
		d.Name = Ident(c.next())
		d.On = c.on()
	case "PARAM":
		c.next() // $
		d.Name = Ident(c.next())
	case "API":
		d.Name, _ = StringValue(c.next())
	case "CONFIG":
		d.Name = strings.ToUpper(c.next())
	default:
		d.Name = Ident(c.next())
	}
	d.clauses = min(c.i, len(d.tokens))
	return d
}

// overwrites says whether a DEFINE says OVERWRITE, and not that the thing is called so.
func (d Definition) overwrites() bool {
	if !d.has(2, "OVERWRITE") {
		return false
	}
	for _, behind := range map[string][]string{
		"FIELD": {"ON", ".", "["}, "INDEX": {"ON"}, "EVENT": {"ON"}, "TABLE": {"TYPE"}, "USER": {"ON"}, "ACCESS": {"ON"},
		"ANALYZER": {"TOKENIZERS", "FILTERS", "FUNCTION", "COMMENT", ";"}, "SEQUENCE": {"BATCH"}, "BUCKET": {"BACKEND", "READONLY", "PERMISSIONS"},
	}[d.Kind] {
		// Where it is the keyword, a thing called like what comes behind stands there: a
		// field of the name goes on with ON, or with its path.
		path := d.Kind == "FIELD" && (d.token(4) == "." || d.token(4) == "[")
		if strings.EqualFold(d.token(3), behind) && !d.has(4, behind) && !(behind == "ON" && path) && !(d.Kind == "ANALYZER" && d.analyzes(4)) {
			return false
		}
	}
	return true
}

// analyzes says whether a clause of an ANALYZER begins at token i, or its end: what stands
// before it is no clause then, which would want a word.
func (d Definition) analyzes(i int) bool {
	return d.token(i) == ";" || slices.ContainsFunc([]string{"TOKENIZERS", "FILTERS", "FUNCTION", "COMMENT"}, func(w string) bool { return d.has(i, w) })
}

// ParseSection is Parse for a statement of the named section: before 3.0.3 and
// up to 3.3.0 the CONFIGS section prints bodies without their DEFINE CONFIG.
func ParseSection(section, text string) Definition {
	d := Parse(text)
	if section == "CONFIGS" && !d.has(0, "DEFINE") {
		d.Name, d.Kind = d.Kind, "CONFIG"
	}
	return d
}

// Defines says whether the statement defines something, or sets an option.
func (d Definition) Defines() bool {
	switch d.Kind {
	case "":
		return false
	case "CONFIG", "OPTION":
		return d.Name != ""
	}
	return d.has(0, "DEFINE") && d.clauses > 2
}

// Bare says whether a CONFIG stands without its DEFINE.
func (d Definition) Bare() bool {
	return d.Kind == "CONFIG" && !d.has(0, "DEFINE")
}

// old says whether only 2.x prints and reads the statement.
func (d Definition) old() bool {
	switch d.Kind {
	case "INDEX":
		return d.clause("SEARCH", "ANALYZER") > 0
	case "FIELD":
		i := d.clause("future")
		return i > 0 && d.token(i-1) == "<" && d.token(i+1) == ">" && d.token(i+2) == "{" // and no record<future>
	}
	return false
}

// token returns the i-th token's text, or "".
func (d Definition) token(i int) string {
	if i < 0 || i >= len(d.tokens) {
		return ""
	}
	return d.Text[d.tokens[i].From:d.tokens[i].To]
}

// has says whether the i-th token is the keyword.
func (d Definition) has(i int, keyword string) bool {
	return i >= 0 && i < len(d.tokens) && d.tokens[i].Kind == Word && strings.EqualFold(d.token(i), keyword)
}

// clause returns the index of a run of keywords outside all brackets and behind
// the names, which may be keywords themselves; -1 if none.
func (d Definition) clause(keywords ...string) int { return d.find(d.clauses, keywords...) }

// find does the same from token i on.
func (d Definition) find(i int, keywords ...string) int {
	depth := 0
	for ; i < len(d.tokens); i++ {
		switch d.token(i) {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		}
		if depth > 0 {
			continue
		}
		all := true
		for k, w := range keywords {
			all = all && d.has(i+k, w)
		}
		if all {
			return i
		}
	}
	return -1
}

// cursor reads tokens one after the other.
type cursor struct {
	text   string
	tokens []Token
	i      int
}

func (c *cursor) peek() string {
	if c.i >= len(c.tokens) {
		return ""
	}
	return c.text[c.tokens[c.i].From:c.tokens[c.i].To]
}

func (c *cursor) next() string {
	t := c.peek()
	c.i++
	return t
}

func (c *cursor) is(keyword string) bool {
	return c.i < len(c.tokens) && c.tokens[c.i].Kind == Word && strings.EqualFold(c.peek(), keyword)
}

// path reads tokens up to one of stops, keywords or brackets, and joins them as names
// with what stands between them: 2.x prints a function `a b` without its quotes.
func (c *cursor) path(stops ...string) string {
	var b strings.Builder
	for from := c.i; c.i < len(c.tokens) && !slices.Contains(stops, c.peek()) && c.peek() != ";"; {
		if c.i > from {
			b.WriteString(c.text[c.tokens[c.i-1].To:c.tokens[c.i].From])
		}
		b.WriteString(Ident(c.next()))
	}
	return b.String()
}

// field reads the path of a field: a name, and parts behind dots and in brackets.
// Any of them may be called ON, which ends the path elsewhere.
func (c *cursor) field() string {
	from := c.i
	for part := true; c.i < len(c.tokens) && (part || !c.is("ON")) && c.peek() != ";"; c.i++ {
		part = c.peek() == "."
	}
	if from >= c.i {
		return ""
	}
	return c.text[c.tokens[from].From:c.tokens[c.i-1].To]
}

// on reads ON [TABLE] name.
func (c *cursor) on() string {
	if !c.is("ON") {
		return ""
	}
	c.next()
	if c.is("TABLE") && c.i+1 < len(c.tokens) && c.tokens[c.i+1].Kind <= Name {
		switch strings.ToUpper(c.text[c.tokens[c.i+1].From:c.tokens[c.i+1].To]) {
		case "TYPE", "FIELDS", "WHEN", "COLUMNS", "VALUE", "READONLY", "FLEXIBLE": // a table of that name
		default:
			c.next()
		}
	}
	return Ident(c.next())
}
