package replay_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// three is a server of today.
var three = replay.Target{References: true}

// dump writes a dump: sections are "NAME\ntext"; a table's rows follow "DATA".
func dump(sections ...string) string {
	var b strings.Builder
	line := "-- ------------------------------\n"
	for _, s := range append([]string{"OPTION\nOPTION IMPORT;"}, sections...) {
		title, body, _ := strings.Cut(s, "\n")
		b.WriteString(line + "-- " + title + "\n" + line + "\n" + body + "\n\n")
	}
	return b.String()
}

func outline(t *testing.T, text string) *surql.Outline {
	t.Helper()
	o, err := surql.ReadOutline(strings.NewReader(text), surql.Look{Walk: true})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// replayed returns the lines of the text that a plan writes.
func replayed(t *testing.T, text string, opt replay.Options) []string {
	t.Helper()
	p, err := replay.New(outline(t, text), opt)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.WriteText(&b, func(r surql.Range) io.ReadCloser {
		return io.NopCloser(strings.NewReader(text[r.Offset:r.End()]))
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Split(b.String(), "\n")
}

// at returns the index of the one line that starts with prefix.
func at(t *testing.T, lines []string, prefix string) int {
	t.Helper()
	i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, prefix) })
	if i < 0 {
		t.Fatalf("no line %q in:\n%s", prefix, strings.Join(lines, "\n"))
	}
	return i
}

func TestOrder(t *testing.T) {
	t.Parallel()
	text := dump(
		"TABLE: a_about\nDEFINE TABLE a_about TYPE RELATION IN z OUT b_bought ENFORCED;",
		"TABLE DATA: a_about\nINSERT RELATION [ { id: a_about:1, in: z:1, out: b_bought:1 } ];",
		"TABLE: a_into\nDEFINE TABLE a_into TYPE RELATION IN z OUT c_view;",
		"TABLE DATA: a_into\nINSERT RELATION [ { id: a_into:1, in: z:1, out: c_view:[z:1] } ];",
		"TABLE: b_bought\nDEFINE TABLE b_bought TYPE RELATION IN z OUT z ENFORCED;",
		"TABLE DATA: b_bought\nINSERT RELATION [ { id: b_bought:1, in: z:1, out: z:2 } ];",
		"TABLE: b_best\nDEFINE TABLE b_best AS SELECT math::max(n) AS top FROM c_view GROUP ALL;",
		"TABLE DATA: b_best\nINSERT [ { id: b_best:[], top: 1 } ];",
		"TABLE: c_view\nDEFINE TABLE c_view AS SELECT count() AS n FROM b_bought GROUP BY in;",
		"TABLE DATA: c_view\nINSERT [ { id: c_view:[z:1], n: 1 } ];",
		"TABLE: z\nDEFINE TABLE z;\nDEFINE EVENT e ON z WHEN true THEN { RETURN 1 };",
		"TABLE DATA: z\nINSERT [ { id: z:1 }, { id: z:2 } ];",
	)
	for _, target := range []replay.Target{three, {}, {Two: true}} {
		lines := replayed(t, text, replay.Options{Target: target})
		for _, pair := range [][2]string{
			{"DEFINE TABLE OVERWRITE `a_about`", "INSERT [ { id: z:1"},
			{"INSERT [ { id: z:1", "INSERT RELATION [ { id: b_bought"},
			{"INSERT RELATION [ { id: b_bought", "INSERT RELATION [ { id: a_about"},
			{"INSERT RELATION [ { id: b_bought", "DEFINE TABLE OVERWRITE c_view AS"},
			{"DEFINE TABLE OVERWRITE c_view AS", "DEFINE TABLE OVERWRITE b_best AS"},
			{"DEFINE TABLE OVERWRITE c_view AS", "INSERT RELATION [ { id: a_into"},
			{"INSERT RELATION [ { id: a_into", "DEFINE EVENT"},
			{"INSERT RELATION [ { id: a_about", "DEFINE EVENT"},
		} {
			if at(t, lines, pair[0]) > at(t, lines, pair[1]) {
				t.Errorf("%+v: %q comes behind %q:\n%s", target, pair[0], pair[1], strings.Join(lines, "\n"))
			}
		}
		rows := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "INSERT [ { id: c_view") })
		view := at(t, lines, "DEFINE TABLE OVERWRITE c_view AS")
		if target.Two && rows < view || !target.Two && rows >= 0 {
			t.Errorf("%+v: rows of the view in line %d, its definition in %d", target, rows, view)
		}
	}
}

