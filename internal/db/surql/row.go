package surql

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// A Values walks the values of rows, one row after the other. It finds what the
// text of a dump gets wrong and what a restore must know of a row.
type Values struct {
	// In and Out are the tables that an edge's ends lie in, as printed.
	In, Out []byte
	// Ints, where asked for, is called with each integer in the row, at whatever
	// depth, and with an integer as the row's id. The field is the name of the
	// row's own that holds it.
	Ints func(field []byte, n int64)

	// Empty says that a field in the row, at whatever depth, is NONE, as only a view
	// keeps it: what an INSERT brings has no such field.
	Empty bool

	// Two says that 2.x printed the rows, where the word inf is a number.
	Two bool
	// Old says that a row so far was printed as only 2.x prints it.
	Old bool

	Tables int // table values that were printed as bare words
	Points int // points that were printed as (x, y) in a GeometryCollection
	// Lookalikes are objects that an import would take for geometries.
	Lookalikes int
	Files      int // files whose key was printed with backslashes that nobody reads
	Words      int // tables in record ids that are called like a word of the language, or a number
	Decimals   int // decimals that end with a zero, which reading drops
	Sets       int // sets that begin with a record and are read as an object

	row   []byte
	cuts  []cut
	stack []frame
	mixed bool // the cuts are not in order
	keyAt int  // where the bracketed key of the last record id begins
}

// A cut replaces row[from:to] on the way out.
type cut struct {
	from, to int
	as       edit
}

type edit byte

const (
	asTable       edit = iota // `name` → type::table('name')
	asPoint                   // (x, y) → { type: 'Point', coordinates: [x, y] }
	asOpen                    // { coordinates: → object::from_entries([['coordinates',
	asClose                   // , type: 'Point' } → ], ['type', 'Point']])
	asFile                    // f"b:/a\ b" → type::file('b', '/a b')
	asName                    // info:1 → `info`:1
	asScale                   // 2.50dec → (2.51dec - 0.01dec)
	asRegex                   // // → (<regex> "")
	asBracket                 // ..Infinity → ..(Infinity)
	asOpenBracket             // t:1..t:2 → (t:1)..(t:2)
	asShutBracket
	asSet      // {t:1, → (<set> [t:1,
	asSetEnd   // } → ])
	asInfinite // -inf → -math::inf
)

// A frame is an open bracket.
type frame struct {
	by         byte // ( [ or {
	key        bool // an object, and a key comes next
	object     bool
	collection bool // an object that is a GeometryCollection, or its array
	set        bool // that must be printed otherwise
	tail, end  int  // of an object that only looks like a geometry: its type, and its end
}

// values that are words and no names.
var constants = map[string]bool{
	"true": true, "false": true, "NONE": true, "NULL": true, "NaN": true, "Infinity": true,
}

var collectionHead = []byte("{ type: 'GeometryCollection', geometries: [")

// Walk reads one row, the object with its braces. What it found stands in v
// until the next call. In and Out are set only where edge is true.
func (v *Values) Walk(row []byte, edge bool) error {
	v.row, v.cuts, v.stack = row, v.cuts[:0], v.stack[:0]
	v.In, v.Out, v.keyAt, v.Empty, v.mixed = nil, nil, -1, false, false
	var key []byte
	want := true // a value may begin here
	for i := 0; i < len(row); {
		c := row[i]
		switch {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			i++
		case c == '{' || c == '[' || c == '(':
			if c == '(' && want && v.inCollection() {
				n, err := v.skip(i)
				if err != nil {
					return err
				}
				v.cuts = append(v.cuts, cut{i, n, asPoint})
				v.Points++
				i, want = n, false
				continue
			}
			want = true
			i = v.push(i)
		case c == '}' || c == ']' || c == ')':
			if len(v.stack) == 0 || closer[v.stack[len(v.stack)-1].by] != c {
				return v.bad(i)
			}
			if v.stack[len(v.stack)-1].set {
				v.cuts = append(v.cuts, cut{i, i + 1, asSetEnd})
			}
			v.stack = v.stack[:len(v.stack)-1]
			want = false
			i++
		case c == ',':
			if len(v.stack) == 0 {
				return v.bad(i)
			}
			top := &v.stack[len(v.stack)-1]
			if top.tail == i && i > 0 {
				v.cuts = append(v.cuts, cut{i, top.end, asClose})
				v.stack = v.stack[:len(v.stack)-1]
				i, want = v.lastEnd(), false
				continue
			}
			top.key, want = top.object, true
			i++
		case c == '>' && bytes.HasPrefix(row[i:], []byte(">..")): // a range without its first
			i++
		case c == '.' && i+1 < len(row) && row[i+1] == '.':
			i += 2
			if i < len(row) && row[i] == '=' {
				i++
			}
			want = true
		case len(v.stack) > 0 && v.stack[len(v.stack)-1].key:
			n, err := v.keyEnd(i)
			if err != nil {
				return err
			}
			if len(v.stack) == 1 {
				key = row[i : n-1]
				v.Old = v.Old || edge && string(key) == "__"
			}
			v.stack[len(v.stack)-1].key = false
			i, want = n, true
		default:
			n, err := v.scalar(i, want, edge, key)
			if err != nil {
				return err
			}
			i, want = n, false
		}
	}
	if len(v.stack) != 0 {
		return v.bad(len(row))
	}
	if v.mixed {
		slices.SortStableFunc(v.cuts, func(x, y cut) int { return cmp.Compare(x.from, y.from) })
	}
	return nil
}

