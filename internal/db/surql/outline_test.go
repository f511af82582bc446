package surql_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

func dumps(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "dumps", "*.surql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no dumps: %v", err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(f)] = text
	}
	return out
}

// What real servers printed, as they printed it.
func TestOutlineOfRealDumps(t *testing.T) {
	t.Parallel()
	type counts struct {
		tables         int
		records, edges int64
		globals        int
		old            bool
	}
	want := map[string]counts{
		"surrealdb-2.7.0.surql":        {9, 19, 3, 7, true},
		"surrealdb-3.0.5.surql":        {7, 8, 3, 9, false},
		"surrealdb-4.0.0-beta.1.surql": {7, 8, 3, 9, false},
		"everything-2.7.0.surql":       {9, 19, 3, 7, true},
		"everything-3.0.2.surql":       {29, 291, 10, 15, false},
		"everything-3.3.5.surql":       {30, 291, 12, 19, false},
	}
	look := surql.Look{Walk: true, Sum: func(table string) bool { return table < "n" }}
	for name, text := range dumps(t) {
		o, err := surql.ReadOutline(bytes.NewReader(text), look)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := counts{tables: len(o.Tables), globals: len(o.Globals), old: o.Old}
		for _, table := range o.Tables {
			got.records += table.Records
			got.edges += table.Edges
			if summed := table.Sum.String() != ""; summed != (table.Name < "n" && table.Records+table.Edges > 0) {
				t.Errorf("%s: table %s was summed: %v", name, table.Name, summed)
			}
			if table.Define == nil || !table.HasData {
				t.Errorf("%s: table %s: definition %v, data %v", name, table.Name, table.Define != nil, table.HasData)
			}
		}
		if got != want[name] {
			t.Errorf("%s: got %+v, want %+v", name, got, want[name])
		}
		slow, err := surql.ReadOutline(iotest.OneByteReader(bytes.NewReader(text)), look)
		if err != nil || !reflect.DeepEqual(slow, o) {
			t.Errorf("%s: byte by byte it reads otherwise (%v)", name, err)
		}
	}
}

// A dump of which a bit is another is read or refused, and never quoted. Whether it is the
// one that was taken is for its sums to say.
func TestOutlineOfEveryFlippedBit(t *testing.T) {
	t.Parallel()
	text := []byte("OPTION IMPORT;\n\n-- ------------------------------\n-- PARAMS\n-- ------------------------------\n\nDEFINE PARAM $p VALUE 'hush' PERMISSIONS FULL;\n\n" +
		"-- TABLE: t\n\nDEFINE TABLE t TYPE ANY SCHEMALESS PERMISSIONS NONE;\nDEFINE FIELD a ON t TYPE option<string | array<int, 3>> ASSERT $value = /hush;/ PERMISSIONS FULL;\n\n" +
		"-- TABLE DATA: t\n\nINSERT [ { a: 'hush', b: b\"68656C\", d: d'2024-02-29T12:34:56Z', g: (1.5, -2f), id: t:⟨hush⟩, n: [1, 2.5dec, NONE], o: { s: {1, 2}, u: 1w2d } }, { id: t:[1, 'x'], r: /hu;sh/, w: t:1..5 } ];\n" +
		"INSERT RELATION [ { id: e:1, in: t:1, out: t:2 } ];\n")
	if _, err := surql.ReadOutline(bytes.NewReader(text), surql.Look{Walk: true}); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range len(text) * 8 {
		text[i/8] ^= 1 << (i % 8)
		o, err := surql.ReadOutline(bytes.NewReader(text), surql.Look{Walk: true, Ints: func(string, []byte, int64) {}})
		text[i/8] ^= 1 << (i % 8)
		if (o == nil) == (err == nil) {
			t.Fatalf("bit %d: got %v and %v, want one of them", i, o, err)
		}
		if err != nil {
			refused++
			if strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "DEFINE") {
				t.Fatalf("bit %d: the error quotes the dump: %v", i, err)
			}
		}
	}
	if refused < 100 {
		t.Errorf("only %d of %d were refused", refused, len(text)*8)
	}
}

