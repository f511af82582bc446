package surql

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrTruncated is what a text is that ends before it is over.
var ErrTruncated = errors.New("the text ends before its time")

// MaxItem bounds one statement or one row, in bytes.
const MaxItem = 512 << 20

// What an Item is.
type ItemKind int

const (
	Banner    ItemKind = iota + 1 // -- TABLE DATA: person
	Note                          // -- NOTE: …
	Statement                     // anything that is no row: DEFINE …;
	Row                           // one record of an INSERT
	Relate                        // RELATE a -> t -> b; a lightweight edge
)

// An Item is one piece of a dump.
type Item struct {
	Kind   ItemKind
	Offset int64 // of its first byte in the stream
	// Text is valid until the next call of Next. Of a banner it is what stands
	// behind the dashes, of a row the object with its braces, of a statement
	// all of it with its semicolon.
	Text []byte
	Edge bool // a Row of INSERT RELATION
}

// A Scanner splits the text of an export. It reads through a buffer that grows
// only to the largest item.
type Scanner struct {
	r     io.Reader
	buf   []byte
	start int   // first byte of buf that is not consumed
	base  int64 // offset of buf[0] in the stream
	err   error // what the reader said last, to be said again
	last  byte  // the last byte of the stream, once at its end
	in    bool  // inside an INSERT
	edge  bool  // which is one of relations
	span  span
}

// NewScanner returns a Scanner that reads r to its end.
func NewScanner(r io.Reader) *Scanner {
	return &Scanner{r: r, buf: make([]byte, 0, 1<<20)}
}

// Offset returns the number of bytes consumed: after Next, the end of the item.
func (s *Scanner) Offset() int64 { return s.base + int64(s.start) }

// Next returns the next item, or io.EOF when the text ended where a text may
// end. ErrTruncated and ErrSyntax say that it did not; a reader's own error
// comes back as it is.
func (s *Scanner) Next() (Item, error) {
	for {
		if s.in {
			more, err := s.nextRow()
			if err != nil {
				return Item{}, err
			}
			if more {
				return s.item(Row, '}')
			}
		}
		if err := s.skipSpace(); err != nil {
			if err == io.EOF && s.last != 0 && s.last != '\n' {
				return Item{}, fmt.Errorf("%w: the last line is not whole", ErrTruncated)
			}
			return Item{}, err
		}
		switch next, err := s.next(); {
		case err != nil:
			return Item{}, err
		case next == dashes:
			it, err := s.comment()
			if err != nil || len(it.Text) > 0 {
				return it, err
			}
		case next == Statement || next == Relate:
			return s.item(next, ';')
		}
	}
}

// What next finds beside the kinds of items.
const (
	dashes  ItemKind = -1
	inserts ItemKind = -2
)

// heads are what a top-level item can start with, if it is no plain statement.
var heads = []struct {
	text string
	kind ItemKind
	edge bool
}{
	{"--", dashes, false},
	{"INSERT [", inserts, false},
	{"INSERT RELATION [", inserts, true},
	{"RELATE ", Relate, false},
}

// next says what comes, and consumes the head of an INSERT.
func (s *Scanner) next() (ItemKind, error) {
	for _, h := range heads {
		ok, err := s.hasPrefix(h.text)
		if err != nil {
			return 0, err
		}
		if !ok {
			continue
		}
		if h.kind == inserts {
			s.start += len(h.text)
			s.in, s.edge = true, h.edge
		}
		return h.kind, nil
	}
	return Statement, nil
}

// item takes what ends with until at depth 0.
func (s *Scanner) item(kind ItemKind, until byte) (Item, error) {
	s.span.reset(until)
	for {
		over, err := s.span.advance(s.buf[s.start:])
		if err != nil {
			return Item{}, fmt.Errorf("%w, near byte %d", err, s.Offset()+int64(s.span.pos))
		}
		if over {
			it := Item{Kind: kind, Offset: s.Offset(), Text: s.buf[s.start : s.start+s.span.pos], Edge: kind == Relate || kind == Row && s.edge}
			s.start += s.span.pos
			return it, nil
		}
		if err := s.more(); err != nil {
			return Item{}, s.cut(err)
		}
	}
}

// comment takes a line that starts with dashes; one of dashes alone has no text.
func (s *Scanner) comment() (Item, error) {
	for {
		line := s.buf[s.start:]
		if n := bytes.IndexByte(line, '\n'); n >= 0 {
			it := Item{Kind: Banner, Offset: s.Offset(), Text: bytes.TrimLeft(line[:n], "- ")} // a name may end with white space
			if bytes.HasPrefix(it.Text, []byte("NOTE")) {
				it.Kind = Note
			}
			s.start += n + 1
			return it, nil
		}
		if err := s.more(); err != nil {
			return Item{}, s.cut(err)
		}
	}
}

// nextRow goes to the next row of an INSERT, or past its end.
func (s *Scanner) nextRow() (bool, error) {
	for {
		if err := s.skipSpace(); err != nil {
			return false, s.cut(err)
		}
		switch c := s.buf[s.start]; c {
		case '{':
			return true, nil
		case ',':
			s.start++
		case ']':
			s.start++
			if err := s.skipSpace(); err != nil {
				return false, s.cut(err)
			}
			if s.buf[s.start] != ';' {
				return false, fmt.Errorf("%w: INSERT without a semicolon, near byte %d", ErrSyntax, s.Offset())
			}
			s.start++
			s.in = false
			return false, nil
		default:
			return false, fmt.Errorf("%w: no row in an INSERT, near byte %d", ErrSyntax, s.Offset())
		}
	}
}

// skipSpace goes to the next byte that is no white space; io.EOF if none.
func (s *Scanner) skipSpace() error {
	for {
		for s.start < len(s.buf) {
			switch s.buf[s.start] {
			case ' ', '\n', '\t', '\r':
				s.start++
			default:
				return nil
			}
		}
		if err := s.more(); err != nil {
			return err
		}
	}
}

// hasPrefix looks ahead. Near the end of the stream a shorter rest is no match.
func (s *Scanner) hasPrefix(p string) (bool, error) {
	for len(s.buf)-s.start < len(p) {
		if !bytes.HasPrefix([]byte(p), s.buf[s.start:]) {
			return false, nil
		}
		switch err := s.more(); err {
		case nil:
		case io.EOF:
			return false, nil
		default:
			return false, err
		}
	}
	return string(s.buf[s.start:s.start+len(p)]) == p, nil
}

// cut turns the end of the stream inside an item into ErrTruncated.
func (s *Scanner) cut(err error) error {
	if err == io.EOF {
		return fmt.Errorf("%w: at byte %d", ErrTruncated, s.base+int64(len(s.buf)))
	}
	return err
}

// more reads at least one byte behind what the buffer holds.
func (s *Scanner) more() error {
	if s.err != nil {
		return s.err
	}
	if s.start > 0 && (len(s.buf) == cap(s.buf) || s.start == len(s.buf)) {
		n := copy(s.buf, s.buf[s.start:])
		s.base += int64(s.start)
		s.buf, s.start = s.buf[:n], 0
	}
	if len(s.buf) == cap(s.buf) {
		if cap(s.buf) >= MaxItem {
			return fmt.Errorf("%w: an item of more than %d bytes, near byte %d", ErrSyntax, MaxItem, s.Offset())
		}
		s.buf = append(make([]byte, 0, 2*cap(s.buf)), s.buf...)
	}
	for range 100 {
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.err = err
		if n > 0 {
			s.buf = s.buf[:len(s.buf)+n]
			s.last = s.buf[len(s.buf)-1]
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}
