package restore_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/restore"
)

// shop has edges into product from tables that are relations and from one that is
// not said to be one, among records that only look like edges.
const shop = `CREATE customer:1, product:1, product:{ a: 1, b: "it's" }, product:3 RETURN NONE; DEFINE TABLE bought TYPE RELATION IN customer OUT product ENFORCED;
	RELATE customer:1->bought:1->product:1 SET n = 5 RETURN NONE; RELATE customer:1->bought:2->product:{ a: 1, b: "it's" } RETURN NONE;
	RELATE product:1->similar:1->product:3 RETURN NONE; CREATE similar:plain SET in = product:1, out = product:3 RETURN NONE; CREATE text:1 SET in = 'x', out = 5 RETURN NONE;
	DEFINE FIELD p ON likes TYPE option<record<product>> REFERENCE; CREATE likes:1 SET p = product:1 RETURN NONE; CREATE log:0 RETURN NONE;
	DEFINE EVENT e ON bought WHEN true THEN { CREATE log RETURN NONE }; DEFINE EVENT e ON similar WHEN true THEN { CREATE log RETURN NONE };`

// A table that comes back alone is known to the edges of the others again, whether it
// was lost or is replaced.
func TestSingleTableAmongOthers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, name := h.srv.Fresh(t)
	h.srv.Query(t, ns, name, shop)
	b := h.backup(t, ns, name, nil)
	const walk = "SELECT id, <-bought AS b, ->similar AS s, <-similar AS t FROM product; SELECT id, n, in, out FROM bought; SELECT * FROM similar; SELECT * FROM log"
	want := fmt.Sprintf("%s", h.srv.Query(t, ns, name, walk))
	for _, before := range []string{"REMOVE TABLE product", ""} {
		h.srv.Query(t, ns, name, before)
		j := h.job(t, b, ns, name)
		j.Tables, j.Force = []string{"product"}, true
		res, err := restore.Run(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%s", h.srv.Query(t, ns, name, walk)); got != want {
			t.Errorf("after %q\ngot  %s\nwant %s", before, got, want)
		}
		wantLosses(t, res, "the way back over references in likes.p")
		if repairs := fmt.Sprint(res.Repairs); !strings.Contains(repairs, "way back is renewed 3") {
			t.Errorf("got repairs %s", repairs)
		}
		if len(res.Checked.Notes) > 0 {
			t.Errorf("got notes %q", res.Checked.Notes)
		}
	}
	h.srv.Query(t, ns, name, "CREATE product:new RETURN NONE; RELATE customer:1->bought:3->product:new RETURN NONE; DELETE log:0")
	j := h.job(t, b, ns, name)
	j.Tables, j.Force = []string{"product"}, true
	res, err := restore.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Checked.Notes) != 1 || !strings.Contains(res.Checked.Notes[0], "1 edges of bought lead to records that the backup does not have") {
		t.Errorf("got notes %q", res.Checked.Notes)
	}
}

