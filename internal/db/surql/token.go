package surql

import (
	"strconv"
	"strings"
)

// What a Token is.
type TokenKind int

const (
	Word   TokenKind = iota + 1 // keyword, plain name, number or part of one
	Name                        // `quoted name` or ⟨one⟩
	String                      // 'text', "text", with its prefix letter if it has one
	Regex                       // /text/
	Punct                       // one character, or one of :: -> <- ..
	Script                      // { … } of JavaScript, to the letter
)

// A Token is a run of a statement's text.
type Token struct {
	Kind     TokenKind
	From, To int // in the text
}

// Tokens splits one statement, or one value, without its white space. A text
// that ends inside a string gives that rest as one Punct.
func Tokens(text string) []Token {
	var out []Token
	var open []bool // brackets, and whether they hold a script's arguments
	var script bool // its arguments are just behind
	for i := 0; i < len(text); {
		if strings.IndexByte(" \t\r\n", text[i]) >= 0 {
			i++
			continue
		}
		k, n := token(text, i)
		if script && text[i] == '{' {
			k, n = orRest(Script, scriptLen([]byte(text[i:])), text[i:])
		}
		script = false
		if k == Punct && n == 1 {
			switch text[i] {
			case '(', '[', '{':
				open = append(open, text[i] == '(' && afterFunction(ending(text[:i])))
			case ')', ']', '}':
				if len(open) > 0 {
					script, open = open[len(open)-1], open[:len(open)-1]
				}
			}
		}
		out = append(out, Token{k, i, i + n})
		i += n
	}
	return out
}

// token measures what stands at i.
func token(text string, i int) (TokenKind, int) {
	rest := text[i:]
	switch c := rest[0]; {
	case c == '`':
		return orRest(Name, quotedLen([]byte(rest)), rest)
	case c == '\'' || c == '"':
		return orRest(String, quotedLen([]byte(rest)), rest)
	case strings.HasPrefix(rest, angleOpen):
		n, _ := angleLen([]byte(rest))
		return orRest(Name, n, rest)
	case c == '/' && !afterOperand(ending(text[:i])):
		return orRest(Regex, regexLen([]byte(rest)), rest)
	case len(rest) > 1 && strings.IndexByte("bdfrsu", c) >= 0 && (rest[1] == '\'' || rest[1] == '"'):
		k, n := orRest(String, quotedLen([]byte(rest[1:])), rest[1:])
		return k, n + 1
	case isWord(c):
		n := 1
		for n < len(rest) && isWord(rest[n]) && !strings.HasPrefix(rest[n:], angleOpen) {
			n++
		}
		return Word, n
	}
	for _, p := range []string{"::", "->", "<-", ".."} {
		if strings.HasPrefix(rest, p) {
			return Punct, len(p)
		}
	}
	return Punct, 1
}

// ending returns as much of the end of text as afterOperand looks at.
func ending(text string) []byte {
	return []byte(text[max(0, len(text)-lookBehind):])
}

func orRest(k TokenKind, n int, rest string) (TokenKind, int) {
	if n == 0 {
		return Punct, len(rest)
	}
	return k, n
}

// Ident returns the name that a Word or Name token stands for.
func Ident(text string) string {
	switch {
	case len(text) >= 2 && text[0] == '`':
		return unescape(text[1 : len(text)-1])
	case strings.HasPrefix(text, angleOpen):
		return unescape(strings.TrimSuffix(text[len(angleOpen):], angleClose))
	}
	return text
}

// unescape undoes backslashes the way SurrealDB prints names.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case '0':
			b.WriteByte(0)
		case 'u': // \u{2028}
			hex, _, found := strings.Cut(s[i+1:], "}")
			r, err := strconv.ParseUint(strings.TrimPrefix(hex, "{"), 16, 32)
			if !found || !strings.HasPrefix(hex, "{") || err != nil {
				b.WriteByte('u')
				continue
			}
			b.WriteRune(rune(r))
			i += len(hex) + 1
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// QuoteIdent prints a name so that every SurrealDB reads it back as that name. It
// always quotes: which words must be differs from version to version.
func QuoteIdent(name string) string { return "`" + escape(name, '`') + "`" }

// words are those that begin a statement or an expression, or stand for a value.
// Servers print a table of that name as it is, also before the colon of a record id,
// and then cannot read what they printed.
var words = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(`access alter analyze async begin break cancel commit continue create define delete explain
		false for from function if infinity info insert kill let live nan none null only option rebuild relate remove return select
		show sleep table throw true update upsert use value`) {
		out[w] = true
	}
	return out
}()

// misread says whether a bare name would be read as a word of the language, or as a
// number: 3.0 prints a table 2fa as it is, and then cannot read it.
func misread(name []byte) bool {
	if len(name) > 0 && name[0] >= '0' && name[0] <= '9' {
		return true
	}
	var lower [8]byte
	if len(name) > len(lower) {
		return false
	}
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return words[string(lower[:len(name)])]
}

// QuoteString prints a string literal.
func QuoteString(s string) string { return "'" + escape(s, '\'') + "'" }

func escape(s string, q byte) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case q, '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case 0:
			b.WriteString(`\0`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// StringValue returns what a String token without a prefix stands for.
func StringValue(text string) (string, bool) {
	if len(text) < 2 || text[0] != '\'' && text[0] != '"' {
		return "", false
	}
	return unescape(text[1 : len(text)-1]), true
}

// intValue reads a plain decimal integer.
func intValue(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}
