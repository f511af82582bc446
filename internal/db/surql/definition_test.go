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
		"DEFINE USER bob ON DATABASE PASSHASH 'x' ROLES EDITOR;":             {"USER", "bob", ""},
		"DEFINE ACCESS OVERWRITE acct ON DATABASE TYPE RECORD;":              {"ACCESS", "acct", ""},
		"DEFINE PARAM $limit VALUE 100;":                                     {"PARAM", "limit", ""},
		"DEFINE FUNCTION fn::a::greet($n: string) -> string { RETURN $n; };": {"FUNCTION", "fn::a::greet", ""},
		"DEFINE API '/stock' FOR any PERMISSIONS FULL;":                      {"API", "/stock", ""},
		"DEFINE CONFIG OVERWRITE GRAPHQL AUTO;":                              {"CONFIG", "GRAPHQL", ""},
		"DEFINE SEQUENCE no BATCH 5 START 1000;":                             {"SEQUENCE", "no", ""},
		"DEFINE TABLE `weird-table name` TYPE ANY SCHEMALESS;":               {"TABLE", "weird-table name", ""},
		"DEFINE TABLE IF NOT EXISTS x;":                                      {"TABLE", "x", ""},
		"DEFINE FIELD OVERWRITE related.* ON product TYPE record<product>;":  {"FIELD", "related.*", "product"},
		"DEFINE FIELD emb[*] ON TABLE zed TYPE float;":                       {"FIELD", "emb[*]", "zed"},
		"DEFINE INDEX i ON `a b` FIELDS name UNIQUE;":                        {"INDEX", "i", "a b"},
		"DEFINE EVENT e ON table WHEN true THEN { RETURN 1 };":               {"EVENT", "e", "table"},
		"DEFINE DATABASE OVERWRITE $session.db STRICT;":                      {"DATABASE", "$", ""},
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

func TestTables(t *testing.T) {
	t.Parallel()
	view := surql.Parse("DEFINE TABLE v TYPE ANY SCHEMALESS AS SELECT count() AS n, (SELECT * FROM third) AS x FROM a, `b c` WHERE 'FROM d' != '' GROUP BY n COMMENT 'as select from e' PERMISSIONS NONE;")
	if !view.IsView() || !slices.Equal(view.Reads(), []string{"third", "a", "b c"}) {
		t.Errorf("got view %v, reads %q", view.IsView(), view.Reads())
	}
	if surql.Parse("DEFINE TABLE t COMMENT 'AS SELECT 1 FROM x';").IsView() {
		t.Error("a comment makes a view")
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
