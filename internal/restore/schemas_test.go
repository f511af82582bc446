package restore_test

import (
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/restore"
	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

// Schemas as applications have them, each of which once did not come back.
func TestSchemasComeBack(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"flexible": `DEFINE TABLE t SCHEMAFULL; DEFINE FIELD o ON t TYPE object FLEXIBLE; DEFINE FIELD l ON t TYPE array<object> FLEXIBLE; DEFINE FIELD l.*.b ON t TYPE int; DEFINE FIELD m ON t TYPE option<object> FLEXIBLE;
			DEFINE FIELD n ON t TYPE string; DEFINE INDEX n ON t FIELDS n; CREATE t:1 SET o = { a: 1 }, l = [{ b: 2 }], n = 'x' RETURN NONE;
			DEFINE TABLE e TYPE RELATION IN t OUT t SCHEMAFULL; DEFINE FIELD o ON e TYPE object FLEXIBLE; RELATE t:1->e:1->t:1 SET o = { c: 3 } RETURN NONE;`,
		"flexible unions":             "DEFINE TABLE t SCHEMAFULL; DEFINE FIELD s ON t TYPE array | object FLEXIBLE; DEFINE FIELD o ON t TYPE option<array<int> | object> FLEXIBLE; CREATE t:1 SET s = { a: 1 }, o = { b: 2 } RETURN NONE; CREATE t:2 SET s = [1, 2], o = [1] RETURN NONE",
		"rules for elements":          "DEFINE FIELD a ON t TYPE array<string>; DEFINE FIELD OVERWRITE a.* ON t ASSERT $value != ''; DEFINE FIELD b ON t TYPE array<string>; DEFINE FIELD OVERWRITE b.* ON t TYPE any; DEFINE FIELD c ON t TYPE array<array<int>>; DEFINE FIELD OVERWRITE c.*.* ON t ASSERT $value > 0; DEFINE FIELD d ON t TYPE array<array<int>>; DEFINE FIELD OVERWRITE d.* ON t COMMENT 'x'; DEFINE FIELD e ON t TYPE array<int> | null; DEFINE FIELD OVERWRITE e.* ON t VALUE $value; DEFINE FIELD r ON u TYPE array<record<t>> REFERENCE; DEFINE FIELD OVERWRITE r.* ON u PERMISSIONS FOR select WHERE true FOR create, update NONE; CREATE t:1 SET a = ['a'], b = ['b'], c = [[1]], d = [[1]], e = null RETURN NONE; CREATE u:1 SET r = [t:1] RETURN NONE; DEFINE TABLE s SCHEMAFULL; DEFINE FIELD a ON s TYPE set<string>; DEFINE FIELD OVERWRITE a.* ON s ASSERT $value != ''; CREATE s:1 SET a = <set>['x'] RETURN NONE",
		"rules for flexible elements": "DEFINE TABLE t SCHEMAFULL; DEFINE FIELD f ON t TYPE array<object> FLEXIBLE; DEFINE FIELD OVERWRITE f.* ON t TYPE any COMMENT 'own'; DEFINE FIELD g ON t TYPE option<array<object>> FLEXIBLE; DEFINE FIELD OVERWRITE g.* ON t ASSERT $value != NONE; CREATE t:1 SET f = [{ z: 1 }], g = NONE RETURN NONE",
		"unions of arrays": `DEFINE FIELD a ON t TYPE array<float> | null; DEFINE FIELD b ON t TYPE array<string> | none | null; DEFINE FIELD c ON t TYPE set<string> | null; DEFINE FIELD d ON t TYPE 'all' | array<string>;
			DEFINE FIELD e ON t TYPE string | array<object>; DEFINE FIELD f ON t TYPE none | array<array<int>>; DEFINE FIELD g.h ON t TYPE array<int> | null; CREATE t:1 SET a = [1f], b = null, c = null, g = { h: null }, d = 'all', e = [{ x: 1 }], f = [[1]] RETURN NONE;
			DEFINE TABLE s SCHEMAFULL; DEFINE FIELD a.* ON s TYPE float COMMENT 'one of them'; DEFINE FIELD a ON s TYPE array<float> | null; CREATE s:1 SET a = [1f] RETURN NONE;
			DEFINE FIELD r ON u TYPE array<record<t>> | null; CREATE u:1 SET r = [t:1] RETURN NONE; DEFINE TABLE OVERWRITE u TYPE NORMAL SCHEMAFULL;`,
		"references in lists with gaps":                          "DEFINE FIELD l ON t TYPE array<option<record<t>>> REFERENCE; DEFINE FIELD s ON t TYPE set<option<record<t>>> REFERENCE ON DELETE UNSET; DEFINE FIELD u ON t TYPE array<record<t> | record<q>> REFERENCE; DEFINE FIELD v ON t TYPE option<array<record<t|q>>> REFERENCE; CREATE t:1 SET l = [t:2, NONE, t:1], s = <set>[t:2], u = [t:1, q:1], v = [t:1] RETURN NONE; CREATE t:2 SET l = [], s = <set>[], u = [] RETURN NONE",
		"indexes over fields that are gone":                      "DEFINE INDEX i ON t FIELDS x, y UNIQUE; DEFINE TABLE OVERWRITE t SCHEMAFULL; DEFINE INDEX i ON u FIELDS x; DEFINE FIELD r ON u TYPE option<record<t>> REFERENCE; CREATE u:1 SET r = t:1 RETURN NONE; DEFINE TABLE OVERWRITE u SCHEMAFULL; DEFINE INDEX i ON w FIELDS x; CREATE w:1 SET x = 1 RETURN NONE; DEFINE TABLE OVERWRITE w SCHEMAFULL",
		"edges with a regex into a view":                         "DEFINE TABLE w; DEFINE TABLE e TYPE RELATION; DEFINE TABLE seen AS SELECT count() AS n FROM e GROUP ALL; DEFINE TABLE v AS SELECT count() AS n, x FROM w GROUP BY x; CREATE w:1 SET x = 1 RETURN NONE; RELATE p:1->e:1->v:[1] SET a = 1, re = /it's, \\}/, z = /a/ RETURN NONE; CREATE p:1 RETURN NONE",
		"fields below a reference":                               "DEFINE FIELD o.x ON t TYPE option<array<any>>; DEFINE FIELD OVERWRITE o ON t TYPE record REFERENCE; CREATE t:1 SET o = t:1 RETURN NONE",
		"sets of records":                                        "DEFINE FIELD s ON t TYPE set<record<q>>; CREATE t:1 SET s = <set>[q:1, q:2], b = <set>[q:[1], q:{ a: <set>[q:1] }], c = [<set>[q:x]], d = <set>[q:1, 1, 'a', <set>[q:1]], e = <set>[`a b`:1, q:1], f = <set>[`2fa`:1], g = <set>[(q:1)..(q:2)], h = <set>[], i = <set>[type::table('q')] RETURN NONE; CREATE t:[<set>[q:1]] SET s = <set>[q:1] RETURN NONE; DEFINE PARAM $p VALUE <set>[q:1, q:2]; DEFINE FIELD d ON u DEFAULT <set>[q:1]; CREATE u:1 RETURN NONE",
		"a table called future":                                  "DEFINE FIELD x ON t TYPE option<record<future>>; CREATE t:1 SET x = future:1 RETURN NONE; CREATE future:1 RETURN NONE",
		"a field of two underscores":                             "CREATE a:1, a:2 RETURN NONE; RELATE a:1->k:1->a:2 SET `__` = true RETURN NONE",
		"views over views":                                       "DEFINE TABLE s; DEFINE TABLE v1 AS SELECT n FROM s; DEFINE TABLE v2 AS SELECT n FROM v1; CREATE s:2 SET n = 2 RETURN NONE",
		"fields below one called on":                             "DEFINE FIELD on ON t TYPE array<string>; DEFINE FIELD on.x ON u TYPE int; CREATE t:1 SET on = ['mon'] RETURN NONE; CREATE u:1 SET on = { x: 1 } RETURN NONE",
		"functions with names of any kind":                       "DEFINE FUNCTION fn::`a b`::c($n: int) { RETURN $n; }; DEFINE FUNCTION fn::`a\\`b`() { RETURN fn::`a b`::c(1); }; DEFINE FUNCTION fn::`a\\\\b\\n(`() { RETURN 1; }; DEFINE FUNCTION fn::`é⟩`() { RETURN 1; }; DEFINE PARAM $`a\\`b` VALUE 1; CREATE t:1 RETURN NONE",
		"things called like clauses":                             "DEFINE ANALYZER `comment` TOKENIZERS class; DEFINE ANALYZER `filters`; DEFINE ANALYZER `tokenizers` FILTERS lowercase; DEFINE ANALYZER `overwrite` COMMENT 'x'; CREATE t:x RETURN NONE",
		"names of nothing":                                       "DEFINE PARAM $`` VALUE 1; DEFINE ANALYZER `` TOKENIZERS class; DEFINE SEQUENCE ``; DEFINE USER `` ON DATABASE PASSWORD 'x'; DEFINE INDEX `` ON t FIELDS a; DEFINE EVENT `` ON t THEN { RETURN 1 }; CREATE t:x RETURN NONE",
		"names that look alike":                                  "DEFINE FIELD a ON t TYPE object; DEFINE FIELD a.b ON t TYPE int; DEFINE FIELD `a.b` ON t TYPE string; DEFINE PARAM $its VALUE 1; DEFINE PARAM $`it\\`s` VALUE 2; DEFINE FUNCTION fn::fn::a() { RETURN 1 }; DEFINE FUNCTION fn::a() { RETURN 2 }; CREATE t:x SET a = { b: 1 }, `a.b` = 'x' RETURN NONE",
		"things called overwrite":                                "DEFINE ANALYZER `overwrite` TOKENIZERS class; DEFINE SEQUENCE `overwrite`; DEFINE PARAM $overwrite VALUE 1; DEFINE FUNCTION fn::overwrite() { RETURN 1; }; CREATE t:x RETURN NONE",
		"records with the end of an edge":                        "CREATE m:1 SET in = m:2 RETURN NONE; CREATE m:3 SET out = m:2 RETURN NONE; RELATE m:1->m:2->m:1",
		"edges of edges":                                         "CREATE a:1, b:1, c:1 RETURN NONE; RELATE a:1->cites:1->b:1; RELATE b:1->supports:1->cites:1; RELATE supports:1->cites:2->c:1",
		"an index called explain":                                "DEFINE INDEX `explain` ON t FIELDS x; DEFINE EVENT `explain` ON t WHEN true THEN { RETURN 1 }; CREATE t:1 SET x = 1 RETURN NONE",
		"tables that begin with a digit":                         "CREATE `2fa`:1 SET to = `2fa`:2, all = [`7zip`:['a', `1h`:x]] RETURN NONE; CREATE `7zip`:1, `1e5`:1 RETURN NONE; RELATE `2fa`:1->`3d`:1->`1e5`:1; RELATE `3d`:1->`1d`:2->`7zip`:1; DEFINE FIELD x ON `2fa` TYPE option<record<`7zip`>>; DEFINE INDEX x ON `2fa` FIELDS x",
		"white space in names":                                   "CREATE `x `:1 SET to = `x `:2 RETURN NONE; CREATE `\u00a0y\u00a0`:1, ` `:1, `a\u2028b`:1, `c\vd`:1, `e\u0085f`:1 RETURN NONE; RELATE `x `:1->` e `:1->` `:1",
		"permissions to delete":                                  "DEFINE TABLE doc PERMISSIONS FOR select WHERE p FOR create, update WHERE q FOR delete FULL; DEFINE TABLE shut PERMISSIONS FOR select FULL; CREATE doc:1 RETURN NONE",
		"flexible before":                                        "DEFINE TABLE t SCHEMAFULL; DEFINE FIELD o ON t TYPE object FLEXIBLE; DEFINE FIELD n ON t TYPE int; CREATE t:1 SET o = { a: 1 }, n = 1 RETURN NONE; DEFINE TABLE OVERWRITE t SCHEMALESS; CREATE t:2 SET o = { b: 1 }, x = 2, n = 2 RETURN NONE; DEFINE INDEX n ON t FIELDS n",
		"values that no server reads back":                       "CREATE v:1 SET e = <regex> \"a\\nb\", f = <regex> '', r = (t:1)..(t:2), s = [(t:a)..=(t:z)] RETURN NONE; CREATE val:[1.1dec / 2] RETURN NONE",
		"a comment of one word":                                  "DEFINE USER cu ON DATABASE PASSHASH '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$QW5kIGEgaGFzaCB0aGF0IG5vYm9keSBoYXM' COMMENT 'word'; CREATE t:1 RETURN NONE",
		"elements of their own type in arrays called like words": "DEFINE FIELD value ON t TYPE array; DEFINE FIELD OVERWRITE value.* ON t TYPE string; DEFINE FIELD all ON t TYPE array; DEFINE FIELD OVERWRITE all.* ON t TYPE record<t>; DEFINE FIELD table ON t TYPE object; DEFINE FIELD table.value ON t TYPE array<int>; DEFINE FIELD OVERWRITE table.value.* ON t TYPE any; CREATE t:1 SET value = ['a'], all = [t:1], table = { value: [1] } RETURN NONE",
		"elements of the type of arrays called like words":       "DEFINE FIELD value ON t TYPE option<array<string>>; DEFINE FIELD begin ON t TYPE set<int>; DEFINE FIELD diff ON t TYPE array<array<int>>; DEFINE FIELD by ON t TYPE array<int, 3>; DEFINE FIELD after ON t TYPE array<int> | array<string>; DEFINE FIELD before ON t TYPE array<int> | string; DEFINE FIELD start ON t TYPE array<'a' | 'b'>; DEFINE FIELD `values` ON t TYPE array<int | string>; CREATE t:1 SET value = ['a'], begin = {1,}, diff = [[1]], by = [1, 2, 3], after = [1], before = 'x', start = ['a'], values = [1] RETURN NONE",
		"a view over a field called drop":                        "DEFINE TABLE trip PERMISSIONS FOR select WHERE drop = 'x' FOR create, update NONE; DEFINE TABLE v AS SELECT drop, schemafull FROM trip; DEFINE TABLE g AS SELECT count() AS n, drop FROM trip GROUP BY drop; CREATE trip:1 SET drop = 'x', schemafull = 1 RETURN NONE",
		"edges into a view before it":                            "DEFINE TABLE w; DEFINE TABLE a_edge TYPE RELATION; DEFINE TABLE v AS SELECT * FROM w; CREATE w:[11.10dec - 0.10dec] SET n = 1 RETURN NONE; CREATE p:1 RETURN NONE; DEFINE TABLE loved AS SELECT count() AS n FROM a_edge GROUP ALL; RELATE p:1->a_edge:1->(SELECT VALUE id FROM v) RETURN NONE; DEFINE TABLE g AS SELECT count() AS n, x FROM w GROUP BY x; CREATE w:2 SET x = 11.10dec - 0.10dec RETURN NONE; RELATE p:1->a_edge:2->(SELECT VALUE id FROM g WHERE x != NONE) RETURN NONE",
		"clauses of a field called like others":                  "DEFINE FIELD a ON t TYPE array<string>; DEFINE FIELD OVERWRITE a.* ON t TYPE string ASSERT flexible != 1; CREATE t:1 SET a = ['x'] RETURN NONE; DEFINE TABLE doc PERMISSIONS FOR select WHERE comment = 'x' FOR delete FULL; CREATE doc:1 RETURN NONE",
		"arrays called like words":                               "DEFINE TABLE t SCHEMAFULL; DEFINE FIELD diff ON t TYPE array<int>; DEFINE FIELD value ON t TYPE set<string>; DEFINE FIELD after ON t TYPE option<array<object>>; DEFINE FIELD o.begin ON t TYPE array<int>; DEFINE FIELD `a b` ON t TYPE array<int>; CREATE t:1 SET diff = [1], value = {'a',}, o = { begin: [] }, `a b` = [] RETURN NONE",
		"decimals": "CREATE t:1 SET a = 10dec * 1.10dec, b = [5dec / 2, -10dec * 1.10dec], c = { d: 0.551dec - 0.001dec }, e = 1.5dec, f = 0.1dec - 0.1dec RETURN NONE; DEFINE PARAM $vat VALUE 10dec * 1.10dec; " +
			"DEFINE INDEX a ON t FIELDS a UNIQUE; CREATE t:2 SET a = 11 RETURN NONE",
		"regexes behind words": "DEFINE FUNCTION fn::c() { UPDATE t CONTENT /it's/; }; DEFINE FUNCTION fn::m() { UPDATE t MERGE /it's \\{/; }; DEFINE FUNCTION fn::s() { SELECT * FROM /it's \\(/; }; CREATE t:1 RETURN NONE",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			comesBack(t, sql)
		})
	}
}

