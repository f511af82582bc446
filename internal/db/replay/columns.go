package replay

import (
	"math"
	"slices"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// Columns keeps the largest integer of each field of each table. Servers before
// 3.2.5 do not say where a sequence stands, and a sequence that starts again hands
// out numbers that are taken; the numbers in the data say how far it got.
type Columns struct {
	seen map[column]int64
}

type column struct{ table, field string }

// Add takes in one integer. field is the row's field that holds it, at whatever
// depth, as a name.
func (c *Columns) Add(table string, field []byte, n int64) {
	if c.seen == nil {
		c.seen = map[column]int64{}
	}
	key := column{table, string(field)}
	if largest, ok := c.seen[key]; !ok || n > largest {
		c.seen[key] = n
	}
}

// After returns the first number that a sequence may hand out: one batch behind the
// largest in the fields that are defined by it. If something else draws from it too, or
// those fields hold no integer, it is one behind the largest in every field, but for
// unlikely ones. It errs on the high side, for the records with the last numbers may be
// gone: a gap is harmless, and servers leave one of a batch when they start; a repeated
// number is not.
//
// told is false where that is a guess: no field is defined by the sequence, and
// numbers that it handed out may lie in texts, or nowhere.
func (c *Columns) After(o *surql.Outline, sequence surql.Definition) (next int64, told bool) {
	next = sequence.Start()
	batch := max(sequence.Batch(), 1)
	own, others := draws(o, sequence.Name)
	told = len(own) > 0 && !others
	for _, key := range own {
		n, ok := c.seen[key]
		if ok {
			next = max(next, behind(n, batch))
		}
		t := o.Table(key.table)
		told = told && (ok || t.Records+t.Edges == 0)
	}
	if told {
		return next, true
	}
	for _, n := range c.seen {
		if n < unlikely {
			next = max(next, behind(n, batch))
		}
	}
	return next, false
}

// unlikely is a number that no sequence came to by itself, and that few programs read
// exactly: a stamp or a mark.
const unlikely = 1 << 53

// behind is the number so far after n, if there is one.
func behind(n, far int64) int64 {
	if n > math.MaxInt64-far {
		return math.MaxInt64
	}
	return n + far
}

// draws returns the fields whose definition draws from the sequence, as the rows
// name them, and whether any other definition does.
func draws(o *surql.Outline, sequence string) (fields []column, others bool) {
	says := func(d surql.Definition) bool { return d.Draws(sequence) }
	others = slices.ContainsFunc(o.Globals, says)
	for _, t := range o.Tables {
		others = others || slices.ContainsFunc(t.Events, says)
		for _, f := range t.Fields {
			if says(f) {
				fields = append(fields, column{t.Name, f.First()})
			}
		}
	}
	return fields, others
}
