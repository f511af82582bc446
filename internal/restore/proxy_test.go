package restore_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/restore"
)

// through is a job whose target lies behind a proxy. It passes on what edit makes of each
// POST's body, the first of which is 1.
func (h *house) through(t *testing.T, j restore.Job, edit func(n int, path, body string) string) restore.Job {
	t.Helper()
	var posts atomic.Int64
	return h.behind(t, j, func(next http.Handler, w http.ResponseWriter, r *http.Request, body string) {
		if r.Method == http.MethodPost {
			body = edit(int(posts.Add(1)), r.URL.Path, body)
		}
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Length", fmt.Sprint(len(body)))
		next.ServeHTTP(w, r)
	})
}

func (h *house) behind(t *testing.T, j restore.Job, handle func(next http.Handler, w http.ResponseWriter, r *http.Request, body string)) restore.Job {
	t.Helper()
	to, err := url.Parse(h.srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	next := httputil.NewSingleHostReverseProxy(to)
	transport := &http.Transport{}
	next.Transport = transport
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		handle(next, w, r, string(body))
	}))
	t.Cleanup(func() { srv.Close(); transport.CloseIdleConnections() })
	c := j.Target.Client
	client, err := db.Dial(db.Options{URL: srv.URL, Namespace: c.Namespace(), Database: c.Database(), Username: h.srv.Username, Password: h.srv.Password})
	if err != nil {
		t.Fatal(err)
	}
	target := *j.Target
	target.Client = client
	j.Target = &target
	return j
}

// What a server took otherwise than it was sent, and called well, is found in the end.
func TestRestoredOtherwise(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "CREATE a:1 SET v = 'one'; CREATE a:2 SET v = 'two'; CREATE b:1 SET v = 1; DEFINE FIELD v ON a TYPE string; DEFINE INDEX by_v ON a FIELDS v; DEFINE EVENT seen ON b THEN { };"+
		"DEFINE TABLE knows TYPE RELATION; RELATE a:1->knows:1->a:2; RELATE a:1->knows:2->b:1; DEFINE PARAM $p VALUE 1; DEFINE FUNCTION fn::f() { RETURN 1; };")
	b := h.backup(t, ns, from, nil)
	for name, c := range map[string]struct{ old, new, want string }{
		"a record is missing":      {"{ id: a:1, v: 'one' }, ", "", "table a has 1 records, the backup has 2"},
		"a record is another":      {"v: 'two' }", "v: 'too' }", "table a: a record is not what it was"},
		"an edge is a record":      {"INSERT RELATION [", "INSERT [", "edges of knows are reachable"},
		"a field is another":       {"FIELD OVERWRITE v ON a TYPE string", "FIELD OVERWRITE v ON a TYPE any", "FIELD v ON a"},
		"an index is missing":      {"DEFINE INDEX", "RETURN 1; -- ", "INDEX by_v ON a"},
		"an event is missing":      {"DEFINE EVENT", "RETURN 1; -- ", "EVENT seen ON b"},
		"a parameter is another":   {"$p VALUE 1", "$p VALUE 2", "PARAM p"},
		"a function is missing":    {"DEFINE FUNCTION", "RETURN 1; -- ", "FUNCTION f"},
		"nothing is otherwise":     {"", "", ""},
		"more came than was there": {"{ id: a:2, v: 'two' }", "{ id: a:2, v: 'two' }, { id: a:3, v: 'three' }", "table a has 3 records, the backup has 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, to := h.srv.Fresh(t)
			j := h.job(t, b, ns, to)
			j.CompareRows = true
			var edited atomic.Bool // several imports at once
			j = h.through(t, j, func(_ int, path, body string) string {
				if path != "/import" || c.old == "" {
					return body
				}
				if strings.Contains(body, c.old) {
					edited.Store(true)
				}
				return strings.Replace(body, c.old, c.new, 1)
			})
			_, err := restore.Run(t.Context(), j)
			switch {
			case c.old == "":
				if err != nil {
					t.Error(err)
				}
			case !edited.Load():
				t.Errorf("nothing like %q was sent", c.old)
			case !errors.Is(err, restore.ErrDiffers) || !strings.Contains(err.Error(), c.want):
				t.Errorf("got %v, want ErrDiffers with %q", err, c.want)
			}
		})
	}
}

