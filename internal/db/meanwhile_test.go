package db_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// TestMeanwhile changes the database while it is exported: what came or went is
// no loss.
func TestMeanwhile(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	root := dial(t, o)
	changed := exporting(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
		run(t, root, o.Namespace, o.Database, "REMOVE TABLE empty; REMOVE PARAM $currency; REMOVE EVENT told ON customer; DELETE customer:2")
		next.ServeHTTP(w, r)
		run(t, root, o.Namespace, o.Database, "DEFINE TABLE later; CREATE later:1; DEFINE PARAM $more VALUE 1; DEFINE INDEX more ON product FIELDS x; CREATE product:3")
	})
	d, _, err := dump(t, db.Source{Client: dial(t, changed)})
	if err != nil {
		t.Fatal(err)
	}
	if d.Inventory.Records != 6 {
		t.Errorf("got %d records, want the 6 of the moment of the export", d.Inventory.Records)
	}
	lost := instead(t, o, func(text string) string {
		run(t, root, o.Namespace, o.Database, "DELETE product:3")
		return without(t, `, \{ id: customer:3[^}]*\}`)(text)
	})
	_, _, err = dump(t, db.Source{Client: dial(t, lost)})
	wantError(t, err, db.ErrIncomplete, "table customer has 1 rows")
}

// A queue has more rows before and after the export than in it, and as few again soon.
func TestRowsThatComeAndGo(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	root := dial(t, o)
	queue := exporting(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
		run(t, root, o.Namespace, o.Database, "DELETE customer:3")
		next.ServeHTTP(w, r)
		run(t, root, o.Namespace, o.Database, "CREATE customer:3 SET name = 'Cleo'")
		time.AfterFunc(500*time.Millisecond, func() {
			if _, err := root.Query(t.Context(), "DELETE customer:3"); err != nil {
				t.Errorf("take out of the queue: %v", err)
			}
		})
	})
	d, _, err := dump(t, db.Source{Client: dial(t, queue)})
	if err != nil {
		t.Fatal(err)
	}
	if d.Inventory.Records != 6 {
		t.Errorf("got %d records, want the 6 of the moment of the export", d.Inventory.Records)
	}
}

// A restore that empties the database, while it is exported, must not prove that half
// of it is all.
func TestRestoreMeanwhile(t *testing.T) {
	t.Parallel()
	const mark = "DEFINE PARAM OVERWRITE $vapora_backup_restore VALUE 'some-backup';"
	for name, handle := range map[string]func(sql func(string), next http.Handler, w http.ResponseWriter, r *http.Request){
		"behind it": func(sql func(string), next http.Handler, w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			next.ServeHTTP(rec, r)
			sql(mark + "DELETE customer")
			if _, err := w.Write([]byte(without(t, `, \{ id: customer:3[^}]*\}`)(rec.Body.String()))); err != nil {
				t.Errorf("answer: %v", err)
			}
		},
		"in it": func(sql func(string), next http.Handler, w http.ResponseWriter, r *http.Request) {
			sql(mark + "DELETE customer")
			next.ServeHTTP(w, r)
			sql("REMOVE PARAM $vapora_backup_restore")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			fill(t, o, shop)
			root := dial(t, o)
			o = exporting(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
				handle(func(text string) { run(t, root, o.Namespace, o.Database, text) }, next, w, r)
			})
			_, _, err := dump(t, db.Source{Client: dial(t, o)})
			wantError(t, err, db.ErrIncomplete, "a restore of some-backup into it has not ended")
		})
	}
}

// The value of a parameter that is asked for must be that of the export.
func TestParameterMeanwhile(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	root := dial(t, o)
	o = exporting(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		run(t, root, o.Namespace, o.Database, "DEFINE PARAM OVERWRITE $currency VALUE 'USD'")
	})
	d, text, err := dump(t, db.Source{Client: dial(t, o)})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Secrets.Params["currency"]; got != "" || !strings.Contains(text, "'EUR'") {
		t.Errorf("got %s beside a dump that says 'EUR'", got)
	}
}

// A server of 2.x excludes no table: it is asked for the others.
func TestLeaveOutOfTwo(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	var asked struct{ Tables []string }
	o = before(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/version":
			w.Write([]byte("surrealdb-2.7.0")) // the server is one of 3.x nevertheless
		case "/export":
			if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
				t.Errorf("what is to be exported: %v", err)
			}
			http.Error(w, "enough", http.StatusServiceUnavailable)
		default:
			next.ServeHTTP(w, r)
		}
	})
	_, _, err := dump(t, db.Source{Client: dial(t, o), LeaveOut: db.LeaveOut{Tables: []string{"bought", "nowhere"}}})
	wantError(t, err, nil, "enough")
	if want := []string{"customer", "empty", "old", "product"}; !slices.Equal(asked.Tables, want) {
		t.Errorf("got tables %q, want %q", asked.Tables, want)
	}
}

// A name that no header takes is said to be one, whatever a server makes of it.
func TestNamesThatNoHeaderTakes(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	root := dial(t, o)
	for _, name := range []string{"größe", "two\nlines", " x", "x "} {
		run(t, root, o.Namespace, "", "DEFINE DATABASE `"+name+"`")
		o.Database = name
		_, _, err := dump(t, db.Source{Client: dial(t, o)})
		wantError(t, err, nil, "headers")
	}
}

// A proxy without a server, and one that says nothing of tables, are no empty database.
func TestHollowAnswers(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	gone := before(t, o, func(_ http.Handler, w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no server behind it", http.StatusBadGateway)
	})
	_, _, err := dump(t, db.Source{Client: dial(t, gone)})
	wantError(t, err, nil, "502")
	if got := hint.Of(err); !strings.Contains(got, "no server behind it") {
		t.Errorf("got hint %q", got)
	}
	hollow := before(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		w.WriteHeader(rec.Code)
		w.Write([]byte(strings.Replace(rec.Body.String(), `"tables":{`, `"none":{`, 1)))
	})
	_, _, err = dump(t, db.Source{Client: dial(t, hollow)})
	wantError(t, err, nil, "INFO")
}
