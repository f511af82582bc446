package restore_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A world draws a database: tables of records and edges, fields of any type, views over
// tables and views, indexes, events, rows that fit and rows that do not, and changes of
// the schema behind them. A server takes about half of it.
type world struct {
	values
	free                []string // names of tables to be
	nodes, edges, views []string
	fields              map[string][]field
	records             []string // that may be there, as ids
	taken               []string // statements that the server took
}

type field struct{ name, kind string }

func newWorld(seed uint64) *world {
	w := &world{values: values{Rand: rand.New(rand.NewPCG(seed, 7))}, fields: map[string][]field{}}
	w.free = []string{"person", "order", "a", "zz", "info", "value", "user-x", "é", "123", "type", "m", "b_table", "group", "Post", "x y", "likes", "z1", "c", "article", "index"}
	w.Shuffle(len(w.free), func(i, j int) { w.free[i], w.free[j] = w.free[j], w.free[i] })
	return w
}

// build makes the database.
func (w *world) build(t *testing.T, h *house) (ns, database string) {
	t.Helper()
	ns, database = h.srv.Fresh(t)
	for _, s := range w.statements() {
		if _, err := h.srv.Exec(t.Context(), ns, database, s); err == nil {
			w.taken = append(w.taken, s)
		}
	}
	if _, err := h.srv.Exec(t.Context(), ns, database, "RETURN 1"); err != nil {
		t.Skipf("3.0.2 dies of some coercions, of no seed that tests draw by themselves: %v", err)
	}
	return ns, database
}

func (w *world) statements() (out []string) {
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, to := range []struct {
		names *[]string
		n     int
	}{{&w.nodes, 2 + w.IntN(3)}, {&w.edges, 1 + w.IntN(3)}} {
		*to.names, w.free = w.free[:to.n:to.n], w.free[to.n:]
	}
	add("DEFINE FUNCTION fn::up($x: any) { RETURN <string>$x + '!' }")
	add("DEFINE PARAM $limit VALUE %s", w.value(2))
	add("DEFINE ANALYZER words TOKENIZERS blank, class FILTERS lowercase")
	w.tables(add)
	for _, table := range w.stored() {
		for range w.IntN(5) {
			w.defineField(table, add)
		}
	}
	early := w.IntN(2)
	for round := range 3 {
		if round == early {
			w.defineViews(add)
		}
		if round == 0 {
			for _, table := range w.stored() {
				w.extras(table, add)
			}
		}
		for _, table := range w.stored() {
			for range 1 + w.IntN(4) {
				add("%s", w.row(table))
			}
		}
	}
	for range w.IntN(6) {
		w.change(add)
	}
	return out
}

func (w *world) stored() []string { return slices.Concat(w.nodes, w.edges) }

func (w *world) all() []string { return slices.Concat(w.nodes, w.edges, w.views) }

func (w *world) maybe(percent int, s string) string {
	if w.IntN(100) < percent {
		return s
	}
	return ""
}

func quote(name string) string { return "`" + name + "`" }

// tables defines those of records and of edges, but for some that come with their rows.
func (w *world) tables(add func(string, ...any)) {
	permissions := func() string {
		return w.of("PERMISSIONS NONE", "PERMISSIONS FULL", "PERMISSIONS FOR select WHERE a = 1 OR $auth.x = 'y;' FOR create, update NONE", "PERMISSIONS FOR select FULL FOR delete WHERE count(->`likes`) > 0")
	}
	for _, table := range w.nodes {
		if w.IntN(4) > 0 {
			add("DEFINE TABLE %s %s %s %s %s %s", quote(table), w.of("", "TYPE ANY", "TYPE NORMAL"), w.of("", "SCHEMALESS", "SCHEMAFULL"),
				w.maybe(10, "CHANGEFEED 1h"), w.maybe(15, "COMMENT "+w.text()), w.maybe(30, permissions()))
		}
	}
	for i, table := range w.edges {
		to := w.nodes
		if i > 0 && w.IntN(2) == 0 {
			to = w.edges[:i]
		}
		switch w.IntN(5) {
		case 0:
		case 1:
			add("DEFINE TABLE %s TYPE RELATION %s", quote(table), w.maybe(40, "ENFORCED"))
		default:
			add("DEFINE TABLE %s TYPE RELATION IN %s OUT %s %s %s", quote(table), quote(w.of(w.nodes...)), quote(w.of(to...)), w.maybe(40, "ENFORCED"), w.of("", "SCHEMAFULL", "SCHEMALESS"))
		}
	}
}

