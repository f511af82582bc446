package surql

import (
	"slices"
	"strings"
)

// keys returns the indexes of the string tokens that are keys of an ACCESS.
func (d Definition) keys() []int {
	var out []int
	if d.Kind != "ACCESS" {
		return nil
	}
	depth := 0
	for i := d.clauses; i < len(d.tokens); i++ {
		switch d.token(i) {
		case "(", "{", "[":
			depth++
		case ")", "}", "]":
			depth--
		}
		if depth == 0 && d.has(i, "KEY") && i+1 < len(d.tokens) && d.tokens[i+1].Kind == String {
			out = append(out, i+1)
		}
	}
	return out
}

// HasPlaceholder says whether an ACCESS has a key, or a USER a password, that the
// export did not give.
func (d Definition) HasPlaceholder() bool {
	if i := d.clause("PASSHASH"); d.Kind == "USER" && i > 0 {
		v, _ := StringValue(d.token(i + 1))
		return v == Redacted
	}
	return slices.ContainsFunc(d.keys(), func(i int) bool {
		v, _ := StringValue(d.token(i))
		return v == Redacted
	})
}

// WithKey returns the ACCESS with key in the place of every placeholder.
func (d Definition) WithKey(key string) Definition {
	return d.eachKey(func(v string) string {
		if v == Redacted {
			return key
		}
		return v
	})
}

// WithNewKey returns the ACCESS with key in the place of the one that it has; ok is false
// if it has none, or several: which of a pair is meant cannot be told.
func (d Definition) WithNewKey(key string) (out Definition, ok bool) {
	old := map[string]bool{}
	out = d.eachKey(func(v string) string {
		old[v] = true
		return key
	})
	return out, len(old) == 1
}

// eachKey replaces every key of an ACCESS.
func (d Definition) eachKey(f func(string) string) Definition {
	keys := d.keys()
	if len(keys) == 0 {
		return d
	}
	var b strings.Builder
	at := 0
	for _, i := range keys {
		v, _ := StringValue(d.token(i))
		b.WriteString(d.Text[at:d.tokens[i].From])
		b.WriteString(QuoteString(f(v)))
		at = d.tokens[i].To
	}
	b.WriteString(d.Text[at:])
	return d.with(b.String())
}