// A dump of 3.3.1 and later has a view as a plain table, its rows, and then the
// definition, so that a view which cannot be replayed keeps its rows.
func TestViewAsABlock(t *testing.T) {
	t.Parallel()
	text := dump(
		"TABLE: z\nDEFINE TABLE z;", "TABLE DATA: z\nINSERT [ { id: z:1 } ];\n\nDEFINE TABLE v TYPE ANY SCHEMALESS PERMISSIONS NONE;",
		"TABLE DATA: v\nINSERT [ { id: v:[], n: 1 } ];",
		"TABLE: v\nDEFINE TABLE v TYPE ANY SCHEMALESS AS SELECT count() AS n FROM z GROUP ALL PERMISSIONS NONE;",
	)
	lines := replayed(t, text, replay.Options{Target: three})
	plain := at(t, lines, "DEFINE TABLE OVERWRITE v TYPE ANY SCHEMALESS PERMISSIONS NONE;")
	rows, view := at(t, lines, "INSERT [ { id: v:[], n: 1 } ] RETURN NONE;"), at(t, lines, "DEFINE TABLE OVERWRITE v TYPE ANY SCHEMALESS AS")
	if at(t, lines, "INSERT [ { id: z:1 } ] RETURN NONE;") > plain || plain > rows || rows > view {
		t.Errorf("plain %d, rows %d, view %d:\n%s", plain, rows, view, strings.Join(lines, "\n"))
	}
}

func TestEdgesThatNeedEachOther(t *testing.T) {
	t.Parallel()
	text := dump(
		"TABLE: p\nDEFINE TABLE p;", "TABLE DATA: p\nINSERT [ { id: p:1 } ];",
		"TABLE: self\nDEFINE TABLE self TYPE RELATION IN p | self OUT p | self ENFORCED;",
		"TABLE DATA: self\nINSERT RELATION [ { id: self:a, in: self:b, out: p:1 }, { id: self:b, in: p:1, out: p:1 } ];",
	)
	lines := replayed(t, text, replay.Options{Target: three})
	loose, rows, strict := at(t, lines, "DEFINE TABLE OVERWRITE `self` TYPE ANY SCHEMALESS PERMISSIONS NONE;"),
		at(t, lines, "INSERT RELATION"), at(t, lines, "DEFINE TABLE OVERWRITE self TYPE RELATION IN p | self OUT p | self ENFORCED;")
	if loose > rows || rows > strict {
		t.Errorf("loose %d, rows %d, strict %d", loose, rows, strict)
	}
}