// A restore of single tables that ends anywhere, before the server has what was sent or
// behind it, is started again and ends right: also for edges that came since the backup.
func TestTablesInterrupted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, name := h.srv.Fresh(t)
	h.srv.Query(t, ns, name, "CREATE c:1, p:1; DEFINE TABLE bought TYPE RELATION IN c OUT p; RELATE c:1->bought:1->p:1; DEFINE FIELD b ON x TYPE option<record<bought>> REFERENCE; CREATE x:1 SET b = bought:1;"+
		"DEFINE FIELD r ON bought TYPE option<record<p>> REFERENCE; RELATE bought:1->of:1->p:1;")
	b := h.backup(t, ns, name, nil)
	const walk = "RETURN [c:1->bought, p:1<-bought, bought:1->of, p:1<-of, (SELECT * FROM bought), x:1.b]"
	want := fmt.Sprintf("%s", h.srv.Query(t, ns, name, walk))
	for n := 1; ; n++ {
		for _, behind := range []bool{false, true} {
			h.srv.Query(t, ns, name, "FOR $i IN 100..150 { RELATE c:1->(type::record('bought', $i))->p:1 SET r = p:1 RETURN NONE }; UPDATE bought:1 SET v = 1 RETURN NONE;")
			j := h.job(t, b, ns, name)
			j.Tables, j.Force = []string{"bought"}, true
			var posts atomic.Int64
			cut := h.behind(t, j, func(next http.Handler, w http.ResponseWriter, r *http.Request, _ string) {
				mine := r.Method == http.MethodPost && posts.Add(1) == int64(n)
				if mine && behind {
					next.ServeHTTP(httptest.NewRecorder(), r)
				}
				if mine {
					panic(http.ErrAbortHandler)
				}
				next.ServeHTTP(w, r)
			})
			_, err := restore.Run(t.Context(), cut)
			if reached := posts.Load() >= int64(n); !reached && err == nil && n > 5 {
				return // it was not cut at all
			}
			if _, err := restore.Run(t.Context(), j); err != nil {
				t.Fatalf("again, after a cut at request %d, behind it %v: %v", n, behind, err)
			}
			if got := fmt.Sprintf("%s", h.srv.Query(t, ns, name, walk)); got != want {
				t.Fatalf("cut at request %d, behind it %v:\ngot  %s\nwant %s", n, behind, got, want)
			}
		}
	}
}

// What a server refuses in the middle of forgetting leaves all as it was.
func TestForgettingIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, name := h.srv.Fresh(t)
	h.srv.Query(t, ns, name, "CREATE c:1, p:1; DEFINE TABLE bought TYPE RELATION IN c OUT p; RELATE c:1->bought:1->p:1; DEFINE FIELD b ON x TYPE option<record<bought>> REFERENCE; CREATE x:1 SET b = bought:1; RELATE bought:1->of:1->p:1;")
	b := h.backup(t, ns, name, nil)
	const walk = "RETURN [c:1->bought, p:1<-bought, bought:1->of, (SELECT * FROM bought)]"
	want := fmt.Sprintf("%s", h.srv.Query(t, ns, name, walk))
	h.srv.Query(t, ns, name, "RELATE c:1->bought:2->p:1; RELATE bought:2->of:2->p:1; UPDATE bought:1 SET v = 1")
	newer := fmt.Sprintf("%s", h.srv.Query(t, ns, name, walk))
	j := h.job(t, b, ns, name)
	j.Tables, j.Force = []string{"bought"}, true
	refused := h.through(t, j, func(_ int, _, body string) string {
		return strings.Replace(body, "RELATE $in->$id->$out RETURN NONE", "THROW 'no'", 1)
	})
	if _, err := restore.Run(t.Context(), refused); err == nil || !strings.Contains(err.Error(), "forget the edges of bought") {
		t.Fatalf("got %v", err)
	}
	if got := fmt.Sprintf("%s", h.srv.Query(t, ns, name, walk)); got != newer {
		t.Errorf("after the refusal:\ngot  %s\nwant %s", got, newer)
	}
	if _, err := restore.Run(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%s", h.srv.Query(t, ns, name, walk)); got != want {
		t.Errorf("in the end:\ngot  %s\nwant %s", got, want)
	}
}

// However many edges came since the backup: nobody knows of them.
func TestManyNewerEdges(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, name := h.srv.Fresh(t)
	h.srv.Query(t, ns, name, "CREATE c:1, p:1; DEFINE TABLE bought TYPE RELATION IN c OUT p; RELATE c:1->bought:1->p:1; DEFINE FIELD b ON x TYPE option<record<bought>> REFERENCE; CREATE x:1 SET b = bought:1;")
	b := h.backup(t, ns, name, nil)
	h.srv.Query(t, ns, name, "FOR $i IN 100..21_000 { RELATE c:1->(type::record('bought', $i))->p:1 RETURN NONE };")
	j := h.job(t, b, ns, name)
	j.Tables, j.Force = []string{"bought"}, true
	if _, err := restore.Run(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if got := string(h.srv.Query(t, ns, name, "RETURN [c:1->bought, p:1<-bought]")[0]); got != `[["bought:1"],["bought:1"]]` {
		t.Errorf("walks find %.200s", got)
	}
}
