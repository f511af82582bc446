package restore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/restore"
	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

// older makes rows and then the rules that they break, one table for each rule:
// a server keeps such rows, prints them in its export, and takes none of them in
// an import under that definition.
const older = `CREATE node:1, node:2 RETURN NONE;
RELATE node:1->enforced:gone->node:999; DEFINE TABLE OVERWRITE enforced TYPE RELATION IN node OUT node ENFORCED;
DEFINE TABLE other; RELATE node:1->narrowed:1->other:1; DEFINE TABLE OVERWRITE narrowed TYPE RELATION IN node OUT node;
RELATE node:1->unrelated:1->node:2; DEFINE TABLE OVERWRITE unrelated TYPE NORMAL;
CREATE related:1 SET x = 1; RELATE node:1->related:2->node:2; DEFINE TABLE OVERWRITE related TYPE RELATION IN node OUT node;
DEFINE TABLE shrunk SCHEMAFULL; DEFINE FIELD a ON shrunk TYPE int; DEFINE FIELD b ON shrunk TYPE int; DEFINE INDEX a ON shrunk FIELDS a;
CREATE shrunk:1 SET a = 1, b = 2; REMOVE FIELD b ON shrunk;
CREATE nested:1 SET o = { a: { b: 1 } }; DEFINE TABLE OVERWRITE nested SCHEMAFULL; DEFINE FIELD o ON nested TYPE object;
CREATE typed:1 SET a = 'text'; DEFINE TABLE OVERWRITE typed SCHEMAFULL; DEFINE FIELD a ON typed TYPE int ASSERT $value > 9;
CREATE any:1 SET old = 1; DEFINE TABLE OVERWRITE any TYPE ANY SCHEMAFULL;
CREATE named:1; DEFINE FIELD id ON named TYPE string;
CREATE dropped:1 SET x = 1; DEFINE TABLE OVERWRITE dropped DROP;
RELATE node:1->cut:1->node:2; DEFINE TABLE OVERWRITE cut TYPE RELATION DROP;
CREATE read:1 SET n = 1, old = 1; DEFINE TABLE OVERWRITE read SCHEMAFULL; DEFINE FIELD n ON read TYPE int;
DEFINE TABLE sums AS SELECT count() AS n FROM read GROUP ALL;`

const olderWalk = "SELECT ->enforced AS e, ->narrowed AS n, ->unrelated AS u, ->related AS r, ->cut AS c FROM node; SELECT VALUE <-narrowed FROM other:1; SELECT * FROM shrunk WHERE a = 1"

// Rows that are older than the rules of their table come back as they are, and
// the rules hold for what comes: in a server, and by the text for import in 2.7.
func TestRowsOlderThanTheirRules(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, older)
	to := from + "_restored"
	if _, err := restore.Run(t.Context(), h.job(t, h.backup(t, ns, from, nil), ns, to)); err != nil {
		t.Fatal(err)
	}
	if want, got := string(h.srv.Export(t, ns, from)), string(h.srv.Export(t, ns, to)); got != want {
		t.Errorf("the export of the restored database differs:\n%s", diff(want, got))
	}
	want, got := fmt.Sprintf("%s", h.srv.Query(t, ns, from, olderWalk)), fmt.Sprintf("%s", h.srv.Query(t, ns, to, olderWalk))
	if got != want || !strings.Contains(want, "enforced:gone") || !strings.Contains(want, "cut:1") {
		t.Errorf("walks answer\n%s\nwant\n%s", got, want)
	}
	for _, refused := range []string{"RELATE node:1->enforced:new->node:999", "CREATE related:3 SET x = 1", "CREATE shrunk:2 SET a = 'x'"} {
		if _, err := h.srv.Exec(t.Context(), ns, to, refused); err == nil {
			t.Errorf("%s: got no error, the rule is gone", refused)
		}
	}
	if got := h.srv.Query(t, ns, to, "CREATE read:2 SET n = 2; SELECT VALUE n FROM sums"); string(got[1]) != "[2]" {
		t.Errorf("the view over a table whose rules came late says %s, want [2]", got[1])
	}
}

