package surql

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// A walker walks the values of rows beside the scanner that finds them: to find the end of
// a row takes as long as to look into it, and a proof waits for both.
type walker struct {
	values Values
	table  *Table // of the row that is walked
	filled *rows
	full   chan *rows // to the walker, in order
	empty  chan *rows // and back
	ended  chan struct{}
	failed atomic.Bool

	// Of the walker, until it has ended.
	old bool
	err error
}

// rows are some of one table.
type rows struct {
	table *Table
	text  []byte
	ends  []rowEnd
}

// A rowEnd is where a row ends among others, and where it stands in the dump.
type rowEnd struct {
	end    int
	edge   bool
	offset int64
}

// errWalk ends the reading early; what end returns says why.
var errWalk = errors.New("a row is malformed")

const (
	rowsBytes  = 256 << 10
	rowsAtOnce = 3 // that many are filled, on their way, and walked
)

func newWalker(ints func(table string, field []byte, n int64)) *walker {
	w := &walker{full: make(chan *rows, rowsAtOnce), empty: make(chan *rows, rowsAtOnce), ended: make(chan struct{})}
	if ints != nil {
		w.values.Ints = func(field []byte, n int64) { ints(w.table.Name, field, n) }
	}
	for range rowsAtOnce {
		w.empty <- &rows{}
	}
	go w.run()
	return w
}

// add takes a row over. An error is that of an earlier one.
func (w *walker) add(t *Table, it Item) error {
	if w.filled != nil && (w.filled.table != t || len(w.filled.text)+len(it.Text) > rowsBytes) {
		w.hand()
		if w.failed.Load() {
			return errWalk
		}
	}
	if w.filled == nil {
		w.filled = <-w.empty
		w.filled.table, w.filled.text, w.filled.ends = t, w.filled.text[:0], w.filled.ends[:0]
	}
	f := w.filled
	f.text = append(f.text, it.Text...)
	f.ends = append(f.ends, rowEnd{len(f.text), it.Edge, it.Offset})
	return nil
}

func (w *walker) hand() {
	if w.filled != nil {
		w.full <- w.filled
		w.filled = nil
	}
}

// end waits until every row was walked. It says whether 2.x printed one.
func (w *walker) end() (old bool, err error) {
	w.hand()
	close(w.full)
	<-w.ended
	return w.old, w.err
}

func (w *walker) run() {
	defer close(w.ended)
	for f := range w.full {
		if w.err == nil {
			w.err = w.walk(f)
			w.failed.Store(w.err != nil)
		}
		w.empty <- f
	}
}

func (w *walker) walk(f *rows) error {
	w.table = f.table
	begin := 0
	for _, row := range f.ends {
		if err := w.values.Walk(f.text[begin:row.end], row.edge); err != nil {
			return fmt.Errorf("%w, near byte %d", err, row.offset)
		}
		begin = row.end
		w.old = w.old || w.values.Old
		if w.values.Empty {
			f.table.Empty++
		}
		f.table.flawed = f.table.flawed || len(w.values.cuts) > 0
		addName(&f.table.In, w.values.In)
		addName(&f.table.Out, w.values.Out)
	}
	return nil
}

// addName adds a printed table name to a short list.
func addName(list *[]string, printed []byte) {
	if len(printed) == 0 {
		return
	}
	for _, have := range *list {
		if have == string(printed) {
			return
		}
	}
	if bytes.IndexByte(printed, '`') < 0 && printed[0] < 0x80 {
		*list = append(*list, string(printed))
		return
	}
	if name := Ident(string(printed)); !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
}
