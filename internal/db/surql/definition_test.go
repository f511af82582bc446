package surql_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][3]string{
		"OPTION IMPORT;": {"OPTION", "IMPORT", ""},
		"DEFINE USER bob ON DATABASE PASSHASH 'x' ROLES EDITOR;":                            {"USER", "bob", ""},
		"DEFINE ACCESS OVERWRITE acct ON DATABASE TYPE RECORD;":                             {"ACCESS", "acct", ""},
		"DEFINE PARAM $limit VALUE 100;":                                                    {"PARAM", "limit", ""},
		"DEFINE FUNCTION fn::a::greet($n: string) -> string { RETURN $n; };":                {"FUNCTION", "fn::a::greet", ""},
		"DEFINE API '/stock' FOR any PERMISSIONS FULL;":                                     {"API", "/stock", ""},
		`DEFINE MODULE mod::demo FROM f"b:/x.surli" UNSIGNED COMMENT 'x' PERMISSIONS FULL;`: {"MODULE", "mod::demo", ""},
		"DEFINE MODULE mod::`FROM` FROM f\"b:/x\" PERMISSIONS FULL;":                        {"MODULE", "mod::FROM", ""},
		"DEFINE FUNCTION fn::`a b`::`c\\`d(`($n: int) { RETURN $n; };":                      {"FUNCTION", "fn::a b::c`d(", ""},
		"DEFINE MODULE silo::a::b::<1.2.3> UNSIGNED PERMISSIONS FULL;":                      {"MODULE", "silo::a::b::<1.2.3>", ""},
		"DEFINE MODULE silo::a::b::<1.2.3> COMMENT 'x';":                                    {"MODULE", "silo::a::b::<1.2.3>", ""},
		"DEFINE CONFIG OVERWRITE GRAPHQL AUTO;":                                             {"CONFIG", "GRAPHQL", ""},
		"DEFINE SEQUENCE no BATCH 5 START 1000;":                                            {"SEQUENCE", "no", ""},
		"DEFINE TABLE `weird-table name` TYPE ANY SCHEMALESS;":                              {"TABLE", "weird-table name", ""},
		"DEFINE TABLE IF NOT EXISTS x;":                                                     {"TABLE", "x", ""},
		"DEFINE FIELD OVERWRITE related.* ON product TYPE record<product>;":                 {"FIELD", "related.*", "product"},
		"DEFINE FIELD emb[*] ON TABLE zed TYPE float;":                                      {"FIELD", "emb[*]", "zed"},
		"DEFINE INDEX i ON `a b` FIELDS name UNIQUE;":                                       {"INDEX", "i", "a b"},
		"DEFINE EVENT e ON table WHEN true THEN { RETURN 1 };":                              {"EVENT", "e", "table"},
		"DEFINE DATABASE OVERWRITE $session.db STRICT;":                                     {"DATABASE", "$", ""},
		"DEFINE BUCKET overwrite BACKEND 'memory' PERMISSIONS FULL;":                        {"BUCKET", "overwrite", ""},
		"DEFINE BUCKET OVERWRITE backend BACKEND 'memory' PERMISSIONS FULL;":                {"BUCKET", "backend", ""},
		"DEFINE FIELD on ON lamp TYPE bool;":                                                {"FIELD", "on", "lamp"},
		"DEFINE FIELD overwrite ON lamp TYPE bool;":                                         {"FIELD", "overwrite", "lamp"},
		"DEFINE FIELD overwrite.x ON lamp TYPE bool;":                                       {"FIELD", "overwrite.x", "lamp"},
		"DEFINE FIELD OVERWRITE overwrite ON lamp TYPE bool;":                               {"FIELD", "overwrite", "lamp"},
		"DEFINE FIELD OVERWRITE on ON lamp TYPE bool;":                                      {"FIELD", "on", "lamp"},
		"DEFINE TABLE overwrite TYPE ANY SCHEMALESS;":                                       {"TABLE", "overwrite", ""},
		"DEFINE TABLE OVERWRITE type TYPE ANY SCHEMALESS;":                                  {"TABLE", "type", ""},
		"DEFINE EVENT overwrite ON lamp WHEN true THEN { RETURN 1 };":                       {"EVENT", "overwrite", "lamp"},
		"DEFINE FIELD sched.on.at ON lamp TYPE bool;":                                       {"FIELD", "sched.on.at", "lamp"},
		"DEFINE FIELD on[*].on ON on TYPE bool;":                                            {"FIELD", "on[*].on", "on"},
	} {
		d := surql.Parse(text)
		if got := [3]string{d.Kind, d.Name, d.On}; got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	if d := surql.ParseSection("CONFIGS", "GRAPHQL TABLES INCLUDE a FUNCTIONS NONE;"); d.Kind != "CONFIG" || d.Name != "GRAPHQL" || !d.Bare() {
		t.Errorf("got %+v", d)
	}
	if d := surql.ParseSection("CONFIGS", "DEFINE API '/stock' FOR any;"); d.Kind != "API" || d.Name != "/stock" || d.Bare() {
		t.Errorf("got %+v", d)
	}
}

