package surql

import "strings"

// Printed returns the statement as it stands, without keys and without the start of a
// sequence. Hashes of it are stored: it stays as it is.
func (d Definition) Printed() string {
	d = d.eachKey(func(string) string { return Redacted })
	if i := d.clause("START"); d.Kind == "SEQUENCE" && i > 0 {
		d = d.WithStart(0)
	}
	return d.Text
}

// Canonical returns the statement as far as two servers print it alike: no
// OVERWRITE, no key, no start of a sequence, one space between tokens. It
// identifies a definition and is no longer one.
func (d Definition) Canonical() string {
	d = d.eachKey(func(string) string { return Redacted })
	d, _ = d.QuotedComment()
	d, _ = d.RepairedValue()
	d, _ = d.WithDelete()
	if d.Bare() {
		d = d.Overwriting()
	}
	if i := d.clause("START"); d.Kind == "SEQUENCE" && i > 0 {
		d = d.WithStart(0)
	}
	var b strings.Builder
	for i, t := range d.tokens {
		if i == 2 && d.overwrites() || d.token(i) == ";" {
			continue
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		if v, ok := StringValue(d.token(i)); ok && t.Kind == String {
			b.WriteString(QuoteString(v))
			continue
		}
		if name := Ident(d.token(i)); t.Kind == Name && misread([]byte(name)) {
			b.WriteString(name)
			continue
		}
		b.WriteString(d.token(i))
	}
	return b.String()
}
