package restore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/restore"
)

// A view may take values over links: all that it could reach is there before it.
func TestViewOverLinks(t *testing.T) {
	t.Parallel()
	const setup = `DEFINE TABLE sale; CREATE product:1 SET price = 5 RETURN NONE; CREATE product:2 SET price = 7 RETURN NONE;
		DEFINE TABLE revenue AS SELECT count() AS n, math::sum(product.price) AS total, shop FROM sale GROUP BY shop;
		CREATE sale:1 SET product = product:1, shop = 'a' RETURN NONE; CREATE sale:2 SET product = product:2, shop = 'a' RETURN NONE;`
	_, res, _, _ := comesBack(t, setup, "SELECT * FROM revenue")
	if len(res.Checked.Notes) > 0 {
		t.Errorf("got notes %q", res.Checked.Notes)
	}
	// What came over a link is as old as the row that brought it.
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, setup+"UPDATE product:1 SET price = 100 RETURN NONE")
	res, err := restore.Run(t.Context(), h.job(t, h.backup(t, ns, from, nil), ns, from+"_restored"))
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Checked.Notes) != 1 || !strings.Contains(res.Checked.Notes[0], "view revenue was computed anew") {
		t.Errorf("got notes %q, want one of view revenue", res.Checked.Notes)
	}
}

// A view whose source was left out is named, and everything else comes back.
func TestViewOfATableThatWasLeftOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, `CREATE big:1, small:1 RETURN NONE; DEFINE TABLE n AS SELECT count() AS n FROM big GROUP ALL; DEFINE TABLE plain AS SELECT * FROM big;
		DEFINE TABLE top AS SELECT math::max(n) AS n FROM n GROUP ALL`)
	b := h.take(t, dumper{db.Source{Client: h.client(t, ns, from), LeaveOut: db.LeaveOut{Tables: []string{"big"}}}})
	res, err := restore.Run(t.Context(), h.job(t, b, ns, from+"_restored"))
	if err != nil {
		t.Fatal(err)
	}
	wantLosses(t, res, "table big", "view n", "view plain", "view top")
	if h.srv.Engine == "real" {
		wantLosses(t, res, "what the server says it could not replay") // its own NOTE
	}
	if got := h.srv.Query(t, ns, from+"_restored", "SELECT VALUE id FROM small"); string(got[0]) != `["small:1"]` {
		t.Errorf("got %s", got)
	}
}

// A view alone is refused before anything is written: its rows would be those of
// other tables.
func TestViewAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "CREATE item:1 RETURN NONE; DEFINE TABLE n AS SELECT count() AS n FROM item GROUP ALL")
	j := h.job(t, h.backup(t, ns, from, nil), ns, from+"_restored")
	j.Tables = []string{"n"}
	if _, err := restore.Run(t.Context(), j); err == nil || !strings.Contains(hint.Of(err), "name item too") {
		t.Errorf("got %v (%s)", err, hint.Of(err))
	}
	if info := string(h.srv.Query(t, ns, from, "INFO FOR NS")[0]); strings.Contains(info, "_restored") {
		t.Error("a refused restore created the target")
	}
	j.Tables = []string{"item", "n"}
	if _, err := restore.Run(t.Context(), j); err != nil {
		t.Error(err)
	}
}

// A view has fields that are NONE, which no INSERT keeps.
func TestViewsWithFieldsThatAreNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "DEFINE TABLE s; DEFINE TABLE v AS SELECT x FROM s; DEFINE TABLE n AS SELECT { a: x } AS o, y.z FROM s; DEFINE TABLE d DROP; DEFINE TABLE dv AS SELECT x FROM d;"+
		"CREATE s:1, d:1 RETURN NONE; CREATE s:2, d:2 SET x = 1 RETURN NONE; DEFINE TABLE g AS SELECT count() AS n, x FROM s GROUP BY x")
	res, err := restore.Run(t.Context(), h.job(t, h.backup(t, ns, from, nil), ns, from+"_restored"))
	if err != nil {
		t.Fatal(err)
	}
	want, got := string(h.srv.Export(t, ns, from)), string(h.srv.Export(t, ns, from+"_restored"))
	wantLosses(t, res, "fields that are NONE in 1 rows of view dv") // whose source keeps no rows
	want = strings.ReplaceAll(want, "{ id: dv:1, x: NONE }", "{ id: dv:1 }")
	if len(h.srv.Samples()) < 2 { // 3.0 to 3.2 compute no such view
		wantLosses(t, res, "fields that are NONE in 1 rows of view v", "fields that are NONE in 2 rows of view n")
		want = strings.NewReplacer(" { id: v:1, x: NONE }", " { id: v:1 }", "o: { a: NONE }, y: { z: NONE }", "o: {  }, y: {  }", "y: { z: NONE }", "y: {  }").Replace(want)
	}
	if got != want {
		t.Errorf("the export of the restored database differs:\n%s", diff(want, got))
	}
	if len(res.Checked.Problems)+len(res.Checked.Notes) > 0 {
		t.Errorf("got problems %q, notes %q", res.Checked.Problems, res.Checked.Notes)
	}
}

