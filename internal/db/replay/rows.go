package replay

import (
	"fmt"
	"io"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// A Size bounds the INSERTs of a [Batcher].
//
// What a row costs a server grows with the bytes of its INSERT, in every store; in
// memory also with its rows, while on a disk each INSERT is a commit that many rows
// should share.
type Size int

const (
	Small Size = iota // fast in memory, and well on a disk
	Large             // faster on a disk
)

// bounds returns how many rows and bytes an INSERT holds at most, but for one long row.
func (s Size) bounds() (rows, bytes int) {
	if s == Large {
		return 600, 256 << 10
	}
	return 200, 128 << 10
}

const queryBytes = 900 << 10 // an ordinary statement's whole body is limited to 1 MiB

// A Batcher reads the rows of a Load and hands them on as statements.
type Batcher struct {
	// Emit gets one whole statement and how many rows it holds. The text is
	// valid until it returns.
	Emit func(statement []byte, rows int) error
	// Rows is where the rows of an INSERT lie in the text that Emit gets.
	Rows []surql.Range
	// Size may change whenever Emit is called, for the statements after that one.
	Size Size

	Tables, Points, Lookalikes, Files, Words, Decimals, Sets int // repairs made so far

	values surql.Values
	again  surql.Values // of rows whose repairs were counted
	buf    []byte
	rows   int
	tail   string
}

// Run reads r, the range of l, to its end. It fails if the rows are not as
// many as the plan says.
func (b *Batcher) Run(r io.Reader, l Load) error {
	head := "INSERT [ "
	switch {
	case l.Part == Edges:
		head = "INSERT RELATION [ "
	case l.Missing:
		head = "INSERT IGNORE [ "
	}
	b.tail = " ] RETURN NONE;\n" // 3.0 cannot give some rows back, such as a regex of two lines
	b.values.Two, b.again.Two = l.Two, l.Two
	var seen int64
	b.buf, b.rows, b.Rows = b.buf[:0], 0, b.Rows[:0]
	for s := surql.NewScanner(r); ; {
		it, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("read rows of %s: %w", l.Table, err)
		}
		if it.Kind != surql.Row && it.Kind != surql.Relate || it.Edge != (l.Part == Edges) {
			continue
		}
		seen++
		if l.Again && it.Kind == surql.Row {
			if err := b.relate(it.Text); err != nil {
				return err
			}
			continue
		}
		if it.Kind == surql.Relate {
			text, err := b.values.Relate(it.Text)
			if err != nil {
				return err
			}
			b.count()
			if err := b.Emit(text, 1); err != nil {
				return err
			}
			continue
		}
		if err := b.add(it, head, l); err != nil {
			return err
		}
	}
	if seen != l.Rows {
		return fmt.Errorf("read rows of %s: got %d, want %d", l.Table, seen, l.Rows)
	}
	return b.flush()
}

func (b *Batcher) add(it surql.Item, head string, l Load) error {
	if !l.AsPrinted {
		if err := b.values.Walk(it.Text, false); err != nil {
			return err
		}
	}
	most, limit := b.Size.bounds()
	if l.Plain {
		limit = queryBytes
	}
	if b.rows >= most || b.rows > 0 && len(b.buf)+len(it.Text) > limit {
		if err := b.flush(); err != nil {
			return err
		}
	}
	if b.rows == 0 {
		b.buf = append(b.buf, head...)
	} else {
		b.buf = append(b.buf, ", "...)
	}
	at := len(b.buf)
	if l.AsPrinted {
		b.buf = append(b.buf, it.Text...)
	} else {
		b.buf = b.values.Append(b.buf)
	}
	b.Rows = append(b.Rows, surql.Range{Offset: int64(at), Length: int64(len(b.buf) - at)})
	b.rows++
	b.count()
	return nil
}

func (b *Batcher) count() {
	v := &b.values
	b.Tables, b.Points, b.Lookalikes, b.Files, b.Words, b.Decimals, b.Sets = v.Tables, v.Points, v.Lookalikes, v.Files, v.Words, v.Decimals, v.Sets
}

// relate renews the way back of an edge that is there: a RELATE with its id
// keeps the edge's fields and writes both its ends anew, on 3.0 as on 3.3.
func (b *Batcher) relate(row []byte) error {
	if err := b.again.Walk(row, false); err != nil {
		return err
	}
	var id, in, out []byte
	err := surql.Fields(b.again.Append(nil), func(key, value []byte) bool {
		switch string(key) {
		case "id":
			id = value
		case "in":
			in = value
		case "out":
			out = value
		}
		return true
	})
	if err != nil {
		return err
	}
	b.buf = fmt.Appendf(b.buf[:0], "RELATE %s->%s->%s RETURN NONE;\n", in, id, out)
	defer func() { b.buf = b.buf[:0] }()
	return b.Emit(surql.QuoteRelate(b.buf), 1)
}

func (b *Batcher) flush() error {
	if b.rows == 0 {
		return nil
	}
	b.buf = append(b.buf, b.tail...)
	err := b.Emit(b.buf, b.rows)
	b.buf, b.rows, b.Rows = b.buf[:0], 0, b.Rows[:0]
	return err
}