// Edges that are newer than the backup go from both of their ends.
func TestRelationAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, name := h.srv.Fresh(t)
	h.srv.Query(t, ns, name, shop)
	b := h.backup(t, ns, name, nil)
	const walk = "SELECT id, <-bought AS b FROM product; SELECT ->bought AS b FROM customer; SELECT id, n, in, out FROM bought; SELECT count() FROM log GROUP ALL"
	want := fmt.Sprintf("%s", h.srv.Query(t, ns, name, walk))
	h.srv.Query(t, ns, name, "REMOVE EVENT e ON bought; RELATE customer:1->bought:99->product:3 RETURN NONE; DELETE bought:1 RETURN NONE; DEFINE EVENT e ON bought WHEN true THEN { CREATE log RETURN NONE }")
	j := h.job(t, b, ns, name)
	j.Tables, j.Force = []string{"bought"}, true
	if _, err := restore.Run(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%s", h.srv.Query(t, ns, name, walk)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// An edge may lead to a record whose table never was.
func TestEdgesToATableThatIsNot(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, name := h.srv.Fresh(t)
	h.srv.Query(t, ns, name, "CREATE a:1, b:1 RETURN NONE; RELATE a:1->e:1->never:1 RETURN NONE; RELATE never:2->e:2->a:1 RETURN NONE; RELATE b:1->e:3->a:1 RETURN NONE; RELATE never:3->e:4->never:4 RETURN NONE")
	b := h.backup(t, ns, name, nil)
	j := h.job(t, b, ns, name)
	j.Tables, j.Force = []string{"a"}, true
	res, err := restore.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(res.Checked.Notes, "\n"); !strings.Contains(notes, "2 edges of e are unknown") {
		t.Errorf("got notes %q", notes)
	}
	if got := string(h.srv.Query(t, ns, name, "RETURN a:1<-e")[0]); got != `["e:3"]` {
		t.Errorf("got %s", got)
	}
}

// An edge that a field referred to which is gone cannot be deleted on some servers.
func TestEdgesThatCannotBeDeleted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, name := h.srv.Fresh(t)
	h.srv.Query(t, ns, name, "CREATE a:1, b:1 RETURN NONE; RELATE a:1->e:1->b:1 RETURN NONE; DEFINE FIELD to ON r TYPE record<e> REFERENCE; CREATE r:1 SET to = e:1 RETURN NONE; REMOVE FIELD to ON r")
	b := h.backup(t, ns, name, nil)
	const walk = "SELECT id, ->e AS e FROM a; SELECT id, <-e AS e FROM b; SELECT * FROM e, r"
	want := fmt.Sprintf("%s", h.srv.Query(t, ns, name, walk))
	h.srv.Query(t, ns, name, "RELATE a:1->e:2->b:1 RETURN NONE")
	j := h.job(t, b, ns, name)
	j.Tables, j.Force = []string{"e"}, true
	if _, err := restore.Run(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%s", h.srv.Query(t, ns, name, walk)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Edges may be older than what their table says of them now, have edges themselves, and
// have lost an end.
func TestEdgesOlderThanTheirTable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, name := h.srv.Fresh(t)
	h.srv.Query(t, ns, name, `CREATE x:1, y:1, z:1, z:3 RETURN NONE; DEFINE TABLE a TYPE RELATION FROM x|y TO z; RELATE x:1->a:1->z:1; RELATE y:1->a:2->z:1; DEFINE TABLE OVERWRITE a TYPE RELATION FROM x TO z;
		RELATE y:1->n:1->z:1; DEFINE TABLE OVERWRITE n TYPE NORMAL; RELATE y:1->e:1->z:3; RELATE y:1->e:2->z:4; DEFINE TABLE OVERWRITE e TYPE RELATION FROM y TO z ENFORCED;
		RELATE x:1->f:1->z:1; RELATE f:1->f:3->z:3; CREATE text:1 SET in = 'x', out = 5 RETURN NONE;`)
	b := h.backup(t, ns, name, nil)
	const walk = "SELECT id, ->a AS a, ->f AS f FROM x, y, f, z; SELECT id, ->e AS e FROM y; SELECT id, <-a AS a, <-e AS e, <-f AS f FROM z"
	want := fmt.Sprintf("%s", h.srv.Query(t, ns, name, strings.Replace(walk, "SELECT id, ->e AS e FROM y; ", "", 1)))
	for _, table := range []string{"y", "f", "z"} {
		j := h.job(t, b, ns, name)
		j.Tables, j.Force = []string{table}, true
		res, err := restore.Run(t.Context(), j)
		if err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		notes := strings.Join(res.Checked.Notes, "\n")
		if table == "y" && (!strings.Contains(notes, "1 edges of n are unknown") || !strings.Contains(notes, "1 edges of e are unknown")) {
			t.Errorf("%s: got notes %q", table, notes)
		}
		if got := fmt.Sprintf("%s", h.srv.Query(t, ns, name, strings.Replace(walk, "SELECT id, ->e AS e FROM y; ", "", 1))); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", table, got, want)
		}
	}
}

