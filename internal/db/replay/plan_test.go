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
	o, err := surql.ReadOutline(strings.NewReader(text), surql.Walk, nil)
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
			{"DEFINE TABLE OVERWRITE a_about", "INSERT [ { id: z:1"},
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
	rows, view := at(t, lines, "INSERT [ { id: v:[], n: 1 } ];"), at(t, lines, "DEFINE TABLE OVERWRITE v TYPE ANY SCHEMALESS AS")
	if at(t, lines, "INSERT [ { id: z:1 } ];") > plain || plain > rows || rows > view {
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
	loose, rows, strict := at(t, lines, "DEFINE TABLE OVERWRITE self TYPE ANY SCHEMALESS PERMISSIONS NONE;"),
		at(t, lines, "INSERT RELATION"), at(t, lines, "DEFINE TABLE OVERWRITE self TYPE RELATION IN p | self OUT p | self ENFORCED;")
	if loose > rows || rows > strict {
		t.Errorf("loose %d, rows %d, strict %d", loose, rows, strict)
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
	o, err := surql.ReadOutline(strings.NewReader(text), surql.Walk, columns.Add)
	if err != nil {
		t.Fatal(err)
	}
	starts := map[string]int64{}
	for _, d := range o.Globals {
		if d.Kind == "SEQUENCE" {
			starts[d.Name] = columns.After(o, d)
		}
	}
	lines := replayed(t, text, replay.Options{Target: three, Starts: starts})
	for _, want := range []string{
		"DEFINE USER OVERWRITE u ON DATABASE PASSHASH 'x' ROLES VIEWER COMMENT 'may look';",
		"DEFINE CONFIG OVERWRITE API PERMISSIONS FULL;",
		"DEFINE CONFIG OVERWRITE GRAPHQL AUTO;",
		"DEFINE SEQUENCE OVERWRITE no BATCH 5 START 1002;",
		"INSERT [ { at: { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 2] }, { type: 'LineString', coordinates: [[1, 2], [2, 3]] }] }, id: a:1, kind: type::table('b'), no: 1001 } ];",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("no line %q in:\n%s", want, strings.Join(lines, "\n"))
		}
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
		"DEFINE TABLE OVERWRITE product TYPE ANY SCHEMALESS PERMISSIONS NONE;",
		"DEFINE FIELD OVERWRITE related ON product TYPE option<none | array<record<product>>> REFERENCE ON DELETE IGNORE;",
		"rows of product",
		"DEFINE TABLE OVERWRITE product SCHEMAFULL;",
		"DEFINE FIELD OVERWRITE name ON product TYPE string ASSERT $value != '';",
		"DEFINE FIELD OVERWRITE related ON product TYPE none | array<record<product>> DEFAULT [] REFERENCE ON DELETE CASCADE;",
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
	first := at(t, lines, "INSERT RELATION [ { id: e:1, in: a:1, out: v:[] } ];")
	view := at(t, lines, "DEFINE TABLE OVERWRITE v AS")
	again := at(t, lines, "RELATE a:1->e:1->v:[];")
	if first > view || view > again {
		t.Errorf("edges in line %d, view in %d, edges again in %d", first, view, again)
	}
}
