package surql

import (
	"bytes"
	"fmt"
)

// Relate returns a RELATE as it must be sent: its ends put right as the values of rows are,
// and as QuoteRelate has it.
func (v *Values) Relate(text []byte) ([]byte, error) {
	s := string(text)
	tokens := Tokens(s)
	var arrows []Token
	depth := 0
	for _, t := range tokens {
		switch s[t.From:t.To] {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		case "->":
			if depth == 0 {
				arrows = append(arrows, t)
			}
		}
	}
	if len(tokens) < 2 || len(arrows) != 2 || s[tokens[len(tokens)-1].From:] != ";" {
		return nil, fmt.Errorf("%w: no RELATE between two records", ErrSyntax)
	}
	from, edge, to := s[tokens[0].To:arrows[0].From], s[arrows[0].To:arrows[1].From], s[arrows[1].To:tokens[len(tokens)-1].From]
	out := []byte("RELATE ")
	for i, end := range []string{from, to} {
		if err := v.Walk([]byte(end), false); err != nil {
			return nil, err
		}
		if out = append(out, bytes.TrimSpace(v.Append(nil))...); i == 0 {
			out = fmt.Appendf(out, " ->%s-> ", edge)
		}
	}
	return QuoteRelate(append(out, ';')), nil
}

// QuoteRelate returns a RELATE with backticks around tables that are called like a
// word of the language: behind RELATE and behind an arrow, where a statement could
// stand, the parser takes them for one.
func QuoteRelate(text []byte) []byte {
	var out []byte
	at := 0 // text before it is in out
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case classes[c] == quote:
			n := quotedLen(text[i:])
			if n == 0 {
				return text
			}
			i += n
		case isWord(c):
			n := wordEnd(text, i)
			id := n+1 < len(text) && text[n] == ':' && text[n+1] != ' ' && text[n+1] != ':'
			if misread(text[i:n]) && (id || bytes.HasSuffix(bytes.TrimRight(text[:i], " "), []byte("->"))) {
				out = append(append(append(append(out, text[at:i]...), '`'), text[i:n]...), '`')
				at = n
			}
			i = n
		default:
			i++
		}
	}
	if at == 0 {
		return text
	}
	return append(out, text[at:]...)
}