// A view of the target over a table is refused before anything is written.
func TestTableUnderAView(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, name := h.srv.Fresh(t)
	h.srv.Query(t, ns, name, shop+"DEFINE TABLE sold AS SELECT count() AS n FROM bought GROUP ALL;")
	b := h.backup(t, ns, name, nil)
	before := string(h.srv.Export(t, ns, name))
	j := h.job(t, b, ns, name)
	j.Tables, j.Force = []string{"bought"}, true
	if _, err := restore.Run(t.Context(), j); err == nil || !strings.Contains(err.Error(), "sold") || !strings.Contains(hint.Of(err), "nothing was written") {
		t.Errorf("got %v (%s)", err, hint.Of(err))
	}
	if after := string(h.srv.Export(t, ns, name)); after != before {
		t.Errorf("a refused restore wrote: %s", diff(before, after))
	}
	j.Tables = []string{"bought", "sold"}
	if _, err := restore.Run(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if after := string(h.srv.Export(t, ns, name)); after != before {
		t.Errorf("got another export: %s", diff(before, after))
	}
}

// What a table that comes back alone had with others goes with it, and nothing of theirs:
// no ON DELETE of theirs acts.
func TestTablesAloneLeaveOthersAsTheyAre(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for title, c := range map[string]struct{ sql, newer, tables, walk string }{
		"edges that others refer to": {
			sql: "CREATE a:1, b:1 RETURN NONE; RELATE a:1->e:1->b:1; RELATE a:1->e:2->b:1; RELATE a:1->e:3->b:1; DEFINE FIELD e ON n TYPE option<record<e>> REFERENCE ON DELETE CASCADE; CREATE n:1 SET e = e:1 RETURN NONE;" +
				"DEFINE FIELD e ON m TYPE option<record<e>> REFERENCE ON DELETE UNSET; CREATE m:1 SET e = e:2 RETURN NONE; DEFINE FIELD e ON r TYPE option<record<e>> REFERENCE ON DELETE REJECT; CREATE r:1 SET e = e:3 RETURN NONE;" +
				"DEFINE FIELD n ON z TYPE option<record<n>> REFERENCE ON DELETE CASCADE; CREATE z:1 SET n = n:1 RETURN NONE",
			tables: "e", walk: "SELECT * FROM n, m, r, z; SELECT VALUE [id, ->e, <-e] FROM a, b; SELECT * FROM e",
		},
		"what it referred to": {
			sql:   "CREATE b:1, b:2 RETURN NONE; DEFINE FIELD b ON a TYPE option<record<b>> REFERENCE ON DELETE CASCADE; DEFINE FIELD l ON a TYPE option<array<record<b>>> REFERENCE; CREATE a:1 SET b = b:1, l = [b:1, b:2], x = 'x' RETURN NONE",
			newer: "UPDATE a:1 SET b = b:2 RETURN NONE; CREATE a:9 SET b = b:1, l = [b:2] RETURN NONE", tables: "a", walk: "SELECT VALUE [id, array::sort(<~a)] FROM b",
		},
		"edges of edges": {
			sql:   "CREATE a:1, b:1 RETURN NONE; RELATE a:1->e:1->b:1; RELATE e:1->f:1->b:1",
			newer: "RELATE a:1->e:8->b:1; RELATE e:8->f:8->b:1", tables: "e,f", walk: "SELECT VALUE [id, ->?, <-?] FROM a, b, e, f",
		},
	} {
		ns, name := h.srv.Fresh(t)
		h.srv.Query(t, ns, name, c.sql)
		b := h.backup(t, ns, name, nil)
		want := fmt.Sprintf("%s", h.srv.Query(t, ns, name, c.walk))
		if c.newer != "" {
			h.srv.Query(t, ns, name, c.newer)
		}
		j := h.job(t, b, ns, name)
		j.Tables, j.Force = strings.Split(c.tables, ","), true
		if _, err := restore.Run(t.Context(), j); err != nil {
			t.Errorf("%s: %v", title, err)
			continue
		}
		got := fmt.Sprintf("%s", h.srv.Query(t, ns, name, c.walk))
		if got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", title, got, want)
		}
	}
}

// A target is cleared of things of any name.
func TestForceOverAnyName(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, name := h.srv.Fresh(t)
	h.srv.Query(t, ns, name, "CREATE t:1 RETURN NONE")
	b := h.backup(t, ns, name, nil)
	h.srv.Query(t, ns, name, "DEFINE PARAM $`a b` VALUE 1; DEFINE PARAM $`` VALUE 1; DEFINE PARAM $`a\\`b` VALUE 1; DEFINE FUNCTION fn::`x y`::f() { RETURN 1 }; DEFINE FUNCTION fn::`2fa`() { RETURN 1 }; DEFINE FUNCTION fn::`é⟩`() { RETURN 1 }; DEFINE FUNCTION fn::fn::a() { RETURN 1 };"+
		"DEFINE ANALYZER `a b`; DEFINE SEQUENCE `2fa`; DEFINE TABLE `x\\`y`; DEFINE USER `a b` ON DATABASE PASSWORD 'x'; DEFINE ACCESS `a b` ON DATABASE TYPE RECORD")
	j := h.job(t, b, ns, name)
	j.Force = true
	if _, err := restore.Run(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if info := string(h.srv.Query(t, ns, name, "INFO FOR DB")[0]); strings.Count(info, "DEFINE ") != 1 {
		t.Errorf("the target holds %s", info)
	}
}

// Edges of other tables that their own rules refuse now are named, and stand in nobody's way.
func TestEdgesThatTheirRulesRefuse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, name := h.srv.Fresh(t)
	h.srv.Query(t, ns, name, "CREATE c:1, p:1 RETURN NONE; RELATE c:1->e:1->p:1 SET y = 2 RETURN NONE; RELATE c:1->e:2->p:1 RETURN NONE; RELATE c:1->e:3->p:1 SET y = 3 RETURN NONE; RELATE c:1->e:4->p:1 RETURN NONE; DEFINE TABLE OVERWRITE e TYPE RELATION SCHEMAFULL")
	j := h.job(t, h.backup(t, ns, name, nil), ns, name)
	j.Tables, j.Force = []string{"p"}, true
	res, err := restore.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(h.srv.Query(t, ns, name, "SELECT VALUE <-e FROM p")[0]); got != `[["e:2","e:4"]]` {
		t.Errorf("p knows %s", got)
	}
	if notes := strings.Join(res.Checked.Notes, "\n"); !strings.Contains(notes, "2 edges of e are unknown") {
		t.Errorf("got notes %q", notes)
	}
}