// Views of every form come back with their rows, before 3.3 too.
func TestViewsOfEveryForm(t *testing.T) {
	t.Parallel()
	comesBack(t, "DEFINE TABLE s; DEFINE TABLE f SCHEMAFULL COMMENT 'as select' AS SELECT k FROM s; DEFINE TABLE r TYPE RELATION IN o OUT o ENFORCED AS SELECT in, out FROM s; DEFINE TABLE q TYPE RELATION SCHEMAFULL AS SELECT in, out, k FROM s; DEFINE FIELD k ON q TYPE int; DEFINE INDEX k ON q FIELDS k;"+
		"DEFINE TABLE g AS SELECT count() AS n, k FROM s GROUP BY k; DEFINE TABLE p AS SELECT n FROM g; DEFINE TABLE n TYPE NORMAL SCHEMAFULL AS SELECT k FROM s; CREATE s:1, s:2 SET k = 1, in = o:1, out = o:2 RETURN NONE; CREATE o:1, o:2 RETURN NONE;"+
		"DEFINE TABLE gg AS SELECT math::sum(k) AS m FROM s GROUP ALL; CREATE s:3 SET k = 2, in = o:1, out = o:2 RETURN NONE",
		"RETURN o:1->?", "SELECT * FROM r", "INFO FOR TABLE r", "INFO FOR TABLE q", "INFO FOR TABLE f")
}

// A view may take no rows by hand, and that of one with DROP is gone where it must.
func TestViewsThatTakeNoRows(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "DEFINE TABLE s; DEFINE TABLE v SCHEMAFULL AS SELECT a FROM s; CREATE s:1 SET a = 1 RETURN NONE; DEFINE TABLE src; DEFINE TABLE d DROP AS SELECT k FROM src;"+
		"DEFINE TABLE r TYPE RELATION AS SELECT in, out FROM src; CREATE src:1 SET in = o:1, out = o:2, k = 1 RETURN NONE; CREATE s:2 SET a = 2 RETURN NONE")
	res, err := restore.Run(t.Context(), h.job(t, h.backup(t, ns, from, nil), ns, from+"_restored"))
	if err != nil {
		t.Fatal(err)
	}
	want, got := string(h.srv.Export(t, ns, from)), string(h.srv.Export(t, ns, from+"_restored"))
	if len(h.srv.Samples()) < 2 { // 3.0 to 3.2 can only put rows in
		wantLosses(t, res, "rows of view d")
		want = strings.ReplaceAll(want, "INSERT [ { id: d:1, k: 1 } ];\n", "")
	}
	if trim(got) != trim(want) {
		t.Errorf("the export of the restored database differs:\n%s", diff(want, got))
	}
}

// trim leaves out empty lines.
func trim(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' }), "\n")
}

// Where a server computes a view of old rows, those that it does not come as they are.
func TestViewThatCannotBeComputedWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	const dump = "OPTION IMPORT;\n\n-- TABLE: s\nDEFINE TABLE s TYPE ANY SCHEMALESS PERMISSIONS NONE;\n\n-- TABLE DATA: s\nINSERT [ { id: s:1 }, { id: s:2, x: 2 } ];\n\n" +
		"-- TABLE: v\nDEFINE TABLE v TYPE ANY SCHEMALESS AS SELECT x FROM s PERMISSIONS NONE;\n\n-- TABLE DATA: v\nINSERT [ { id: v:1, x: NONE }, { id: v:2, x: 2 }, { id: v:hand, x: 9 } ];\n\n" +
		"-- TABLE: w\nDEFINE TABLE w TYPE ANY SCHEMALESS AS SELECT x FROM s PERMISSIONS NONE;\n\n-- TABLE DATA: w\nINSERT [ { id: w:1, x: NONE } ];\n"
	res, err := restore.Run(t.Context(), h.job(t, h.take(t, given{"surrealdb-3.0.2", dump}), ns, from+"_restored"))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(h.srv.Query(t, ns, from+"_restored", "SELECT VALUE id FROM v ORDER BY id")[0]); got != `["v:1","v:2","v:hand"]` {
		t.Errorf("got %s", got)
	}
	if len(h.srv.Samples()) < 2 {
		wantLosses(t, res, "fields that are NONE in 1 rows of view v")
	} else if !slices.Equal(res.Checked.Recounted, []string{"w"}) || len(res.Checked.Notes) != 1 { // one row was deleted by hand
		t.Errorf("got %q and notes %q", res.Checked.Recounted, res.Checked.Notes)
	}
}

