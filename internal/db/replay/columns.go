package replay

import (
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// Columns keeps the smallest and the largest integer of each field of each
// table. Servers before 3.2.5 do not say where a sequence stands, and a
// sequence that starts again hands out numbers that are taken; the numbers in
// the data say how far it got.
type Columns struct {
	seen map[column]bounds
}

type column struct{ table, field string }

type bounds struct{ min, max int64 }

// Add takes in one integer. field is as printed.
func (c *Columns) Add(table string, field []byte, n int64) {
	if c.seen == nil {
		c.seen = map[column]bounds{}
	}
	key := column{table, string(field)}
	b, ok := c.seen[key]
	if !ok {
		b = bounds{n, n}
	}
	c.seen[key] = bounds{min(b.min, n), max(b.max, n)}
}

// After returns the first number that a sequence may hand out: one behind the
// largest in the fields that are defined by it, and where no field says so, in
// every field whose numbers could all have come from it. It errs on the high
// side: a gap is harmless, a repeated number is not.
func (c *Columns) After(o *surql.Outline, sequence surql.Definition) int64 {
	next := sequence.Start()
	if own := c.defined(o, sequence.Name); len(own) > 0 {
		for _, key := range own {
			if b, ok := c.seen[key]; ok {
				next = max(next, b.max+1)
			}
		}
		return next
	}
	for _, b := range c.seen {
		if b.min >= sequence.Start() {
			next = max(next, b.max+1)
		}
	}
	return next
}

// defined returns the fields whose definition draws from the sequence.
func (c *Columns) defined(o *surql.Outline, sequence string) []column {
	var out []column
	for _, t := range o.Tables {
		for _, f := range t.Fields {
			if strings.Contains(f.Text, "sequence::nextval("+surql.QuoteString(sequence)+")") {
				out = append(out, column{t.Name, f.Name})
			}
		}
	}
	return out
}
