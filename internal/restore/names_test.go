package restore_test

import (
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// everywhere uses the name N wherever there is one, quoted or as a text.
const everywhere = "DEFINE TABLE N TYPE ANY SCHEMALESS COMMENT 'N' PERMISSIONS FOR select WHERE N = 1 FOR create, update, delete NONE;" +
	"CREATE N:1 SET N = 1, x = { N: { N: 1 } }, y = N:N, z = [N:[N:1], N:{ N: 1 }], t = type::table('N'), s = <set>[N:1, N:N] RETURN NONE;" +
	"CREATE N:N SET v = 2 RETURN NONE; CREATE type::record('N', ['N', { N: 1 }]) SET o = object::from_entries([['N', 'N']]) RETURN NONE;" +
	"DEFINE FIELD N ON N TYPE any COMMENT 'N'; DEFINE FIELD x.N ON N TYPE any; DEFINE FIELD x.N.N ON N TYPE any DEFAULT 'N'; DEFINE FIELD arr ON plain TYPE option<array<record<N>>>;" +
	"DEFINE FIELD N ON plain TYPE option<int> VALUE $value ASSERT N = NONE OR N != 5 PERMISSIONS FOR select WHERE N != 2;" +
	"DEFINE FIELD ref ON plain TYPE option<record<N>> REFERENCE ON DELETE UNSET; CREATE plain:1 SET N = 7, ref = N:1, arr = [N:1, N:N] RETURN NONE;" +
	"DEFINE INDEX N ON N FIELDS N COMMENT 'N'; DEFINE INDEX N ON plain FIELDS N UNIQUE; DEFINE EVENT N ON N WHEN $event = 'N' THEN { CREATE N:1 SET N = 'N'; } COMMENT 'N'; DEFINE EVENT N ON plain WHEN N = 99 THEN (CREATE N SET N = 'N');" +
	"DEFINE PARAM $N VALUE { N: 'N', r: N:1, rr: N:N } COMMENT 'N'; DEFINE PARAM $p VALUE [N:1, N:N, N:['a'], type::table('N'), { N: 1 }]; DEFINE ANALYZER N TOKENIZERS class FILTERS lowercase COMMENT 'N'; DEFINE INDEX ft ON plain FIELDS text FULLTEXT ANALYZER N BM25;" +
	"DEFINE USER N ON DATABASE PASSHASH '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$QW5kIGEgaGFzaCB0aGF0IG5vYm9keSBoYXM' ROLES OWNER DURATION FOR TOKEN 1h, FOR SESSION 1d COMMENT 'N';" +
	"DEFINE ACCESS N ON DATABASE TYPE RECORD SIGNUP (CREATE N SET N = $N) SIGNIN (SELECT * FROM N WHERE N = 'N') AUTHENTICATE { RETURN N:1; } DURATION FOR TOKEN 1h, FOR SESSION 1d COMMENT 'N';" +
	"DEFINE SEQUENCE N BATCH 5 START 300; DEFINE FUNCTION fn::f($N: record<N>, $z: option<{ N: int }>) { LET $N = N:1; RETURN [$N, 'N', $z.N, N.N]; } COMMENT 'N'; DEFINE FUNCTION fn::N::N() { FOR $N IN [1, 2] { CREATE N SET N = $N; }; RETURN |$N| $N + 1; };" +
	"CREATE n1:1, n2:1 RETURN NONE; RELATE N:1->eN:1->N:N SET N = 1; DEFINE TABLE rel TYPE RELATION FROM N TO n1 | N ENFORCED; RELATE N:1->rel:N->n1:1 SET w = 1;" +
	"DEFINE TABLE w1 AS SELECT count() AS N, v AS g FROM N GROUP BY g"

// Whatever things are called, they come back under that name: servers print many a name
// as they do not read it.
func TestAnyNameComesBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	unreadable := 0
	for _, name := range []string{
		"select", "on", "from", "value", "overwrite", "comment", "type", "in", "id", "table", "reference", "drop", "group", "function", "none", "true", "NaN", "Infinity", "future", "rand", "permissions",
		"1", "1e5", "2fa", "0x10", "a b", "a`b", `a\b`, "a.b", "-- TABLE: x", "x; DEFINE TABLE y", "⟨x⟩", "日本", "INSERT [", "''", "\n", "{", "*", "$x", "a::b",
	} {
		text := surql.QuoteString(name)
		sql := strings.NewReplacer("'N'", text, "$N", "$"+surql.QuoteIdent(name), "eN", surql.QuoteIdent("e"+name), "fn::N::N", "fn::"+surql.QuoteIdent(name)+"::"+surql.QuoteIdent(name)).Replace(everywhere)
		ns, from := h.srv.Fresh(t)
		_, err := h.srv.Exec(t.Context(), ns, from, replaceName(sql, surql.QuoteIdent(name)))
		if err != nil && !strings.HasPrefix(err.Error(), "statement ") { // 3.0 writes no row under some names
			t.Fatalf("%s: %v", text, err)
		}
		if _, err := h.srv.Exec(t.Context(), ns, from, "INFO FOR TABLE plain"); err != nil {
			t.Logf("%s: the server cannot read its own definitions: %v", text, err)
			unreadable++
			continue
		}
		h.same(t, text, ns, from, map[string]string{name: "a key"})
	}
	if unreadable > 4 || unreadable > 0 && len(h.srv.Samples()) > 1 {
		t.Errorf("%d names were not tried", unreadable)
	}
}

// replaceName puts a name in the place of each N that stands alone.
func replaceName(sql, name string) string {
	var b strings.Builder
	for i, c := range sql {
		alone := c == 'N' && !letter(sql, i-1) && !letter(sql, i+1)
		if alone {
			b.WriteString(name)
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func letter(s string, i int) bool {
	return i >= 0 && i < len(s) && (s[i] >= 'A' && s[i] <= 'Z' || s[i] >= 'a' && s[i] <= 'z' || s[i] == '_' || s[i] == '`' || s[i] >= '0' && s[i] <= '9')
}
