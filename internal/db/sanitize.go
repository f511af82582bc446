package db

import (
	"regexp"
	"slices"
	"strings"
)

// absence is how every version says that something does not exist.
var absence = regexp.MustCompile(`(?s)^The (namespace|database|table) '.*' does not exist$`)

// absent returns what a server says does not exist, "" if it says something else.
func absent(s string) string {
	if m := absence.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

// phrases are words of servers that say what is wrong and quote nothing. They
// survive sanitize wherever they stand.
var phrases = []string{
	"Not enough permissions", "already exists", "already contains", "does not exist", "Parse error",
	"expected", "enforced", "length limit exceeded", "timed out",
}

// sanitize keeps of a server's words what cannot hold a statement or a value:
// the first line before any excerpt, without what stands in quotes or brackets.
// A dump of 2.x holds keys in clear, and an error may quote it.
func sanitize(s string) string {
	if strings.HasPrefix(strings.TrimSpace(s), "<") {
		return "a page of HTML"
	}
	whole := s
	if absent(s) != "" {
		return clip(s) // it quotes the name alone
	}
	s, _, _ = strings.Cut(s, "\n")
	s, _, _ = strings.Cut(s, " --> ")
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '{' || c == '[':
			b.WriteString("…")
			i = len(s)
		case c != '\'' && c != '"' && c != '`' || isContraction(s, i):
			b.WriteByte(c)
		default:
			// To the last one, for what is quoted may hold the same quote.
			n := strings.LastIndexByte(s[i+1:], c)
			if n < 0 {
				n = len(s)
			}
			b.WriteString("…")
			i += 1 + n
		}
	}
	out := clip(b.String())
	for _, p := range slices.Concat(phrases, onceMore) {
		if strings.Contains(whole, p) && !strings.Contains(out, p) {
			out += " " + p
		}
	}
	return out
}

// isContraction says whether the quote at i is the one of "couldn't".
func isContraction(s string, i int) bool {
	return strings.HasSuffix(s[:i], "n") && (strings.HasPrefix(s[i:], "'t ") || s[i:] == "'t")
}

// clip shortens what a server said to a line.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if len(s) > 160 {
		s = strings.ToValidUTF8(s[:160], "") + "…"
	}
	return strings.TrimSpace(s)
}