// However many edges there are beside one that is refused, each is renewed once.
func TestManyEdgesBesideOneThatIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, name := h.srv.Fresh(t)
	h.srv.Query(t, ns, name, "CREATE c:1, p:1 RETURN NONE; RELATE c:1->e:1->p:1 SET y = 2 RETURN NONE; FOR $i IN 2..300 { RELATE c:1->(type::record('e', $i))->p:1 RETURN NONE }; DEFINE TABLE OVERWRITE e TYPE RELATION SCHEMAFULL")
	j := h.job(t, h.backup(t, ns, name, nil), ns, name)
	j.Tables, j.Force = []string{"p"}, true
	var renewals atomic.Int64
	_, err := restore.Run(t.Context(), h.through(t, j, func(_ int, _, body string) string {
		renewals.Add(int64(strings.Count(body, "RELATE")))
		return body
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(h.srv.Query(t, ns, name, "RETURN count(p:1<-e)")[0]); got != "298" {
		t.Errorf("p knows %s edges", got)
	}
	if n := renewals.Load(); n > 2*300 {
		t.Errorf("%d statements renew an edge, want about one for each", n)
	}
}

// What a single table needs and its target lacks is named.
func TestTablesAloneWhatTheTargetLacks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "DEFINE SEQUENCE no START 5; DEFINE FUNCTION fn::a::`b c`($s: any) { RETURN $s; }; DEFINE FIELD n ON t DEFAULT sequence::nextval('no'); DEFINE FIELD m ON t VALUE fn::a::`b c`($value); DEFINE ANALYZER an TOKENIZERS class; DEFINE INDEX ft ON t FIELDS s FULLTEXT ANALYZER an BM25; CREATE t:1 SET s = 'x' RETURN NONE")
	tables := []string{"t"}
	if len(h.srv.Samples()) > 1 {
		h.srv.Query(t, ns, from, "CREATE a:1, b:1 RETURN NONE; DEFINE TABLE lw TYPE RELATION IN a OUT b LIGHTWEIGHT; RELATE a:1->lw->b:1")
		tables = []string{"t", "lw"}
	}
	b := h.backup(t, ns, from, nil)
	for _, to := range []string{from + "_empty", from} {
		j := h.job(t, b, ns, to)
		j.Tables, j.Force = tables, true
		res, err := restore.Run(t.Context(), j)
		if err != nil {
			t.Fatalf("%s: %v", to, err)
		}
		if index := strings.Contains(string(h.srv.Query(t, ns, to, "INFO FOR TABLE t")[0]), "FULLTEXT"); index != (to == from) {
			t.Errorf("%s has the index: %v", to, index)
		}
		if to != from {
			wantLosses(t, res, "index ft ON t", "sequence no", "function fn::a::b c")
		} else if said := fmt.Sprint(res.Losses); strings.Contains(said, "sequence no") || strings.Contains(said, "function fn") {
			t.Errorf("got losses %s", said)
		}
		if notes := strings.Join(res.Checked.Notes, "\n"); len(tables) > 1 && strings.Contains(notes, "edges of lw lead to tables that are not there") != (to != from) {
			t.Errorf("%s: got notes %q", to, notes)
		}
	}
}

// A database that is replaced keeps no clause of its own.
func TestForceOverClauses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, name := h.srv.Fresh(t)
	h.srv.Query(t, ns, name, "CREATE t:1 RETURN NONE")
	b := h.backup(t, ns, name, nil)
	h.srv.Query(t, ns, name, "DEFINE DATABASE OVERWRITE "+name+" STRICT CHANGEFEED 1d COMMENT 'old'")
	j := h.job(t, b, ns, name)
	j.Force = true
	if _, err := restore.Run(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if info := string(h.srv.Query(t, ns, name, "INFO FOR NS")[0]); strings.Contains(info, "CHANGEFEED") || strings.Contains(info, "STRICT") || strings.Contains(info, "old") {
		t.Errorf("the database is %s", info)
	}
}