// What a dump says of a restore that was under way is not of this one.
func TestMarkOfAnotherRestore(t *testing.T) {
	t.Parallel()
	lines := replayed(t, dump("PARAMS\nDEFINE PARAM $"+replay.Marker+" VALUE 'x' PERMISSIONS NONE;\nDEFINE PARAM $kept VALUE 1 PERMISSIONS FULL;"), replay.Options{Target: three})
	if text := strings.Join(lines, "\n"); strings.Contains(text, replay.Marker) || !strings.Contains(text, "$kept") {
		t.Errorf("got %s", text)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	text := dump("ACCESSES\nDEFINE ACCESS api ON DATABASE TYPE JWT ALGORITHM HS256 KEY '[REDACTED]' WITH ISSUER KEY '[REDACTED]';\n" +
		"DEFINE ACCESS old ON DATABASE TYPE JWT ALGORITHM HS256 KEY 'in-clear';\n" +
		"DEFINE ACCESS robot ON DATABASE TYPE BEARER FOR USER;")
	for _, keys := range []map[string]string{nil, {"api": ""}, {"api": surql.Redacted}, {"other": "x"}} {
		_, err := replay.New(outline(t, text), replay.Options{Target: three, Keys: keys})
		if !errors.Is(err, replay.ErrKeyless) || !strings.Contains(err.Error(), "api") || hint.Of(err) == "" {
			t.Errorf("keys %v: got %v, want ErrKeyless that names api, with a hint", keys, err)
		}
		if err != nil && strings.Contains(err.Error(), "in-clear") {
			t.Errorf("the error shows a key: %v", err)
		}
	}
	lines := replayed(t, text, replay.Options{Target: three, Keys: map[string]string{"api": `it's \ real`}})
	if i := at(t, lines, "DEFINE ACCESS OVERWRITE api"); strings.Count(lines[i], `KEY 'it\'s \\ real'`) != 2 || strings.Contains(lines[i], "REDACTED") {
		t.Errorf("got %s", lines[i])
	}
	// A key that is given replaces one that stands there, such as one that leaked.
	for name, want := range map[string]string{"old": "KEY 'new'", "api": "WITH ISSUER KEY 'new'"} {
		lines := replayed(t, text, replay.Options{Target: three, Keys: map[string]string{"api": "x", name: "new"}, NewKeys: map[string]string{name: "new"}})
		if i := at(t, lines, "DEFINE ACCESS OVERWRITE "+name); !strings.Contains(lines[i], want) || strings.Contains(lines[i], "in-clear") {
			t.Errorf("got %s", lines[i])
		}
	}
	for _, pair := range []string{"TYPE BEARER FOR USER", "TYPE JWT ALGORITHM RS256 KEY 'public' WITH ISSUER KEY 'private'"} {
		_, err := replay.New(outline(t, dump("ACCESSES\nDEFINE ACCESS a ON DATABASE "+pair+";")), replay.Options{Target: three, NewKeys: map[string]string{"a": "new"}})
		if err == nil || !strings.Contains(hint.Of(err), "--leave-access-out a") || strings.Contains(err.Error(), "private") {
			t.Errorf("%s: got %v (%s)", pair, err, hint.Of(err))
		}
	}
	p, err := replay.New(outline(t, text), replay.Options{Target: three, LeaveOutAccess: []string{"api"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"access api", "bearer grants of access robot"} {
		if !slices.ContainsFunc(p.Losses, func(l replay.Loss) bool { return l.What == want }) {
			t.Errorf("got losses %v, want %q among them", p.Losses, want)
		}
	}
}

func TestRepairs(t *testing.T) {
	t.Parallel()
	text := dump(
		"USERS\nDEFINE USER u ON DATABASE PASSHASH 'x' ROLES VIEWER COMMENT `may look`;",
		"CONFIGS\nAPI PERMISSIONS FULL;\nGRAPHQL AUTO;",
		"SEQUENCES\nDEFINE SEQUENCE no BATCH 5 START 1000;\nDEFINE SEQUENCE plain BATCH 1;",
		"TABLE: a\nDEFINE TABLE a;",
		"TABLE DATA: a\nINSERT [ { at: { type: 'GeometryCollection', geometries: [(1, 2), { type: 'LineString', coordinates: [[1, 2], [2, 3]] }] }, id: a:1, kind: b, no: 1001 } ];",
	)
	columns := &replay.Columns{}
	o, err := surql.ReadOutline(strings.NewReader(text), surql.Look{Walk: true, Ints: columns.Add})
	if err != nil {
		t.Fatal(err)
	}
	starts := map[string]int64{}
	for _, d := range o.Globals {
		if d.Kind == "SEQUENCE" {
			starts[d.Name], _ = columns.After(o, d)
		}
	}
	lines := replayed(t, text, replay.Options{Target: three, Starts: starts})
	for _, want := range []string{
		"DEFINE USER OVERWRITE u ON DATABASE PASSHASH 'x' ROLES VIEWER COMMENT 'may look';",
		"DEFINE CONFIG OVERWRITE API PERMISSIONS FULL;",
		"DEFINE CONFIG OVERWRITE GRAPHQL AUTO;",
		"DEFINE SEQUENCE OVERWRITE no BATCH 5 START 1006;",
		"INSERT [ { at: { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 2] }, { type: 'LineString', coordinates: [[1, 2], [2, 3]] }] }, id: a:1, kind: type::table('b'), no: 1001 } ] RETURN NONE;",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("no line %q in:\n%s", want, strings.Join(lines, "\n"))
		}
	}
}

// Where a sequence goes on: a batch behind the numbers in the fields that only it fills,
// and where something else draws from it, or they hold texts, behind every number.
func TestWhereASequenceGoesOn(t *testing.T) {
	t.Parallel()
	const call = "`sequence`::nextval('no')" // as servers print it
	for _, c := range []struct {
		name, fields, rows string
		next               int64
		told               bool
	}{
		{"its own field", "DEFINE FIELD no ON a DEFAULT " + call + ";", "{ big: 5000, id: a:x, no: 7 }, { id: a:y, no: 1004 }", 1009, true},
		{"a number below its start", "DEFINE FIELD n ON a TYPE int;", "{ id: a:x, no: 7 }, { id: a:y, no: 1004 }", 1009, false},
		{"a nested field", "DEFINE FIELD meta.no ON a DEFAULT " + call + ";", "{ id: a:x, meta: { no: 1009 } }", 1014, true},
		{"a field with a strange name", "DEFINE FIELD `the no` ON a DEFAULT " + call + ";", "{ id: a:x, \"the no\": 1011 }", 1016, true},
		{"a text", "DEFINE FIELD no ON a TYPE string DEFAULT 'INV-' + <string> " + call + ";", "{ id: a:1020, no: 'INV-1013' }", 1025, false},
		{"an event draws too", "DEFINE FIELD no ON a DEFAULT " + call + ";\nDEFINE EVENT e ON a THEN { CREATE b SET n = " + call + " };", "{ id: a:x, n: 1030, no: 1004 }", 1035, false},
		{"one field of two", "DEFINE FIELD no ON a DEFAULT sequence::nextval(\"no\");\nDEFINE FIELD code ON a DEFAULT 'INV-' + <string> " + call + ";", "{ code: 'INV-1090', id: a:1091, no: 1005 }", 1096, false},
		{"a stamp", "DEFINE FIELD x ON a TYPE string;", "{ at: 1764259200000000000, id: a:1091 }", 1096, false},
		{"the largest number that there is", "DEFINE FIELD no ON a DEFAULT " + call + ";", "{ id: a:x, no: 9223372036854775807 }", 9223372036854775807, true},
		{"no rows of its field", "DEFINE FIELD no ON a DEFAULT " + call + ";\nDEFINE FIELD n ON b DEFAULT " + call + ";", "{ id: a:x, no: 1004 }", 1009, true},
		{"nothing", "DEFINE FIELD x ON a TYPE string;", "{ id: a:x }", 1000, false},
	} {
		columns := &replay.Columns{}
		o, err := surql.ReadOutline(strings.NewReader(dump("SEQUENCES\nDEFINE SEQUENCE no BATCH 5 START 1000;",
			"TABLE: a\nDEFINE TABLE a;\n"+c.fields, "TABLE DATA: a\nINSERT [ "+c.rows+" ];", "TABLE: b\nDEFINE TABLE b;")), surql.Look{Walk: true, Ints: columns.Add})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if next, told := columns.After(o, o.Globals[len(o.Globals)-1]); next != c.next || told != c.told {
			t.Errorf("%s: got %d, %v, want %d, %v", c.name, next, told, c.next, c.told)
		}
	}
}

// A view may follow links into any table, so all rows come before it, but for
// those that point into a view, or may.
func TestRowsBeforeViews(t *testing.T) {
	t.Parallel()
	lines := replayed(t, dump(
		"TABLE: linked\nDEFINE TABLE linked;", "TABLE DATA: linked\nINSERT [ { id: linked:1 } ];",
		"TABLE: into\nDEFINE TABLE into TYPE RELATION;", "TABLE DATA: into\nINSERT RELATION [ { id: into:1, in: linked:1, out: v:[] } ];",
		"TABLE: beyond\nDEFINE TABLE beyond TYPE RELATION;", "TABLE DATA: beyond\nINSERT RELATION [ { id: beyond:1, in: linked:1, out: into:1 } ];",
		"TABLE: any\nDEFINE TABLE any;\nDEFINE FIELD to ON any TYPE none | record REFERENCE ON DELETE IGNORE;", "TABLE DATA: any\nINSERT [ { id: any:1, to: v:[] } ];",
		"TABLE: sale\nDEFINE TABLE sale;", "TABLE DATA: sale\nINSERT [ { id: sale:1 } ];",
		"TABLE: v\nDEFINE TABLE v AS SELECT math::sum(product.price) AS total FROM sale GROUP ALL;",
	), replay.Options{Target: three})
	view := at(t, lines, "DEFINE TABLE OVERWRITE v AS")
	for line, before := range map[string]bool{
		"INSERT [ { id: linked:1": true, "INSERT [ { id: sale:1": true,
		"INSERT RELATION [ { id: into:1": false, "INSERT RELATION [ { id: beyond:1": false, "INSERT [ { id: any:1": false,
	} {
		if got := at(t, lines, line) < view; got != before {
			t.Errorf("%s before the view: %v, want %v", line, got, before)
		}
	}
}

// A view whose source does not come back cannot be defined, nor can one that reads
// it. They are named.
func TestViewsWithoutTheirSource(t *testing.T) {
	t.Parallel()
	text := dump(
		"TABLE: top\nDEFINE TABLE top AS SELECT count() AS n FROM v GROUP ALL;", "TABLE DATA: top\nINSERT [ { id: top:[], n: 1 } ];",
		"TABLE: v\nDEFINE TABLE v AS SELECT count() AS n FROM gone GROUP ALL;\nDEFINE EVENT e ON v WHEN true THEN { RETURN 1 };",
		"TABLE DATA: v\nINSERT [ { id: v:[], n: 1 } ];",
		"TABLE: z\nDEFINE TABLE z;", "TABLE DATA: z\nINSERT [ { id: z:1 } ];",
	)
	p, err := replay.New(outline(t, text), replay.Options{Target: three})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Sort(p.Unfed); !slices.Equal(p.Unfed, []string{"top", "v"}) {
		t.Errorf("got views %q", p.Unfed)
	}
	for _, want := range []string{"view v", "view top"} {
		if !slices.ContainsFunc(p.Losses, func(l replay.Loss) bool { return l.What == want }) {
			t.Errorf("got losses %v, want %q among them", p.Losses, want)
		}
	}
	if lines := strings.Join(replayed(t, text, replay.Options{Target: three}), "\n"); strings.Contains(lines, "v AS") || strings.Contains(lines, "EVENT") || strings.Contains(lines, "v:[]") {
		t.Errorf("got\n%s", lines)
	}
}

// A password hash that the export hides is none: nobody could sign in with it.
func TestUserWithoutPassword(t *testing.T) {
	t.Parallel()
	text := dump("USERS\nDEFINE USER hidden ON DATABASE PASSHASH '[REDACTED]' ROLES VIEWER;\nDEFINE USER seen ON DATABASE PASSHASH 'x' ROLES VIEWER;")
	p, err := replay.New(outline(t, text), replay.Options{Target: three})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Losses) != 1 || p.Losses[0].What != "user hidden" {
		t.Errorf("got losses %v", p.Losses)
	}
	lines := strings.Join(replayed(t, text, replay.Options{Target: three}), "\n")
	if strings.Contains(lines, "REDACTED") || !strings.Contains(lines, "USER OVERWRITE seen") {
		t.Errorf("got\n%s", lines)
	}
}

func TestReferencesGoInPlainly(t *testing.T) {
	t.Parallel()
	text := dump("TABLE: product\nDEFINE TABLE product SCHEMAFULL;\nDEFINE FIELD name ON product TYPE string ASSERT $value != '';\n"+
		"DEFINE FIELD related ON product TYPE none | array<record<product>> DEFAULT [] REFERENCE ON DELETE CASCADE;",
		"TABLE DATA: product\nINSERT [ { id: product:1, name: 'x', related: [product:1] } ];")
	p, err := replay.New(outline(t, text), replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range p.Stages {
		for _, d := range s.Define {
			got = append(got, d.Text)
		}
		for _, l := range s.Load {
			if !l.Plain {
				t.Errorf("rows of %s go in by an import", l.Table)
			}
			got = append(got, "rows of "+l.Table)
		}
	}
	want := []string{
		"DEFINE TABLE OVERWRITE `product` TYPE ANY SCHEMALESS PERMISSIONS NONE;",
		"DEFINE FIELD OVERWRITE related ON `product` TYPE option<none | array<record<product>>> REFERENCE ON DELETE IGNORE;",
		"rows of product",
		"DEFINE TABLE OVERWRITE product SCHEMAFULL;",
		"DEFINE FIELD OVERWRITE related ON product TYPE none | array<record<product>> DEFAULT [] REFERENCE ON DELETE CASCADE;",
		"DEFINE FIELD OVERWRITE name ON product TYPE string ASSERT $value != '';",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A table that a view reads and that points into a view cannot be settled by
// order: its edges go in before the views, and once more behind them.
func TestEdgesIntoViewsOnceMore(t *testing.T) {
	t.Parallel()
	text := dump(
		"TABLE: a\nDEFINE TABLE a;", "TABLE DATA: a\nINSERT [ { id: a:1 } ];",
		"TABLE: e\nDEFINE TABLE e TYPE RELATION;", "TABLE DATA: e\nINSERT RELATION [ { id: e:1, in: a:1, out: v:[] } ];",
		"TABLE: v\nDEFINE TABLE v AS SELECT count() FROM a, e GROUP ALL;", "TABLE DATA: v\nINSERT [ { id: v:[] } ];",
	)
	lines := replayed(t, text, replay.Options{Target: three})
	first := at(t, lines, "INSERT RELATION [ { id: e:1, in: a:1, out: v:[] } ] RETURN NONE;")
	view := at(t, lines, "DEFINE TABLE OVERWRITE v AS")
	again := at(t, lines, "RELATE a:1->e:1->v:[] RETURN NONE;")
	if first > view || view > again {
		t.Errorf("edges in line %d, view in %d, edges again in %d", first, view, again)
	}
}
