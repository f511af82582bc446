package db_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/db"
)

// made numbers the namespaces of a run; each test has its own.
var made atomic.Int64

// options are those of root for a database that exists and is this test's own.
func options(t *testing.T) db.Options {
	t.Helper()
	o := db.Options{
		URL: shared.URL, Namespace: fmt.Sprintf("ns %d %d", os.Getpid(), made.Add(1)), Database: "main",
		Username: shared.Username, Password: shared.Password, Idle: 30 * time.Second, UserAgent: "test",
	}
	c := dial(t, o)
	run(t, c, "", "", "DEFINE NAMESPACE `"+o.Namespace+"`")
	run(t, c, o.Namespace, "", "DEFINE DATABASE main")
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if _, err := c.QueryIn(ctx, "", "", "REMOVE NAMESPACE `"+o.Namespace+"`"); err != nil {
			t.Errorf("remove the namespace: %v", err)
		}
	})
	return o
}

func dial(t *testing.T, o db.Options) *db.Client {
	t.Helper()
	c, err := db.Dial(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// run runs statements that must succeed.
func run(t *testing.T, c *db.Client, namespace, database, sql string) []db.Result {
	t.Helper()
	results, err := c.QueryIn(t.Context(), namespace, database, sql)
	if err != nil {
		t.Fatalf("run %.60q: %v", sql, err)
	}
	for i, r := range results {
		if r.Err != "" {
			t.Fatalf("run %.60q: statement %d: %s", sql, i, r.Err)
		}
	}
	return results
}

// fill runs statements in the database of o.
func fill(t *testing.T, o db.Options, sql string) {
	t.Helper()
	run(t, dial(t, o), o.Namespace, o.Database, sql)
}

// everything fills the database of o with the sample for the server's version.
func everything(t *testing.T, o db.Options) db.Version {
	t.Helper()
	v, err := dial(t, o).Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files := []string{"everything-3.surql"}
	if !v.Less(db.Version{Major: 3, Minor: 3}) {
		files = append(files, "everything-3.3.surql")
	}
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "sample", name))
		if err != nil {
			t.Fatal(err)
		}
		fill(t, o, string(text))
	}
	return v
}

// dump backs up and returns the text.
func dump(t *testing.T, s db.Source) (*db.Dumped, string, error) {
	t.Helper()
	s.Recount = 2 * time.Second // what lacks rows here lacks them for good
	var text bytes.Buffer
	d, err := s.Dump(t.Context(), &text)
	if (d == nil) == (err == nil) {
		t.Fatalf("got %v and error %v, want one of them", d, err)
	}
	return d, text.String(), err
}

// passOn returns a proxy to a server, with a handler before it that may answer
// in the server's place.
func passOn(t *testing.T, to string, handle func(next http.Handler, w http.ResponseWriter, r *http.Request)) http.Handler {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	next := httputil.NewSingleHostReverseProxy(target)
	transport := &http.Transport{} // the default one is closed with the first test's server
	next.Transport = transport
	t.Cleanup(transport.CloseIdleConnections)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// All of it first: a server closes what is left of a request when it
		// begins to answer, and the proxy would break its own connection over that.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read the request: %v", err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		handle(next, w, r)
	})
}

// before returns the options for the server of o behind passOn.
func before(t *testing.T, o db.Options, handle func(next http.Handler, w http.ResponseWriter, r *http.Request)) db.Options {
	t.Helper()
	srv := httptest.NewServer(passOn(t, o.URL, handle))
	t.Cleanup(srv.Close)
	o.URL = srv.URL
	return o
}

// exporting is before, for the export alone.
func exporting(t *testing.T, o db.Options, handle func(next http.Handler, w http.ResponseWriter, r *http.Request)) db.Options {
	t.Helper()
	return before(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/export" {
			next.ServeHTTP(w, r)
			return
		}
		handle(next, w, r)
	})
}

// instead answers an export with what edit makes of the real text, and ends
// cleanly.
func instead(t *testing.T, o db.Options, edit func(text string) string) db.Options {
	t.Helper()
	return exporting(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
		if _, err := w.Write([]byte(edit(rec.Body.String()))); err != nil {
			t.Errorf("answer: %v", err)
		}
	})
}

// wantError checks that err is kind and says every one of words.
func wantError(t *testing.T, err, kind error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("got no error")
	}
	if kind != nil && !errors.Is(err, kind) {
		t.Errorf("got error %q, want one that is %q", err, kind)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got error %q, want it to say %q", err, w)
		}
	}
}

// jsonAnswer answers as /sql does when a statement fails.
func jsonAnswer(w http.ResponseWriter, words string) error {
	return json.NewEncoder(w).Encode([]map[string]string{{"status": "ERR", "result": words}})
}