// Append appends the row that was walked, with everything put right.
func (v *Values) Append(dst []byte) []byte {
	at := 0
	for _, c := range v.cuts {
		dst = append(dst, v.row[at:c.from]...)
		text := v.row[c.from:c.to]
		switch c.as {
		case asTable:
			dst = append(dst, "type::table("...)
			dst = append(dst, QuoteString(Ident(string(text)))...)
			dst = append(dst, ')')
		case asPoint:
			dst = append(dst, "{ type: 'Point', coordinates: ["...)
			dst = append(dst, text[1:len(text)-1]...)
			dst = append(dst, "] }"...)
		case asOpen:
			dst = fmt.Appendf(dst, "object::from_entries([['%s', ", bytes.Trim(text, "{: "))
		case asClose:
			name := bytes.TrimSuffix(bytes.TrimPrefix(text, []byte(", type: ")), []byte(" }"))
			dst = fmt.Appendf(dst, "], ['type', %s]])", name)
		case asFile:
			dst = fileCall(dst, text)
		case asName:
			dst = append(append(append(dst, '`'), text...), '`')
		case asScale:
			dst = scaled(dst, text)
		case asBracket:
			dst = append(append(append(dst, '('), text...), ')')
		case asOpenBracket:
			dst = append(dst, '(')
		case asShutBracket:
			dst = append(dst, ')')
		case asSet:
			dst = append(dst, "(<set> ["...)
		case asSetEnd:
			dst = append(dst, "])"...)
		case asInfinite:
			dst = append(append(dst, bytes.TrimSuffix(text, []byte("inf"))...), "math::inf"...)
		case asRegex:
			dst = append(dst, `(<regex> "")`...)
		}
		at = c.to
	}
	return append(dst, v.row[at:]...)
}

// lastEnd is the end of the last cut.
func (v *Values) lastEnd() int { return v.cuts[len(v.cuts)-1].to }

// push opens the bracket at i and returns where to go on.
func (v *Values) push(i int) int {
	next := i + 1
	f := frame{by: v.row[i]}
	switch f.by {
	case '{':
		// Every version prints an object as `{ a: 1 }` or `{  }` and a set as
		// `{1, 2}`, `{1,}` or `{,}`.
		f.object = i+1 < len(v.row) && v.row[i+1] == ' '
		f.key = f.object
		if !f.object && v.named(v.nameEnd(next)) {
			f.set = true
			v.cuts = append(v.cuts, cut{i, next, asSet})
			v.Sets++
		}
		f.collection = bytes.HasPrefix(v.row[i:], collectionHead)
		if i == v.keyAt {
			break // the key of a record id is read as an object, whatever it looks like
		}
		if n := v.lookalike(i, &f); n > 0 {
			v.cuts = append(v.cuts, cut{i, n, asOpen})
			v.Lookalikes++
			next, f.key = n, false
		}
	case '[':
		// A real collection has its geometries behind its type; an object that
		// looks like one has its keys sorted.
		f.collection = len(v.stack) > 0 && v.stack[len(v.stack)-1].by == '{' && v.stack[len(v.stack)-1].collection
	}
	v.stack = append(v.stack, f)
	return next
}

// lookalike says whether the object at i is one that an import would take for
// a geometry: the same two keys, but sorted, as objects are printed. It returns
// where its first value begins, 0 if it is none.
func (v *Values) lookalike(i int, f *frame) int {
	for _, head := range lookalikes {
		if !bytes.HasPrefix(v.row[i:], head) {
			continue
		}
		at := i + len(head)
		tail, err := v.fieldEnd(at)
		if err != nil || !bytes.HasPrefix(v.row[tail:], []byte(", type: '")) {
			return 0
		}
		word := tail + len(", type: '")
		end := wordEnd(v.row, word)
		if !geometries[string(v.row[word:end])] || !bytes.HasPrefix(v.row[end:], []byte("' }")) {
			return 0
		}
		f.tail, f.end = tail, end+len("' }")
		return at
	}
	return 0
}

var lookalikes = [][]byte{[]byte("{ coordinates: "), []byte("{ geometries: ")}

var geometries = map[string]bool{
	"Point": true, "LineString": true, "Polygon": true, "MultiPoint": true, "MultiLineString": true,
	"MultiPolygon": true, "GeometryCollection": true,
}

func (v *Values) inCollection() bool {
	top := len(v.stack) - 1
	return top >= 0 && v.stack[top].by == '[' && v.stack[top].collection
}

// keyEnd returns where the value behind the key at i may begin.
func (v *Values) keyEnd(i int) (int, error) {
	n := i
	switch c := v.row[i]; {
	case classes[c] == quote:
		n += quotedLen(v.row[i:])
	case isWord(c):
		for n < len(v.row) && isWord(v.row[n]) {
			n++
		}
	}
	if n == i || n >= len(v.row) || v.row[n] != ':' {
		return 0, v.bad(i)
	}
	return n + 1, nil
}

func (v *Values) bad(i int) error {
	return fmt.Errorf("%w: no value that is known, at byte %d of a row", ErrSyntax, i)
}

// skip returns the end of the bracketed text that starts at i.
func (v *Values) skip(i int) (int, error) {
	var s span
	s.reset(closer[v.row[i]])
	over, err := s.advance(v.row[i:])
	if err != nil {
		return 0, err
	}
	if !over {
		return 0, v.bad(i)
	}
	return i + s.pos, nil
}