func (w *world) defineField(table string, add func(string, ...any)) {
	name := w.of("a", "b", "c", "s", "o", "o.x", "l", "l.*", "`x y`", "ref", "refs", "type", "f.g.h")
	if w.IntN(12) == 0 {
		add("DEFINE FIELD OVERWRITE %s ON %s COMPUTED %s", name, quote(table), w.of("1 + 1", "fn::up(id)", "<~"+quote(w.of(w.nodes...)), "count(->"+quote(w.of(w.edges...))+")"))
		return
	}
	kind := w.kind(2)
	w.fields[table] = append(w.fields[table], field{name, kind})
	if strings.Contains(kind, "record") {
		kind += w.maybe(50, " REFERENCE"+w.of("", " ON DELETE IGNORE", " ON DELETE CASCADE", " ON DELETE UNSET"))
	}
	add("DEFINE FIELD OVERWRITE %s ON %s TYPE %s %s", name, quote(table), kind, w.of("", "", " DEFAULT "+w.of("", "ALWAYS ")+w.fit(kind, 2), " VALUE $value",
		w.of(" ASSERT $value != 'forbidden'", " ASSERT $value IS NOT NONE"), " READONLY", " COMMENT "+w.text(), " PERMISSIONS FOR select WHERE a = '}' FOR update NONE"))
}

// extras are indexes and events.
func (w *world) extras(table string, add func(string, ...any)) {
	table = quote(table)
	f := w.of("a", "b", "c", "s", "l.*", "o.x", "n")
	switch w.IntN(6) {
	case 0:
		add("DEFINE INDEX OVERWRITE %s ON %s FIELDS %s %s", w.of("i1", "`i 2`", "value"), table, f, w.of("", "", "UNIQUE"))
	case 1:
		add("DEFINE INDEX OVERWRITE cnt ON %s COUNT", table)
	case 2:
		add("DEFINE INDEX OVERWRITE ft ON %s FIELDS %s FULLTEXT ANALYZER words BM25", table, f)
	case 3:
		add("DEFINE INDEX OVERWRITE two ON %s FIELDS %s, extra", table, f)
	case 4:
		add("DEFINE EVENT OVERWRITE %s ON %s WHEN $event = %s THEN { UPSERT `log`:[$event, $after.id] SET who = $after.id, what = '}' }", w.of("e1", "`e 2`"), table, w.of("'CREATE'", "'UPDATE'", "'DELETE'"))
	}
}

func (w *world) defineViews(add func(string, ...any)) {
	for range w.IntN(4) {
		of := quote(w.of(w.all()...)) + w.maybe(30, w.of(" WHERE n != NONE", " WHERE a = 1", " WHERE true"))
		by := w.of("a", "b", "c", "extra", "in", "out")
		add("DEFINE TABLE %s %s AS %s", quote(w.free[0]), w.of("", "SCHEMAFULL", "TYPE NORMAL", "PERMISSIONS FULL"), w.of(
			"SELECT * FROM "+of, "SELECT a, n, extra FROM "+of, "SELECT count() AS n FROM "+of+" GROUP ALL",
			"SELECT count() AS n, "+by+" FROM "+of+" GROUP BY "+by, "SELECT math::sum(n) AS n, "+by+" AS c FROM "+of+" GROUP BY c",
			"SELECT math::max(n) AS n, math::mean(n) AS b, "+by+" FROM "+of+" GROUP BY "+by))
		w.views, w.free = append(w.views, w.free[0]), w.free[1:]
	}
}

// row draws a statement that makes one.
func (w *world) row(table string) string {
	id := quote(table) + ":" + w.of("1", "2", "3", "4", "x", "`a b`", "['x', 1]", "{ k: 1 }", "u'018f5b2e-7c3a-7000-8000-000000000001'", "y", "z", "`1`", "-7", "`é`")
	content := w.content(table)
	defer func() { w.records = append(w.records, id) }()
	if slices.Contains(w.nodes, table) {
		return "CREATE " + id + " CONTENT " + content
	}
	return "RELATE " + w.end() + "->" + id + "->" + w.end() + " CONTENT " + content
}

// end draws a record that may be there.
func (w *world) end() string {
	switch {
	case len(w.records) == 0:
		return quote(w.of(w.nodes...)) + ":1"
	case len(w.views) > 0 && w.IntN(6) == 0:
		return quote(w.of(w.views...)) + ":" + w.of("1", "[1]", "['x']", "[true]", "[NONE]", "[]", "x")
	}
	return w.of(w.records...)
}

// change draws one of what is there already.
func (w *world) change(add func(string, ...any)) {
	table := w.of(w.stored()...)
	switch w.IntN(6) {
	case 0:
		add("DELETE %s", w.of(w.records...))
	case 1:
		add("UPDATE %s SET extra = %s", quote(table), w.value(2))
	case 2:
		for _, f := range w.fields[table][:min(1, len(w.fields[table]))] {
			add("REMOVE FIELD %s ON %s", f.name, quote(table))
		}
	case 3:
		w.defineField(table, add)
	case 4:
		add("ALTER TABLE %s %s", quote(table), w.of("SCHEMAFULL", "SCHEMALESS"))
	case 5:
		w.extras(table, add)
	}
}

// write draws a statement that changes rows.
func (w *world) write() string {
	table := w.of(w.stored()...)
	switch w.IntN(5) {
	case 0, 1:
		return w.row(table)
	case 2:
		return "DELETE " + w.of(w.records...)
	case 3:
		return fmt.Sprintf("UPDATE %s SET n = %s", quote(table), w.of("1", "2", "3.5"))
	}
	return fmt.Sprintf("UPDATE %s SET a = %s, extra = 1", w.of(w.records...), w.of("1", "2", "'x'"))
}
