// Package surql reads the text of a SurrealDB export: it splits a stream into
// banners, statements and rows, names what a statement defines, and walks the
// values of a row. It knows the text that servers print (2.x to 4.0), not the
// whole language: what it does not understand it refuses, it never guesses.
//
// Nothing here keeps more than one statement or one row in memory.
package surql

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// ErrSyntax is what a text is that no server prints. The message names a place
// in bytes, never the text: a dump of 2.x holds keys in clear.
var ErrSyntax = errors.New("not the text of an export")

// Classes of bytes outside strings. All that is not named is plain.
const (
	plain = iota
	quote // ' " `
	open  // ( [ {
	shut  // ) ] }
	slash
	semicolon
	angle // first byte of ⟨ and of many other characters
)

var classes = [256]byte{
	'\'': quote, '"': quote, '`': quote,
	'(': open, '[': open, '{': open,
	')': shut, ']': shut, '}': shut,
	'/': slash, ';': semicolon, 0xE2: angle,
}

var closer = [256]byte{'(': ')', '[': ']', '{': '}'}

const (
	angleOpen  = "\u27e8" // ⟨
	angleClose = "\u27e9" // ⟩
)

// maxDepth bounds nesting. SurrealDB's own parser stops far below it.
const maxDepth = 4096

// A span walks one bracketed value or one statement. It can be stopped at any
// byte and taken up again with more of the same text.
type span struct {
	pos   int    // next byte to look at
	seen  int    // of the string that begins there, which may be long
	until byte   // what ends it at depth 0: '}' of a row, or ';' of a statement
	stack []byte // closers that are still to come; see args
	// script says that the arguments of a JavaScript function are behind, so
	// that a { begins its body.
	script bool
}

// args marks the closer of a script's arguments on a span's stack.
const args = 0x80

func (s *span) reset(until byte) {
	s.pos, s.seen, s.until, s.stack, s.script = 0, 0, until, s.stack[:0], false
}

// advance walks b, which starts where the span does and may have grown since
// the last call. It reports whether the span is over: b[:s.pos] is then its
// text. If not, more bytes are needed.
func (s *span) advance(b []byte) (bool, error) {
	i := s.pos
	for i < len(b) {
		switch classes[b[i]] {
		case plain:
			i++
			continue
		case quote:
			n, seen := quoted(b[i:], s.seen)
			s.seen = seen
			if n == 0 {
				s.pos = i
				return false, nil
			}
			i += n
		case open:
			if s.script && b[i] == '{' {
				n := scriptLen(b[i:])
				if n == 0 {
					s.pos = i
					return false, nil
				}
				s.script = false
				i += n
				continue
			}
			if len(s.stack) == maxDepth {
				return false, fmt.Errorf("%w: more than %d brackets deep", ErrSyntax, maxDepth)
			}
			end := closer[b[i]]
			if b[i] == '(' && afterFunction(b[:i]) {
				end |= args
			}
			s.stack = append(s.stack, end)
			i++
		case shut:
			if len(s.stack) == 0 || s.stack[len(s.stack)-1]&^args != b[i] {
				return false, fmt.Errorf("%w: brackets do not match", ErrSyntax)
			}
			s.script = s.stack[len(s.stack)-1]&args != 0
			s.stack = s.stack[:len(s.stack)-1]
			i++
			if len(s.stack) == 0 && s.until == b[i-1] {
				s.pos = i
				return true, nil
			}
		case semicolon:
			i++
			if len(s.stack) == 0 && s.until == ';' {
				s.pos = i
				return true, nil
			}
		case slash:
			if afterOperand(b[:i]) {
				i++
				continue
			}
			n := regexLen(b[i:])
			if n == 0 {
				s.pos = i
				return false, nil
			}
			i += n
		case angle:
			n, more := angleLen(b[i:])
			if more {
				s.pos = i
				return false, nil
			}
			i += n
		}
	}
	s.pos = i
	return false, nil
}

// quotedLen measures the string or identifier that b starts with, both quotes
// included; 0 if its end is not in b.
func quotedLen(b []byte) int {
	n, _ := quoted(b, 0)
	return n
}

// quoted is quotedLen from what of b was seen before. If the end is not in b, it returns
// how far it saw, which is one byte more where b ends behind a backslash.
func quoted(b []byte, seen int) (n, sees int) {
	q := b[0]
	i := max(1, seen)
	for ; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case q:
			return i + 1, 0
		}
	}
	return 0, i
}

