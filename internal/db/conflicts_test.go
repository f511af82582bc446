package db_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// A server that meets a conflict says so of one statement of an import, and not of which.
// The server is a fake: it refuses each statement the first time, but for the first of an
// import, and what it has it has.
func TestConflictsAreRetried(t *testing.T) {
	t.Parallel()
	for store, words := range map[string]string{
		"3.3":              "Transaction conflict: Write conflict, retry the transaction. This transaction can be retried",
		"3.0 on surrealkv": "There was a problem with a transaction: Transaction retry required: memtable history insufficient for conflict detection",
		"3.3 on surrealkv": "There was a problem with a transaction: Transaction retry required: snapshot is older than the commit oracle's GC window",
		"3.3 on TiKV":      "The transaction's commit outcome is unknown; it may or may not have been applied: deadline",
	} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			conflictsAreRetried(t, words)
		})
	}
}

func conflictsAreRetried(t *testing.T, words string) {
	t.Helper()
	const rows = 20_000
	dump := new(bytes.Buffer)
	dump.WriteString("OPTION IMPORT;\n\n-- TABLE: a\n\nDEFINE TABLE a TYPE ANY SCHEMALESS PERMISSIONS NONE;\n\n-- TABLE DATA: a\n\nINSERT [ ")
	for i := range rows {
		fmt.Fprintf(dump, "{ id: a:%d, t: 'a text of some length; with a semicolon' }, ", i)
	}
	dump.WriteString("{ id: a:last } ];\n")
	var mu sync.Mutex
	tries, has := map[string]int{}, map[string]bool{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		statements := strings.SplitAfter(strings.TrimPrefix(string(body), "OPTION IMPORT;\n"), ";\n")
		var failed []string
		for i, s := range statements {
			if s = strings.TrimSpace(s); !strings.HasPrefix(s, "INSERT") {
				continue
			}
			switch tries[s]++; {
			case has[s]:
				failed = append(failed, "Database record `a:1` already exists")
			case tries[s] == 1 && i > 0 || tries[s] == 2 && strings.Contains(s, "a:777,"):
				failed = append(failed, words)
			default:
				has[s] = true
			}
		}
		var all []string
		for _, f := range failed {
			all = append(all, fmt.Sprintf(`{"status":"ERR","result":%q}`, f))
		}
		fmt.Fprint(w, "["+strings.Join(all, ",")+"]")
	}))
	defer srv.Close()
	done, err := loads(t, dump.String(), srv.URL, 3)
	if err != nil || done.Failed != 0 || done.Rows != rows+1 {
		t.Fatalf("got %+v and %v, want %d rows", done, err, rows+1)
	}
	got := 0
	for s := range has {
		got += strings.Count(s, "{ id: a:")
	}
	if got != rows+1 {
		t.Errorf("the server has %d rows, want %d", got, rows+1)
	}
}

// A row that meets a conflict among those that do not fit a REFERENCE fits: it goes in as
// it is, once more, and not by an import, which would lose its reference. The server is a
// fake: it takes the INSERT of all rows for a failure, as a real one does over row 3.
func TestConflictIsNoMisfit(t *testing.T) {
	t.Parallel()
	const dump = "OPTION IMPORT;\n\n-- TABLE: a\n\nDEFINE TABLE a TYPE ANY SCHEMALESS PERMISSIONS NONE;\n" +
		"DEFINE FIELD r ON a TYPE none | record<a> REFERENCE ON DELETE IGNORE PERMISSIONS FULL;\n\n-- TABLE DATA: a\n\n" +
		"INSERT [ { id: a:1, r: a:1 }, { id: a:2, r: a:1 }, { id: a:3, r: 'none' } ];\n"
	const misfit, conflict = `{"status":"ERR","result":"Couldn't coerce value for field r"}`, `{"status":"ERR","result":"This transaction can be retried"}`
	var mu sync.Mutex
	var imported, again int
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		body, answer := string(raw), "[]"
		switch n := strings.Count(body, "INSERT"); {
		case r.URL.Path == "/import":
			if n > 0 {
				imported += strings.Count(body, "{ id: a:")
			}
		case n == 3:
			answer = `[{"status":"OK","result":[]},` + conflict + "," + misfit + "]"
		case n == 1 && strings.Contains(body, "a:3"):
			answer = "[" + misfit + "]"
		case n == 1:
			again++
			answer = `[{"status":"OK","result":[]}]`
		}
		fmt.Fprint(w, answer)
	}))
	defer srv.Close()
	done, err := loads(t, dump, srv.URL, 1)
	if err != nil || done.Failed != 0 || done.Misfits["a"] != 1 || imported != 1 || again != 1 {
		t.Errorf("got %+v and %v, %d rows imported and %d sent again, want 1 and 1", done, err, imported, again)
	}
}
