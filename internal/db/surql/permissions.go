package surql

import "strings"

// WithDelete returns a TABLE whose permissions say FOR delete FULL where they say nothing
// of it, and whether they had to: every server prints NONE, and 3.0 leaves FULL out, which
// it then reads as NONE.
func (d Definition) WithDelete() (Definition, bool) {
	from := d.clause("PERMISSIONS")
	if d.Kind != "TABLE" || from < 0 || !d.has(from+1, "FOR") {
		return d, false
	}
	for i := from + 1; i > 0; i = d.find(i+1, "FOR") {
		for k := i + 1; k < len(d.tokens); k += 2 {
			if d.has(k, "delete") {
				return d, false
			}
			if d.token(k+1) != "," {
				break
			}
		}
	}
	if d.comment() > from {
		return d, false // behind which nobody prints them
	}
	return d.with(strings.TrimSuffix(d.Text, ";") + ", FOR delete FULL;"), true
}