// The field of an array's elements stays when the array becomes something else; a server
// takes it before that only.
func TestElementsThatAnArrayLeftBehind(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "DEFINE FIELD value ON t TYPE array<record, 5>; DEFINE FIELD OVERWRITE value ON t TYPE record<t> DEFAULT t:1; DEFINE FIELD ok ON t TYPE array<int>; DEFINE FIELD OVERWRITE ok ON t TYPE int DEFAULT 1; CREATE t:1 RETURN NONE")
	if _, err := restore.Run(t.Context(), h.job(t, h.backup(t, ns, from, nil), ns, from+"_restored")); err != nil {
		t.Fatal(err)
	}
	const fields = "RETURN object::entries((INFO FOR TABLE t).fields)" // an export has them in another order
	if want, got := string(h.srv.Query(t, ns, from, fields)[0]), string(h.srv.Query(t, ns, from+"_restored", fields)[0]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The elements of a list that may also be one of anything have a type that no server reads.
func TestElementsOfAnyType(t *testing.T) {
	t.Parallel()
	sql := "DEFINE FIELD b ON t TYPE array<int>; DEFINE FIELD any ON t TYPE array<int>; CREATE t:1 SET b = [1], any = [1] RETURN NONE;"
	if surrealtest.Start(t, surrealtest.Options{}).Engine != "real" { // 3.3 refuses it
		sql += "DEFINE FIELD OVERWRITE a ON t TYPE array | array<{ k: string } | { n: int }>; DEFINE FIELD OVERWRITE b ON t TYPE array<int> | array; DEFINE FIELD c ON t TYPE option<array | array<string>>; UPDATE t SET a = [{ n: 1 }, 2], b = ['x'] RETURN NONE"
	}
	comesBack(t, sql)
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	if h.srv.Engine != "real" {
		h.srv.Query(t, ns, from, "DEFINE FIELD a ON t TYPE array | array<object>; REMOVE FIELD a ON t; CREATE t:1 RETURN NONE")
		res, err := restore.Run(t.Context(), h.job(t, h.backup(t, ns, from, nil), ns, from+"_restored"))
		if err != nil {
			t.Fatal(err)
		}
		wantLosses(t, res, "field a.* ON t")
	}
}