// Tables and fields may be called like the clauses of a definition: servers print
// such names as they are.
func TestNamesThatAreKeywords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"DEFINE FIELD reference ON payment TYPE string PERMISSIONS FULL;":                            false,
		"DEFINE FIELD code ON payment TYPE string ASSERT reference != NONE PERMISSIONS FULL;":        false,
		"DEFINE FIELD to ON payment TYPE record<reference> PERMISSIONS FULL;":                        false,
		"DEFINE FIELD reference ON payment TYPE record<payment> REFERENCE ON DELETE IGNORE;":         true,
		"DEFINE FIELD type ON x TYPE none | record<comment> REFERENCE ON DELETE IGNORE COMMENT 'y';": true,
	} {
		if got := surql.Parse(text).IsReference(); got != want {
			t.Errorf("%s: a reference: %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"DEFINE FIELD parent ON comment TYPE none | record<comment> REFERENCE ON DELETE IGNORE;":        "DEFINE FIELD OVERWRITE parent ON `comment` TYPE option<none | record<comment>> REFERENCE ON DELETE IGNORE;",
		"DEFINE FIELD type ON type TYPE record<type> DEFAULT type:1 REFERENCE ON DELETE IGNORE;":        "DEFINE FIELD OVERWRITE type ON `type` TYPE option<record<type>> REFERENCE ON DELETE IGNORE;",
		"DEFINE FIELD k ON x TYPE { comment: record<comment> } COMMENT 'z' REFERENCE ON DELETE IGNORE;": "DEFINE FIELD OVERWRITE k ON `x` TYPE option<{ comment: record<comment> }> REFERENCE ON DELETE IGNORE;",
	} {
		if got := surql.Parse(text).ReferenceOnly(false).Text; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	for text, want := range map[string]string{ // no union with a list that has gaps takes a REFERENCE
		"DEFINE FIELD l ON x TYPE array<none | record<x>> REFERENCE ON DELETE UNSET;":       "DEFINE FIELD OVERWRITE l ON `x` TYPE array<none | record<x>> REFERENCE ON DELETE IGNORE;",
		"DEFINE FIELD l ON x TYPE array<record<x> | record<y>> REFERENCE ON DELETE IGNORE;": "DEFINE FIELD OVERWRITE l ON `x` TYPE array<record<x> | record<y>> REFERENCE ON DELETE IGNORE;",
		"DEFINE FIELD l ON x TYPE array<record<x | y>> REFERENCE ON DELETE IGNORE;":         "DEFINE FIELD OVERWRITE l ON `x` TYPE option<array<record<x | y>> | array<record>> REFERENCE ON DELETE IGNORE;",
		"DEFINE FIELD l ON x TYPE none | array<record<none>> REFERENCE ON DELETE UNSET;":    "DEFINE FIELD OVERWRITE l ON `x` TYPE option<none | array<record<none>> | array<record>> REFERENCE ON DELETE IGNORE;",
	} {
		if got := surql.Parse(text).ReferenceOnly(true).Text; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if got := surql.Parse("DEFINE SEQUENCE start BATCH 7 START 5;"); got.Start() != 5 || got.Batch() != 7 || got.WithStart(9).Start() != 9 {
		t.Errorf("got start %d, batch %d", got.Start(), got.Batch())
	}
	drop := surql.Parse("DEFINE TABLE drop TYPE ANY SCHEMALESS PERMISSIONS NONE;")
	if feed := surql.Parse("DEFINE TABLE changefeed TYPE ANY SCHEMALESS;"); drop.IsDrop() || !drop.Takes() || feed.Changefeed() {
		t.Error("a table's name is taken for a clause")
	}
	for text, want := range map[string][]string{
		"count() AS n, from FROM message GROUP BY from":        {"message"},
		"from FROM message GROUP BY from":                      {"message"},
		"*, x AS from FROM message, `from`":                    {"message", "from"},
		"(a.from) AS n, from AS origin FROM message GROUP ALL": {"message"},
		"count() AS n, in FROM both GROUP BY in":               {"both"},
		"value FROM a WHERE from IN [1]":                       {"a"},
		"VALUE from FROM a":                                    {"a"},
		"* FROM from WHERE from = 1":                           {"from"},
	} {
		if got := surql.Parse("DEFINE TABLE v AS SELECT " + text + ";").Reads(); !slices.Equal(got, want) {
			t.Errorf("%s: reads %q, want %q", text, got, want)
		}
	}
}

// A permission to delete that is not printed is a whole one.
func TestWithDelete(t *testing.T) {
	t.Parallel()
	for text, more := range map[string]bool{
		"FOR select WHERE p, FOR create, update WHERE q":                 true,
		"FOR select FULL, FOR create, update, delete NONE":               false,
		"FOR select, delete NONE, FOR create, update FULL":               false,
		"FOR select WHERE x IN (SELECT VALUE y FROM z), FOR create FULL": true,
		"FOR select WHERE delete = 1, FOR create FULL":                   true,
		"FOR delete WHERE x": false,
		"NONE":               false,
		"FULL":               false,
	} {
		d := surql.Parse("DEFINE TABLE doc TYPE ANY SCHEMALESS PERMISSIONS " + text + ";")
		want := d.Text
		if more {
			want = strings.TrimSuffix(d.Text, ";") + ", FOR delete FULL;"
		}
		if got, changed := d.WithDelete(); changed != more || got.Text != want {
			t.Errorf("%s: got %s", text, got.Text)
		}
	}
}

// What a view needs are the tables of its own FROM; a query in it may read others, or
// what a function gives.
func TestSources(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"count() AS n, (SELECT VALUE v FROM fn::cfg()) AS c FROM sale GROUP ALL":                             {"sale"},
		"* FROM sale, `two words` PERMISSIONS FOR select WHERE $auth.id IN (SELECT VALUE in FROM member_of)": {"sale", "two words"},
		"IF x THEN from ELSE to END AS w FROM message":                                                       {"message"},
		"* FROM ONLY sale WHERE $v IN from GROUP ALL":                                                        {"sale"},
	} {
		if got := surql.Parse("DEFINE TABLE v AS SELECT " + text + ";").Sources(); !slices.Equal(got, want) {
			t.Errorf("%s: got sources %q, want %q", text, got, want)
		}
	}
}

func TestRepairedValue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"DEFINE PARAM $p VALUE { comment: 'x', like: { coordinates: [1, 2], type: 'Point' } } PERMISSIONS FULL;": "DEFINE PARAM $p VALUE { comment: 'x', like: object::from_entries([['coordinates', [1, 2]], ['type', 'Point']]) } PERMISSIONS FULL;",
		"DEFINE PARAM $p VALUE [comment:1, person] COMMENT 'y' PERMISSIONS FULL;":                                "DEFINE PARAM $p VALUE [comment:1, type::table('person')] COMMENT 'y' PERMISSIONS FULL;",
		"DEFINE PARAM $p VALUE comment PERMISSIONS FULL;":                                                        "DEFINE PARAM $p VALUE type::table('comment') PERMISSIONS FULL;",
		"DEFINE PARAM $p VALUE person;":                                                                          "DEFINE PARAM $p VALUE type::table('person');",
		"DEFINE PARAM $p VALUE 1 + 2 PERMISSIONS FULL;":                                                          "DEFINE PARAM $p VALUE 1 + 2 PERMISSIONS FULL;",
	} {
		if got, _ := surql.Parse(text).RepairedValue(); got.Text != want {
			t.Errorf("got  %s\nwant %s", got.Text, want)
		}
	}
}