// regexLen measures the regex literal that b starts with; 0 if its end is not
// in b. A slash inside is always printed as \/.
func regexLen(b []byte) int { return quotedLen(b) }

// angleLen measures ⟨…⟩. Any other character counts as one byte; more says that
// b ends too early to tell.
func angleLen(b []byte) (n int, more bool) {
	if len(b) < len(angleOpen) {
		return 0, true
	}
	if !bytes.HasPrefix(b, []byte(angleOpen)) {
		return 1, false
	}
	for i := len(angleOpen); i < len(b); i++ {
		switch {
		case b[i] == '\\':
			i++
		case bytes.HasPrefix(b[i:], []byte(angleClose)):
			return i + len(angleClose), false
		}
	}
	return 0, true
}

// openers are words that begin an expression, so that a slash behind one starts a
// regex and not a division. Servers print them in upper case.
var openers = map[string]bool{
	"RETURN": true, "NOT": true, "IF": true, "SELECT": true, "ALWAYS": true, "THROW": true, "ONLY": true,
	"DELETE": true, "CREATE": true, "UPDATE": true, "UPSERT": true,
}

// links are words that an expression stands before, and another behind. Where none
// stands before one it is a field, as in LIMIT / 2: servers print such names as they are.
var links = map[string]bool{
	"IN": true, "AND": true, "OR": true, "IS": true, "ON": true,
	"THEN": true, "ELSE": true, "WHERE": true, "VALUE": true, "ASSERT": true,
	"DEFAULT": true, "SET": true, "WHEN": true, "COMPUTED": true,
	"CONTAINS": true, "CONTAINSNOT": true, "CONTAINSALL": true, "CONTAINSANY": true, "CONTAINSNONE": true,
	"INSIDE": true, "NOTINSIDE": true, "ALLINSIDE": true, "ANYINSIDE": true, "NONEINSIDE": true,
	"OUTSIDE": true, "INTERSECTS": true,
	"FROM": true, "CONTENT": true, "MERGE": true, "REPLACE": true, "PATCH": true,
	"START": true, "LIMIT": true, "TIMEOUT": true, "VERSION": true,
	"SIGNUP": true, "SIGNIN": true, "AUTHENTICATE": true,
}

// lookBehind is how many bytes before a slash tell what it is.
const lookBehind = 256

// afterOperand says whether b ends with something that can be divided.
func afterOperand(b []byte) bool {
	b = b[max(0, len(b)-lookBehind):]
	first, n := "", 0 // of the links that b ends with
	for {
		b = bytes.TrimRight(b, " \t\r\n")
		word, name := lastWord(b)
		if name || !links[string(word)] {
			break
		}
		first, n = string(word), n+1
		b = b[:len(b)-len(word)]
	}
	operand := endsOperand(b)
	if n > 0 && !operand {
		word, _ := lastWord(b)
		operand = first == "VALUE" && string(word) == "SELECT" || endsType(b)
	}
	// Of links in a row each second one is a field.
	return operand == (n%2 == 0)
}

// endsOperand is afterOperand where b ends with no link.
func endsOperand(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	switch c := b[len(b)-1]; {
	case c == ')' || c == ']' || c == '}' || classes[c] == quote:
		return true
	case c == '*': // price.*; nothing multiplies a regex
		return true
	case c == '@': // @ and price.@, and not @@ and @1@
		at := bytes.LastIndexByte(b[:len(b)-1], '@')
		return at < 0 || len(bytes.Trim(b[at:], "@0123456789,")) > 0
	case c == '?': // price.? and not price ??
		return !bytes.HasSuffix(b, []byte("??"))
	}
	word, name := lastWord(b)
	return len(word) > 0 && (name || !openers[string(word)])
}

// endsType says whether b ends with a type as option<int>: no cast, and nothing that is
// compared.
func endsType(b []byte) bool {
	depth := 0
	for i := len(b) - 1; i >= 0; i-- {
		switch b[i] {
		case '>':
			depth++
		case '<':
			if depth--; depth == 0 {
				return i > 0 && isWord(b[i-1])
			}
		}
		if depth == 0 {
			break
		}
	}
	return false
}

// lastWord returns the word that b ends with, if it does; of $value, price.value and such
// it is a name.
func lastWord(b []byte) (word []byte, name bool) {
	i := len(b)
	for i > 0 && isWord(b[i-1]) {
		i--
	}
	return b[i:], i > 0 && strings.IndexByte("$.:@", b[i-1]) >= 0
}

// isWord says whether c can stand in an unquoted name, number or keyword.
func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= 0x80
}
