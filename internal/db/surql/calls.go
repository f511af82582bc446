package surql

import (
	"slices"
	"strings"
)

// Needs names the database's own functions and sequences that a definition calls, each
// once: "function fn::total", "sequence no".
func (d Definition) Needs() []string {
	var out []string
	add := func(what string) {
		if !slices.Contains(out, what) {
			out = append(out, what)
		}
	}
	for i := range d.tokens {
		switch {
		case d.says(i, "fn") && d.token(i+1) == "::":
			add("function " + d.path(i))
		case d.says(i, "sequence") && d.token(i+1) == "::" && d.says(i+2, "nextval") && d.token(i+3) == "(":
			if name, ok := StringValue(d.token(i + 4)); ok {
				add("sequence " + name)
			}
		}
	}
	return out
}

// path joins the names of a path that begins at token i.
func (d Definition) path(i int) string {
	var b strings.Builder
	b.WriteString(Ident(d.token(i)))
	for i++; d.token(i) == "::"; i += 2 {
		b.WriteString("::" + Ident(d.token(i+1)))
	}
	return b.String()
}

// Lacks returns those of what a definition needs that the dump does not define.
func (o *Outline) Lacks(d Definition) []string {
	return slices.DeleteFunc(d.Needs(), func(what string) bool {
		return slices.ContainsFunc(o.Globals, func(g Definition) bool { return strings.ToLower(g.Kind)+" "+g.Name == what })
	})
}