func TestQuoteRelate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"RELATE info:1 -> follows -> x:2;":                               "RELATE `info`:1 -> follows -> x:2;",
		"RELATE a:['info:1', { update: 1 }] -> delete -> update:`if:2`;": "RELATE a:['info:1', { update: 1 }] -> `delete` -> `update`:`if:2`;",
		"RELATE a:1->select:9->b:1;\n":                                   "RELATE a:1->`select`:9->b:1;\n",
		"RELATE a:1 -> follows -> b:1;":                                  "RELATE a:1 -> follows -> b:1;",
	} {
		if got := string(surql.QuoteRelate([]byte(text))); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// JavaScript is kept by the server to the letter, and read by its own rules.
func TestScripts(t *testing.T) {
	t.Parallel()
	first := "DEFINE FUNCTION fn::f() { RETURN function($a) {\n\tlet a = 1; // don't\n\t/* it's; } */ let b = 4 / 2; return `}${a}`;\n}; } PERMISSIONS FULL;"
	for _, text := range []string{first, "DEFINE FUNCTION fn::function($a: int) { RETURN $a; };"} {
		s := surql.NewScanner(strings.NewReader("OPTION IMPORT;\n" + text + "\nDEFINE PARAM $behind VALUE 1;\n"))
		var got []string
		for {
			it, err := s.Next()
			if err != nil {
				break
			}
			got = append(got, string(it.Text))
		}
		if !slices.Equal(got, []string{"OPTION IMPORT;", text, "DEFINE PARAM $behind VALUE 1;"}) {
			t.Errorf("got %q", got)
		}
	}
	if d := surql.Parse(first); d.Name != "fn::f" || !strings.Contains(d.Canonical(), "// don't\n") {
		t.Errorf("got %s: %s", d.Name, d.Canonical())
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	view := surql.Parse("DEFINE TABLE v TYPE ANY SCHEMALESS AS SELECT count() AS n, (SELECT * FROM third) AS x FROM a, `b c` WHERE 'FROM d' != '' GROUP BY n COMMENT 'as select from e' PERMISSIONS NONE;")
	if !view.IsView() || !slices.Equal(view.Reads(), []string{"third", "a", "b c"}) {
		t.Errorf("got view %v, reads %q", view.IsView(), view.Reads())
	}
	if surql.Parse("DEFINE TABLE t COMMENT 'AS SELECT 1 FROM x';").IsView() {
		t.Error("a comment makes a view")
	}
	for text, want := range map[string]bool{
		"DEFINE TABLE v AS SELECT `rand`() AS x FROM a;": true, "DEFINE TABLE v AS SELECT `rand`::int() AS x FROM a;": true, "DEFINE TABLE v AS SELECT rand::ulid() AS x FROM a;": true,
		"DEFINE TABLE v AS SELECT `rand`, time FROM a;": false, "DEFINE TABLE v AS SELECT time::year(at) AS y FROM a;": false,
	} {
		if got := surql.Parse(text).Volatile(); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
	if d := surql.Parse("DEFINE TABLE now AS SELECT time::now() AS at FROM a;"); !d.Volatile() {
		t.Error("a view of the clock is not volatile")
	}
	in, out, enforced, ok := surql.Parse("DEFINE TABLE r TYPE RELATION IN a | `b c` OUT d ENFORCED SCHEMALESS;").Relation()
	if !ok || !enforced || !slices.Equal(in, []string{"a", "b c"}) || !slices.Equal(out, []string{"d"}) {
		t.Errorf("got %q %q %v %v", in, out, enforced, ok)
	}
	if _, _, _, ok := surql.Parse("DEFINE TABLE r TYPE NORMAL;").Relation(); ok {
		t.Error("a normal table is a relation")
	}
	f := surql.Parse("DEFINE FIELD x ON t TYPE none | array<record<a | b>> | record<c> VALUE $value OR [] REFERENCE ON DELETE CASCADE;")
	if !f.IsReference() || !slices.Equal(f.RecordTables(), []string{"a", "b", "c"}) {
		t.Errorf("got %v %q", f.IsReference(), f.RecordTables())
	}
}

func TestKeysOfAccesses(t *testing.T) {
	t.Parallel()
	hidden := surql.Parse("DEFINE ACCESS a ON DATABASE TYPE RECORD SIGNUP (CREATE u SET KEY = 'mine') WITH JWT ALGORITHM HS512 KEY '[REDACTED]' WITH ISSUER KEY '[REDACTED]';")
	if !hidden.HasPlaceholder() {
		t.Error("a placeholder is not seen")
	}
	if got := hidden.WithKey("it's").Text; strings.Count(got, `KEY 'it\'s'`) != 2 || !strings.Contains(got, "SET KEY = 'mine'") {
		t.Errorf("got %s", got)
	}
	for _, text := range []string{
		"DEFINE ACCESS a ON DATABASE TYPE JWT ALGORITHM HS512 KEY 'real' WITH ISSUER KEY 'real';",
		"DEFINE ACCESS a ON DATABASE TYPE JWT URL 'https://x/[REDACTED]';",
		"DEFINE ACCESS a ON DATABASE TYPE RECORD SIGNUP (CREATE u SET KEY = '[REDACTED]');",
	} {
		if surql.Parse(text).HasPlaceholder() {
			t.Errorf("%s: has no placeholder", text)
		}
		if strings.Contains(surql.Parse(text).Canonical(), "real") {
			t.Errorf("%s: its canonical form shows the key", text)
		}
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"DEFINE FIELD OVERWRITE in ON r TYPE record<a>;", "DEFINE FIELD in ON r  TYPE record<a>;"},
		{"DEFINE SEQUENCE no BATCH 5 START 1000;", "DEFINE SEQUENCE no BATCH 5 START 1005;"},
		{"DEFINE USER u ON DATABASE COMMENT `may look`;", "DEFINE USER u ON DATABASE COMMENT 'may look';"},
		{`DEFINE PARAM $x VALUE "it's";`, `DEFINE PARAM $x VALUE 'it\'s';`},
	} {
		if a, b := surql.Parse(pair[0]).Canonical(), surql.Parse(pair[1]).Canonical(); a != b {
			t.Errorf("got %s\nand %s", a, b)
		}
	}
	if surql.Parse("DEFINE FIELD x ON r TYPE int;").Canonical() == surql.Parse("DEFINE FIELD x ON r TYPE float;").Canonical() {
		t.Error("two types are one")
	}
}

func TestQuoteIdent(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain", "a b", "123", "back`tick", "sla\\sh", "NONE", "é", "two\nlines", "", "select"} {
		if got := surql.Ident(surql.QuoteIdent(name)); got != name {
			t.Errorf("got %q, want %q", got, name)
		}
	}
}

// Fields, and tables at the ends of edges, may be called like the clauses of a table.
func TestClausesOfTables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text             string
		drop, full, feed bool
	}{
		{"DEFINE TABLE t TYPE ANY DROP SCHEMAFULL CHANGEFEED 1h PERMISSIONS NONE;", true, true, true},
		{"DEFINE TABLE t TYPE RELATION IN drop OUT permissions | schemafull DROP SCHEMALESS PERMISSIONS NONE;", true, false, false},
		{"DEFINE TABLE t TYPE RELATION IN drop OUT permissions | schemafull SCHEMAFULL PERMISSIONS NONE;", false, true, false},
		{"DEFINE TABLE t TYPE NORMAL SCHEMALESS PERMISSIONS FOR select WHERE drop = 1 AND schemafull AND changefeed = 2, FOR create NONE;", false, false, false},
		{"DEFINE TABLE v TYPE ANY SCHEMALESS AS SELECT drop, schemafull, changefeed FROM drop PERMISSIONS NONE;", false, false, false},
		{"DEFINE TABLE v TYPE ANY DROP SCHEMALESS AS SELECT changefeed FROM drop CHANGEFEED 3d INCLUDE ORIGINAL PERMISSIONS NONE;", true, false, true},
	} {
		if d := surql.Parse(c.text); d.IsDrop() != c.drop || d.IsSchemafull() != c.full || d.Changefeed() != c.feed {
			t.Errorf("%s: got drop %v, schemafull %v, changefeed %v", c.text, d.IsDrop(), d.IsSchemafull(), d.Changefeed())
		}
	}
}

// A field may be called like a comment's clause.
func TestCommentClause(t *testing.T) {
	t.Parallel()
	d := surql.Parse("DEFINE TABLE t TYPE ANY SCHEMALESS PERMISSIONS FOR select WHERE comment = 'x', FOR create NONE;")
	if got, changed := d.WithDelete(); !changed || !strings.HasSuffix(got.Text, ", FOR delete FULL;") {
		t.Errorf("got %s", got.Text)
	}
	d = surql.Parse("DEFINE FIELD f ON t TYPE any VALUE comment COMMENT `two words` PERMISSIONS FULL;")
	if got, changed := d.QuotedComment(); !changed || !strings.Contains(got.Text, "VALUE comment COMMENT 'two words'") {
		t.Errorf("got %s", got.Text)
	}
}

// A table may be called like the clause, and stand in a type.
func TestFlexible(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"DEFINE FIELD o ON t TYPE object FLEXIBLE PERMISSIONS FULL;":                                   true,
		"DEFINE FIELD o ON t FLEXIBLE TYPE object PERMISSIONS FULL;":                                   true, // as 2.x prints it
		"DEFINE FIELD o ON t TYPE record<flexible> | object FLEXIBLE;":                                 true,
		"DEFINE FIELD x ON flexible TYPE none | record<flexible> REFERENCE ON DELETE IGNORE;":          false,
		"DEFINE FIELD flexible ON flexible TYPE array<record<flexible>> COMMENT 'x' PERMISSIONS FULL;": false,
		"DEFINE FIELD o ON t TYPE object ASSERT flexible = true PERMISSIONS FULL;":                     false,
		"DEFINE FIELD o ON t FLEXIBLE PERMISSIONS FULL;":                                               true,
	} {
		if got := surql.Parse(text).Flexible(); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

// No server prints half a statement, and a hostile dump may hold one: nothing panics.
func TestCutStatements(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"DEFINE FI IF;", "DEFINE SEQUENCE s START", "DEFINE SEQUENCE s BATCH 1 START", "DEFINE SEQUENCE s START;", "", "DEFINE", "DEFINE TABLE",
		"DEFINE FI IF NOT", "DEFINE PARAM $x VALUE", "DEFINE USER u COMMENT", "DEFINE FIELD x ON", "DEFINE TABLE t TYPE", "DEFINE TABLE t TYPE ANY AS SELECT"} {
		d := surql.Parse(text)
		d.Overwriting()
		d.Canonical()
		d.WithStart(3)
		d.WithKey("k")
		d.Copying()
		d.Flexible()
		d.ReferenceOnly(true)
		d.Alterations()
		d.QuotedComment()
		d.RepairedValue()
		d.WithDelete()
	}
}
