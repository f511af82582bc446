package surql

import "bytes"

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
