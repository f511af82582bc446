package db_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db"
)

// answering is before, with what edit makes of the real answer to each query.
func answering(t *testing.T, o db.Options, edit func(query, answer string) string) db.Options {
	t.Helper()
	return before(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/sql" {
			next.ServeHTTP(w, r)
			return
		}
		query, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read the query: %v", err)
		}
		r.Body = io.NopCloser(bytes.NewReader(query))
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
		w.WriteHeader(rec.Code)
		if _, err := io.WriteString(w, edit(string(query), rec.Body.String())); err != nil {
			t.Errorf("answer: %v", err)
		}
	})
}

// A server that says less of itself than every one in the field does proves nothing: a
// list that is gone, or is another, would let all that it names be missing.
func TestInfoThatSaysLess(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	instead := func(old, by string) func(query, answer string) string {
		return func(_, answer string) string { return strings.ReplaceAll(answer, old, by) }
	}
	none := func(of string) func(query, answer string) string {
		return func(query, answer string) string {
			if strings.Contains(query, of) {
				return "[]"
			}
			return answer
		}
	}
	for _, c := range []struct {
		name string
		edit func(query, answer string) string
		says string
	}{
		{"no fields", instead(`"fields":`, `"columns":`), "it says nothing of fields"},
		{"no indexes", instead(`"indexes":`, `"keys":`), "it says nothing of indexes"},
		{"no events", instead(`"events":`, `"triggers":`), "it says nothing of events"},
		{"no functions", instead(`"functions":`, `"procedures":`), "it says nothing of functions"},
		{"no users", instead(`"users":`, `"people":`), "it says nothing of users"},
		{"no tables", instead(`"tables":`, `"relations":`), "it says nothing of tables"},
		{"a function that is a number", instead(`"functions":{`, `"functions":{"x":1,`), "its functions are no statements"},
		{"fields as a list", instead(`"fields":{"name"`, `"fields":{"other":["x"],"name"`), "its fields are no statements"},
		{"no answer of indexes", none("INFO FOR INDEX"), "ask for the indexes: got 0 answers"},
		{"no answer of parameters", none("RETURN <string>"), "ask for the parameters: got 0 answers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := dump(t, db.Source{Client: dial(t, answering(t, o, c.edit))})
			wantError(t, err, nil, c.says)
		})
	}
	same := func(_, answer string) string { return answer }
	if _, _, err := dump(t, db.Source{Client: dial(t, answering(t, o, same))}); err != nil {
		t.Errorf("whole answers: %v", err)
	}
}
