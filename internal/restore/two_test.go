package restore_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/restore"
	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

const hardOf2 = "DEFINE ACCESS robot ON DATABASE TYPE BEARER FOR USER; CREATE a:1; DEFINE FIELD r ON a TYPE option<record<a>> REFERENCE; CREATE a:2 SET r = a:1;" +
	"CREATE item:1, item:2; DEFINE TABLE n AS SELECT count() AS n, x FROM item GROUP BY x; DEFINE TABLE top AS SELECT math::max(n) AS m FROM n GROUP ALL;" +
	"RELATE item:1->likes:1->n:[NONE]; DEFINE TABLE loved AS SELECT count() AS n FROM likes GROUP ALL; DEFINE TABLE at AS SELECT time::now() AS at FROM item;" +
	"CREATE `info`:1 SET x = `info`:2; CREATE `update`:1; DEFINE FIELD on ON `info` TYPE any; DEFINE FIELD reference ON `info` TYPE any; DEFINE FIELD meta.on ON `info` TYPE any;" +
	"DEFINE FUNCTION fn::f() { RETURN function() { // don't\n return 1; } };" +
	"DEFINE PARAM $where VALUE { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 2] }] }; DEFINE PARAM $table VALUE type::table('x');" +
	"CREATE geo:1 SET at = { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 2] }] }, t = type::table('x');" +
	"DEFINE FIELD eur ON pay VALUE $value / 100; DEFINE FIELD half ON pay VALUE <future> { value / 2 }; DEFINE FIELD code ON pay ASSERT $value = NONE OR $value = /^[a-z;'(]+$/;" +
	"DEFINE FUNCTION fn::div($value: any) { RETURN $value / 2 + $value[*] / 2 + $value.in / 2 + $value? / 2; }; CREATE path:1 SET at = '/';" +
	"DEFINE TABLE fl SCHEMAFULL; DEFINE FIELD o ON fl FLEXIBLE TYPE object; DEFINE FIELD l ON fl FLEXIBLE TYPE option<array<object>>; CREATE fl:1 SET o = { a: 1 }, l = [{ b: 2 }];" +
	"DEFINE FIELD a ON un TYPE array<float> | null; DEFINE FIELD b ON un TYPE 'all' | array<string>; CREATE un:1 SET a = [1.5f], b = 'all'; DEFINE TABLE OVERWRITE un SCHEMAFULL;" +
	"CREATE dec:1 SET a = 10dec * 1.10dec, b = [-5dec / 2]; DEFINE FIELD on ON t TYPE array<string>; CREATE t:1 SET on = ['mon']; CREATE `2fa`:1 SET to = `2fa`:2;" +
	"RELATE item:1->cites:1->item:2; RELATE item:2->supports:1->cites:1; RELATE supports:1->cites:2->item:1; DEFINE TABLE perm PERMISSIONS FOR select WHERE x FOR delete FULL;" +
	"DEFINE FIELD a ON own TYPE array<float>; DEFINE FIELD OVERWRITE a[*] ON own TYPE float ASSERT $value > 0 COMMENT 'one of them'; CREATE own:1 SET a = [1.5f];" +
	"CREATE mock:1 SET a = |item:3|, b = [|item:1..3|], c = { d: |`a|b`:2| }; CREATE far:1 SET a = math::inf, b = -math::inf, c = [math::inf, { d: -math::inf }]; CREATE deep:1 SET a = -math::inf"

func TestHardCasesOf2(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	walk := "RETURN [type::is::float(far:1.a), far:1.a > 1, far:1.b < 1, far:1.c[1].d < 1, deep:1.a < 1, (SELECT VALUE <-likes FROM n), (SELECT VALUE ->likes FROM item), (SELECT * FROM top, loved), type::is::geometry($where), type::is::geometry(geo:1.at)]"
	source, before := surrealtest.Run2(t, []byte(hardOf2), walk)
	b := h.take(t, given{"surrealdb-2.7.0", string(source)})
	export, after := intoTwo(t, b, walk)
	if string(export) != string(source) {
		t.Errorf("the export of the restored database differs:\n%s", diff(string(source), string(export)))
	}
	if !slices.Equal(before, after) || !strings.Contains(strings.Join(after, "\n"), "[[likes:1]]") || !strings.Contains(strings.Join(after, "\n"), "true, true, true, true, true") {
		t.Errorf("walks answer\n%v\nwant\n%v", after, before)
	}
	d, err := b.Prove(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := d.Plan(restore.PlanOptions{Target: replay.Target{Two: true, Text: true}})
	if err != nil {
		t.Fatal(err)
	}
	wantLosses(t, &restore.Result{Losses: plan.Losses}, "bearer grants of access robot", "the way back over references in a.r")
	if slices.ContainsFunc(plan.Losses, func(l replay.Loss) bool { return strings.Contains(l.What, "view at") }) {
		t.Errorf("got %v, and the rows of the view are there", plan.Losses)
	}
}

// What 2.7 does not export is sealed beside the dump as INFO tells it, and goes into the
// text for import. The clauses of the database itself, which that text may not touch, are
// in what `get --secrets` prints.
func TestUnexportedOf2(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const sql = "DEFINE CONFIG GRAPHQL TABLES INCLUDE a FUNCTIONS NONE; DEFINE CONFIG API MIDDLEWARE api::timeout(1s); CREATE a:1; DEFINE DATABASE OVERWRITE test CHANGEFEED 1d COMMENT 'c'"
	source, before := surrealtest.Run2(t, []byte(sql), "INFO FOR DB", "INFO FOR NS")
	if strings.Contains(string(source), "CONFIG") || strings.Contains(string(source), "DATABASE") {
		t.Fatalf("2.7 exports more than it did:\n%s", source)
	}
	secrets := db.Secrets{DatabaseLine: "DEFINE DATABASE test COMMENT 'c' CHANGEFEED 1d", Unexported: map[string]string{
		"CONFIG GRAPHQL": "DEFINE CONFIG GRAPHQL TABLES INCLUDE a FUNCTIONS NONE",
		"CONFIG API":     "DEFINE CONFIG API MIDDLEWARE api::timeout(1s)",
	}}
	for _, line := range append(slices.Collect(maps.Values(secrets.Unexported)), secrets.DatabaseLine) {
		if !strings.Contains(strings.Join(before, "\n"), line) {
			t.Fatalf("INFO does not say %s:\n%s", line, strings.Join(before, "\n"))
		}
	}
	export, after := intoTwo(t, h.take(t, sealed{given{"surrealdb-2.7.0", string(source)}, secrets}), "INFO FOR DB")
	if string(export) != string(source) {
		t.Errorf("the export of the restored database differs:\n%s", diff(string(source), string(export)))
	}
	// 2.7 prints that a CONFIG was there to be replaced, and takes it so where none was.
	if strings.ReplaceAll(strings.Join(after, ""), "CONFIG OVERWRITE", "CONFIG") != before[0] {
		t.Errorf("INFO answers\n%v\nwant\n%v", after, before)
	}
}