func TestRowsOlderThanTheirRulesOf2(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	source, before := surrealtest.Run2(t, []byte(older), olderWalk)
	export, after := intoTwo(t, h.take(t, given{"surrealdb-2.7.0", string(source)}), olderWalk)
	if string(export) != string(source) {
		t.Errorf("the export of the restored database differs:\n%s", diff(string(source), string(export)))
	}
	if !slices.Equal(before, after) || !strings.Contains(strings.Join(after, "\n"), "enforced:gone") {
		t.Errorf("walks answer\n%v\nwant\n%v", after, before)
	}
}

// A view that groups rows of a table that keeps none cannot be computed again: that
// is said, it stands in the way of nothing else, and its table takes new rows afterwards.
func TestViewOverADroppingTable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, `DEFINE TABLE hit DROP; DEFINE TABLE hits AS SELECT count() AS n, page FROM hit GROUP BY page;
		DEFINE TABLE most AS SELECT math::max(n) AS n FROM hits GROUP ALL; CREATE hit SET page = 'a' RETURN NONE; CREATE kept:1`)
	b, to := h.backup(t, ns, from, nil), from+"_restored"
	res, err := restore.Run(t.Context(), h.job(t, b, ns, to))
	if err != nil {
		t.Fatal(err)
	}
	wantLosses(t, res, "rows of view hits", "rows of view most")
	if !slices.Equal(res.Unfed, []string{"hits", "most"}) || len(res.Checked.Problems) > 0 {
		t.Errorf("got views %q and problems %q", res.Unfed, res.Checked.Problems)
	}
	if got := h.srv.Query(t, ns, to, "SELECT VALUE id FROM kept; CREATE hit SET page = 'a' RETURN NONE; SELECT VALUE n FROM hits"); string(got[0]) != `["kept:1"]` || string(got[2]) != "[1]" {
		t.Errorf("got %s", got)
	}
	d, err := b.Prove(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := d.Plan(restore.PlanOptions{Target: replay.Target{References: true}})
	if err != nil {
		t.Fatal(err)
	}
	h.srv.Query(t, ns, to, "DELETE kept:1")
	checked, err := db.Check(t.Context(), h.client(t, ns, to), d.Outline, plan, db.CheckOptions{SameVersion: true})
	if err != nil || !slices.Equal(checked.Problems, []string{"table kept has 0 records, the backup has 1"}) {
		t.Errorf("got problems %q and %v, want the one lost record", checked.Problems, err)
	}
}

// A view that groups nothing comes back with the rows that it had, also those that
// its source no longer tells, and follows its source afterwards.
func TestViewsThatGroupNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, `DEFINE TABLE item; DEFINE TABLE dear AS SELECT price FROM item WHERE price > 1;
		CREATE item:1 SET price = 2; CREATE item:2 SET price = 0; CREATE reader:1; RELATE reader:1->likes:1->dear:1;
		DEFINE TABLE hit DROP; DEFINE TABLE seen AS SELECT page FROM hit; CREATE hit:1 SET page = 'a' RETURN NONE;
		DEFINE TABLE pages AS SELECT count() AS n FROM seen GROUP ALL; DEFINE TABLE loved AS SELECT count() AS n FROM likes GROUP ALL`)
	if h.srv.Engine == "npm" { // later versions take no row by hand
		h.srv.Query(t, ns, from, "CREATE dear:by_hand SET price = 9")
	}
	b, to := h.backup(t, ns, from, nil), from+"_restored"
	res, err := restore.Run(t.Context(), h.job(t, b, ns, to))
	if err != nil {
		t.Fatal(err)
	}
	if want, got := string(h.srv.Export(t, ns, from)), string(h.srv.Export(t, ns, to)); got != want {
		t.Errorf("the export of the restored database differs:\n%s", diff(want, got))
	}
	if len(res.Unfed) > 0 {
		t.Errorf("got %q as views that cannot be computed", res.Unfed)
	}
	got := h.srv.Query(t, ns, to, "SELECT VALUE <-likes FROM dear:1; UPDATE item:1 SET price = 5; UPDATE item:2 SET price = 6; SELECT VALUE price FROM dear:1, dear:2; DELETE item:1; SELECT * FROM dear:1")
	if string(got[0]) != `[["likes:1"]]` || string(got[3]) != "[5,6]" || string(got[5]) != "[]" {
		t.Errorf("got %s", got)
	}
}
