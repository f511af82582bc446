package db_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db"
)

// What the engine 2.7.0 says of the database that testdata/dumps holds. It has
// no server that a test could start, so the answers are these; the dump is real.
var (
	twoDB = map[string]map[string]string{
		"accesses": {"acct": "DEFINE ACCESS acct ON DATABASE TYPE RECORD", "jwt1": "DEFINE ACCESS jwt1 ON DATABASE TYPE JWT ALGORITHM HS512 KEY '[REDACTED]'"},
		"configs":  {"GraphQL": "DEFINE CONFIG GRAPHQL TABLES AUTO FUNCTIONS AUTO"}, "apis": {},
		// A model comes by /ml/import alone, of a server built with ONNX.
		"models":    {"churn": "DEFINE MODEL ml::churn<1.0.0> PERMISSIONS FULL"},
		"analyzers": {"english": "DEFINE ANALYZER english TOKENIZERS BLANK,CLASS FILTERS LOWERCASE,SNOWBALL(ENGLISH)"},
		"functions": {"greet": "DEFINE FUNCTION fn::greet($name: string, $n: option<int>) -> string {\nRETURN 1;\n} COMMENT 'fn' PERMISSIONS FULL"},
		"params":    {"limit": "DEFINE PARAM $limit VALUE 100 COMMENT 'a param' PERMISSIONS FULL"},
		"users":     {"bob": "DEFINE USER bob ON DATABASE PASSHASH '$argon2id$' ROLES EDITOR"},
		"tables": {
			"a_link": "DEFINE TABLE a_link TYPE RELATION IN zed OUT zed ENFORCED SCHEMALESS PERMISSIONS NONE",
			"a_view": "DEFINE TABLE a_view TYPE ANY SCHEMALESS AS SELECT count() AS n, name FROM zed GROUP BY name PERMISSIONS NONE",
			"knows":  "DEFINE TABLE knows TYPE ANY SCHEMALESS PERMISSIONS NONE", "t": "DEFINE TABLE t TYPE ANY SCHEMALESS PERMISSIONS NONE",
			"dropper": "DEFINE TABLE dropper TYPE ANY DROP SCHEMALESS PERMISSIONS NONE", "evlog": "DEFINE TABLE evlog TYPE ANY SCHEMALESS PERMISSIONS NONE",
			"types": "DEFINE TABLE types TYPE ANY SCHEMALESS PERMISSIONS NONE", "weird-table name": "DEFINE TABLE `weird-table name` TYPE ANY SCHEMALESS PERMISSIONS NONE",
			"zed": "DEFINE TABLE zed TYPE NORMAL SCHEMAFULL CHANGEFEED 1w INCLUDE ORIGINAL PERMISSIONS NONE",
		},
	}
	twoTables = map[string]map[string][]string{
		"a_link": {"fields": {"in", "out"}},
		"zed": {
			"fields":  {"address", "age", "bio", "created", "emb", "emb[*]", "fut", "name", "tags", "tags[*]"},
			"indexes": {"bio_ft", "emb_h", "name_idx"}, "events": {"log_change"},
		},
	}
)

// two answers one statement.
func two(sql string, rows map[string]int) any {
	switch {
	case strings.HasPrefix(sql, "RETURN [session"):
		return []string{"n", "d"}
	case sql == "INFO FOR ROOT":
		return map[string]any{"namespaces": map[string]string{"n": "DEFINE NAMESPACE n"}, "users": map[string]string{}}
	case sql == "INFO FOR NS":
		return map[string]any{"databases": map[string]string{"d": "DEFINE DATABASE d"}}
	case sql == "INFO FOR DB":
		return twoDB
	case strings.HasPrefix(sql, "INFO FOR TABLE "):
		out := map[string]map[string]string{"lives": {}, "tables": {}, "fields": {}, "indexes": {}, "events": {}}
		for list, names := range twoTables[strings.Trim(strings.TrimPrefix(sql, "INFO FOR TABLE "), "`")] {
			for _, name := range names {
				out[list][name] = "DEFINE …"
			}
		}
		return out
	case strings.HasPrefix(sql, "SELECT count() FROM "):
		name, _, _ := strings.Cut(strings.TrimPrefix(sql, "SELECT count() FROM "), " GROUP")
		return []map[string]int{{"count": rows[strings.Trim(name, "`")]}}
	}
	return nil
}

func TestTwoX(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "dumps", "surrealdb-2.7.0.surql"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for _, table := range outline(t, string(text)).Tables {
		rows[table.Name] = int(table.Records + table.Edges)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/version":
			io.WriteString(w, "surrealdb-2.7.0")
		case "/signin":
			io.WriteString(w, `{"token":"x"}`)
		case "/export":
			w.Write(text)
		case "/sql":
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			var out []map[string]any
			for _, sql := range strings.Split(strings.Trim(string(body), ";\n"), ";\n") {
				if v := two(sql, rows); v != nil {
					out = append(out, map[string]any{"status": "OK", "result": v})
				} else {
					out = append(out, map[string]any{"status": "ERR", "result": "not known: " + fmt.Sprint(len(sql))})
				}
			}
			if err := json.NewEncoder(w).Encode(out); err != nil {
				t.Error(err)
			}
		}
	}))
	t.Cleanup(srv.Close)
	s := db.Source{Client: dial(t, db.Options{URL: srv.URL, Namespace: "n", Database: "d", Username: "u", Password: "p"})}
	d, got, err := dump(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(text) {
		t.Error("the dump is not what the server sent")
	}
	if len(d.Inventory.KeylessAccesses) > 0 {
		t.Errorf("accesses %q are keyless, and 2.x prints their keys", d.Inventory.KeylessAccesses)
	}
	if d.Secrets.Unexported["CONFIG GRAPHQL"] == "" || strings.Contains(strings.Join(d.Inventory.NotIncluded, "\n"), "GRAPHQL") {
		t.Errorf("the config is lost: %q, %q", d.Secrets.Unexported, d.Inventory.NotIncluded)
	}
	if not := strings.Join(append(d.Inventory.NotIncluded, d.Warnings...), "\n"); strings.Count(not, "model churn") != 1 || d.Secrets.Unexported["MODEL churn"] != "" {
		t.Errorf("the model is not named as missing: %q, %q", not, d.Secrets.Unexported)
	}
	open, err := json.Marshal([]any{d.Inventory, d.Warnings})
	if err != nil || strings.Contains(string(open), "my-secret-jwt-key") || strings.Contains(string(open), "DEFINE") {
		t.Errorf("what lies open holds a key: %s, %v", open, err)
	}
	rows["t"]++
	_, _, err = dump(t, s)
	wantError(t, err, db.ErrIncomplete, "table t has")
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error holds a key: %v", err)
	}
}