// The rows of a table are where the outline says, and nobody else's.
func TestRangesHoldTheRows(t *testing.T) {
	t.Parallel()
	for name, text := range dumps(t) {
		o, err := surql.ReadOutline(bytes.NewReader(text), surql.Look{Walk: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range o.Tables {
			var records, edges int64
			for s := surql.NewScanner(bytes.NewReader(text[table.Data.Offset:table.Data.End()])); ; {
				it, err := s.Next()
				if err == io.EOF {
					break
				}
				switch {
				case err != nil || it.Kind != surql.Row && it.Kind != surql.Relate:
					t.Fatalf("%s: table %s: kind %v, %v", name, table.Name, it.Kind, err)
				case it.Edge:
					edges++
				default:
					records++
				}
			}
			if records != table.Records || edges != table.Edges {
				t.Errorf("%s: table %s: got %d and %d, want %d and %d", name, table.Name, records, edges, table.Records, table.Edges)
			}
			if table.Span.Offset > table.Data.Offset || table.Span.End() < table.Data.End() {
				t.Errorf("%s: table %s: span %v does not hold %v", name, table.Name, table.Span, table.Data)
			}
		}
	}
}

// A text that ends early is an error, or it ended where a statement does: then
// it is shorter in its outline, and the proof of completeness sees that.
func TestTruncatedAtEveryLength(t *testing.T) {
	t.Parallel()
	text := dumps(t)["surrealdb-3.0.5.surql"]
	whole, err := surql.ReadOutline(bytes.NewReader(text), surql.Look{Walk: true})
	if err != nil {
		t.Fatal(err)
	}
	trimmed := len(bytes.TrimRight(text, "\n"))
	for n := range trimmed {
		o, err := surql.ReadOutline(bytes.NewReader(text[:n]), surql.Look{Walk: true})
		if err != nil {
			if !errors.Is(err, surql.ErrTruncated) && !errors.Is(err, surql.ErrSyntax) {
				t.Fatalf("%d bytes: got %v", n, err)
			}
			continue
		}
		if text[n-1] != '\n' {
			t.Fatalf("%d bytes: accepted without a line's end", n)
		}
		if reflect.DeepEqual(o.Tables, whole.Tables) && reflect.DeepEqual(o.Globals, whole.Globals) {
			t.Fatalf("%d of %d bytes read as the whole", n, len(text))
		}
	}
}

// Whatever is no dump is refused, without a word of its text.
func TestNoDump(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"empty":           {"", surql.ErrTruncated},
		"blank":           {"\n\n", surql.ErrTruncated},
		"only comments":   {"-- ---\n-- OPTION\n-- ---\n", surql.ErrTruncated},
		"html":            {"<html>hush</html>\n", surql.ErrTruncated},
		"json":            {`{"code":403,"details":"hush"}` + "\n", surql.ErrTruncated},
		"error text":      {"There was a problem; hush;\n", surql.ErrSyntax},
		"1.x":             {"-- ---\n-- OPTION\n-- ---\n\nBEGIN TRANSACTION;\n", surql.ErrOld},
		"no option":       {"DEFINE TABLE hush;\n", surql.ErrSyntax},
		"rows outside":    {"OPTION IMPORT;\nINSERT [ { hush: 1 } ];\n", surql.ErrSyntax},
		"brackets":        {"OPTION IMPORT;\nDEFINE TABLE x PERMISSIONS (hush};\n", surql.ErrSyntax},
		"open string":     {"OPTION IMPORT;\nDEFINE PARAM $x VALUE 'hush;\n", surql.ErrTruncated},
		"half a row":      {"OPTION IMPORT;\n-- TABLE DATA: a\nINSERT [ { id: a:1, hush: [1, 2", surql.ErrTruncated},
		"no last newline": {"OPTION IMPORT;\nDEFINE TABLE hush;", surql.ErrTruncated},
		"no rows in list": {"OPTION IMPORT;\n-- TABLE DATA: a\nINSERT [ hush ];\n", surql.ErrSyntax},
		"deep":            {"OPTION IMPORT;\nDEFINE PARAM $x VALUE " + strings.Repeat("[", 5000) + ";\n", surql.ErrSyntax},
	} {
		_, err := surql.ReadOutline(strings.NewReader(c.text), surql.Look{Walk: true})
		if !errors.Is(err, c.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// A reader's own error is told apart from a text that ends early.
func TestReaderFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	text := dumps(t)["surrealdb-3.0.5.surql"]
	for _, n := range []int{0, 10, 1000, 2000, len(text)} {
		_, err := surql.ReadOutline(io.MultiReader(bytes.NewReader(text[:n]), iotest.ErrReader(broken)), surql.Look{Walk: true})
		if !errors.Is(err, broken) {
			t.Errorf("after %d bytes: got %v, want the reader's error", n, err)
		}
	}
}

func FuzzReadOutline(f *testing.F) {
	for _, text := range dumps(f) {
		f.Add(text[:min(len(text), 6000)])
	}
	f.Add([]byte("OPTION IMPORT;\n-- TABLE DATA: a\nINSERT RELATION [ { id: a:1, in: b:{ a: [1] }, out: c:u'x' } ];\nRELATE a:1 -> b -> c:2;\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := surql.ReadOutline(bytes.NewReader(text), surql.Look{Walk: true, Ints: func(string, []byte, int64) {}})
		if err != nil {
			return
		}
		for _, table := range o.Tables {
			for _, r := range []surql.Range{table.Data, table.Span} {
				if r.Offset < 0 || r.Length < 0 || r.End() > o.Size {
					t.Errorf("table %q: range %v of %d bytes", table.Name, r, o.Size)
				}
			}
			if table.Define != nil {
				table.Define.Reads()
				table.Define.Loose()
				table.Define.Takes()
				table.Define.Canonical()
			}
			for _, d := range table.Fields {
				d.ReferenceOnly(false)
			}
		}
		for _, d := range o.Globals {
			d.Overwriting().WithKey("k").WithStart(5).Canonical()
		}
	})
}

// Only 2.x prints a future; a table of that name is none.
func TestOld(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]bool{"TYPE option<record<future>>": false, "VALUE <future> { 1 }": true, "TYPE int VALUE $value / 2": false} {
		text := "OPTION IMPORT;\n\n-- TABLE: t\n\nDEFINE TABLE t TYPE ANY SCHEMALESS PERMISSIONS NONE;\nDEFINE FIELD x ON t " + field + " PERMISSIONS FULL;\n"
		o, err := surql.ReadOutline(strings.NewReader(text), surql.Look{})
		if err != nil || o.Old != want {
			t.Errorf("%s: old: %v, want %v (%v)", field, o != nil && o.Old, want, err)
		}
	}
}

// Whether a slash divides or begins a regex depends on what is before it.
func TestSlash(t *testing.T) {
	t.Parallel()
	for text, regex := range map[string]bool{
		"$value / 2 / 3": false, "a.value / 2 / 3": false, "value / 2 / 3": false, "f() / 2 / 3": false, "a[0] / 2 / 3": false,
		"a.* / 2 / 3": false, "a.? / 2 / 3": false, "a? / 2 / 3": false, "@ / 2 / 3": false, "a… / 2 / 3": false, "`IN` / 2 / 3": false, "t:IN / 2 / 3": false,
		"ON t VALUE / 2 /": true, "a IN /x'/": true, "RETURN LIMIT / 2 / 3": false, "ON t VALUE LIMIT / 2 / 3": false, "a OR SET / 2 / 3": false, "SELECT IN / 2 / 3": false,
		"a IN IN / 2 / 3": false, "IN IN IN /x'/": false, "IN IN /x'/": true, "SELECT VALUE /x'/": true, "SELECT VALUE VALUE / 2 / 3": false, "SELECT * FROM /x'/": true, "DEFAULT ALWAYS /x'/": true,
		"TYPE option<int> VALUE /x'/": true, "TYPE array<option<int>> ASSERT /x'/": true, "a > VALUE / 2 / 3": false, "= <int> VALUE / 2 / 3": false, "a >= LIMIT / 2 / 3": false, "FIELD a ON IN VALUE /x'/": true, "a ?? /x'/": true, "= /x'/": true, "a CONTAINSNOT /x'/": true, "{ /x'/ }": true, "": false,
	} {
		got := slices.ContainsFunc(surql.Tokens(text), func(k surql.Token) bool { return k.Kind == surql.Regex })
		if got != regex {
			t.Errorf("%s: a regex: %v, want %v", text, got, regex)
		}
	}
}