// One view that fails leaves the others as they are.
func TestOneViewThatFails(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	var dump strings.Builder
	dump.WriteString("OPTION IMPORT;\n\n-- TABLE: s\nDEFINE TABLE s TYPE ANY SCHEMALESS PERMISSIONS NONE;\n\n-- TABLE DATA: s\nINSERT [ { id: s:1, k: 1 }, { id: s:2, k: 1 } ];\n\n")
	for _, v := range [][2]string{{"a", "count() AS n, k"}, {"b", "<int> 'x' AS n, k"}, {"c", "math::sum(k) AS m, k"}} {
		fmt.Fprintf(&dump, "-- TABLE: %[1]s\nDEFINE TABLE %[1]s TYPE ANY SCHEMALESS AS SELECT %[2]s FROM s GROUP BY k PERMISSIONS NONE;\n\n-- TABLE DATA: %[1]s\n\n", v[0], v[1])
	}
	res, err := restore.Run(t.Context(), h.job(t, h.take(t, given{h.srv.Version, dump.String()}), ns, from+"_restored"))
	if err == nil || res.Loaded == nil || res.Loaded.Failed != 1 {
		t.Fatalf("got %+v, %v; want one failure", res.Loaded, err)
	}
	if got := h.srv.Query(t, ns, from+"_restored", "SELECT VALUE n FROM a; SELECT VALUE m FROM c"); string(got[0]) != "[2]" || len(got[1]) < len("[2]") {
		t.Errorf("got %s", got)
	}
}

// A view over links, the clock, or rows that are gone may even have more or fewer rows.
func TestViewWithOtherRows(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, `DEFINE TABLE once DROP; DEFINE TABLE kept AS SELECT count() AS n FROM once GROUP ALL; CREATE once:1 RETURN NONE; DEFINE TABLE OVERWRITE once; CREATE product:1 SET active = true RETURN NONE; DEFINE TABLE sale; DEFINE TABLE plain AS SELECT count() AS n, shop FROM sale GROUP BY shop;
		DEFINE TABLE live AS SELECT count() AS n, shop FROM sale WHERE product.active GROUP BY shop; CREATE sale:1 SET product = product:1, shop = 'a' RETURN NONE; UPDATE product:1 SET active = false RETURN NONE`)
	res, err := restore.Run(t.Context(), h.job(t, h.backup(t, ns, from, nil), ns, from+"_restored"))
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(res.Checked.Notes, "\n"); len(res.Checked.Notes) != 2 || !strings.Contains(notes, "view live was computed anew") || !strings.Contains(notes, "view kept was computed anew") || !slices.Equal(res.Checked.Recounted, []string{"kept", "live"}) {
		t.Errorf("got notes %q, recounted %q", res.Checked.Notes, res.Checked.Recounted)
	}
}

// Views of views go on with what comes, as they did in the source.
func TestViewsOfViewsGoOn(t *testing.T) {
	t.Parallel()
	h, res, ns, to := comesBack(t, "DEFINE TABLE s; DEFINE TABLE g AS SELECT count() AS n, math::sum(x) AS m, k FROM s GROUP BY k; DEFINE TABLE p AS SELECT n, m FROM g; DEFINE TABLE ps SCHEMAFULL AS SELECT n FROM g WHERE k > 1; DEFINE TABLE c AS SELECT k FROM s WHERE k = 1;"+
		"DEFINE TABLE top AS SELECT math::max(n) AS t FROM g GROUP ALL; DEFINE TABLE ptop AS SELECT t FROM top;"+
		"DEFINE TABLE e TYPE RELATION IN s OUT s ENFORCED; DEFINE TABLE ge AS SELECT count() AS n, out FROM e GROUP BY out; DEFINE TABLE pe AS SELECT n FROM ge; DEFINE FIELD x ON s TYPE int; DEFINE EVENT seen ON s THEN { CREATE seen:[$event, $after.id ?? $before.id] };"+
		"CREATE s:1, s:2 SET k = 1, x = 2 RETURN NONE; CREATE s:3 SET k = 2, x = 3 RETURN NONE; RELATE s:1->e:1->s:2; RELATE s:3->e:2->s:2")
	from := strings.TrimSuffix(to, "_restored")
	for _, write := range []string{"CREATE s:4 SET k = 2, x = 4", "CREATE s:5 SET k = 3, x = 5", "UPDATE s:1 SET k = 3", "DELETE s:2", "RELATE s:4->e:4->s:3", "DELETE s"} {
		_, was := h.srv.Exec(t.Context(), ns, from, write) // 3.0 fails to delete under some views
		if _, is := h.srv.Exec(t.Context(), ns, to, write); fmt.Sprint(is) != fmt.Sprint(was) {
			t.Errorf("%s: got %v, want %v", write, is, was)
		}
		if want, got := string(h.srv.Export(t, ns, from)), string(h.srv.Export(t, ns, to)); got != want {
			t.Errorf("behind %s:\n%s", write, diff(want, got))
		}
	}
	if len(res.Checked.Notes) > 0 {
		t.Errorf("got notes %q", res.Checked.Notes)
	}
}
