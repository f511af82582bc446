package db_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// withUsers makes a VIEWER at each level and returns options for them.
func withUsers(t *testing.T) (root db.Options, users map[string]db.Options) {
	t.Helper()
	root = options(t)
	fill(t, root, shop+"DEFINE USER dbviewer ON DATABASE PASSWORD 'db' ROLES VIEWER")
	c := dial(t, root)
	run(t, c, root.Namespace, "", "DEFINE USER nsviewer ON NAMESPACE PASSWORD 'ns' ROLES VIEWER")
	name := "viewer" + strings.ReplaceAll(root.Namespace, " ", "")
	run(t, c, "", "", "DEFINE USER "+name+" ON ROOT PASSWORD 'ro' ROLES VIEWER")
	t.Cleanup(func() {
		if _, err := c.QueryIn(context.WithoutCancel(t.Context()), "", "", "REMOVE USER "+name+" ON ROOT"); err != nil {
			t.Error(err)
		}
	})
	users = map[string]db.Options{}
	for _, u := range []struct {
		level          string
		auth           db.Level
		user, password string
	}{{"root", db.Root, name, "ro"}, {"namespace", db.Namespace, "nsviewer", "ns"}, {"database", db.Database, "dbviewer", "db"}} {
		o := root
		o.Auth, o.Username, o.Password = u.auth, u.user, u.password
		users[u.level] = o
	}
	return root, users
}

func TestViewersMayBackUp(t *testing.T) {
	t.Parallel()
	root, users := withUsers(t)
	_, want, err := dump(t, db.Source{Client: dial(t, root)})
	if err != nil {
		t.Fatal(err)
	}
	warned := map[string]int{"root": 0, "namespace": 1, "database": 2}
	for level, o := range users {
		t.Run(level, func(t *testing.T) {
			basic := before(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/signin" { // which a server may hide
					http.NotFound(w, r)
					return
				}
				next.ServeHTTP(w, r)
			})
			for _, o := range []db.Options{o, withToken(t, o), basic} {
				d, text, err := dump(t, db.Source{Client: dial(t, o)})
				if err != nil {
					t.Fatal(err)
				}
				if text != want {
					t.Error("the dump is not what root gets")
				}
				if got := strings.Count(strings.Join(d.Warnings, "\n"), "the user may not ask"); got != warned[level] {
					t.Errorf("got %d warnings of what may not be asked, want %d: %q", got, warned[level], d.Warnings)
				}
			}
		})
	}
}

// withToken signs in and returns the options with the token in the user's place.
func withToken(t *testing.T, o db.Options) db.Options {
	t.Helper()
	fields := map[string]string{"user": o.Username, "pass": o.Password}
	if o.Auth >= db.Namespace {
		fields["ns"] = o.Namespace
	}
	if o.Auth == db.Database {
		fields["db"] = o.Database
	}
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.URL+"/signin", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct{ Token string }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("sign in: status %d, %v", res.StatusCode, err)
	}
	o.Token, o.Username, o.Password, o.Auth = answer.Token, "", "", db.Root
	return o
}

// TestTokenOfAnotherDatabase is of what a server hides: with a token it takes no
// notice of the database that a request names, and exports the token's own.
func TestTokenOfAnotherDatabase(t *testing.T) {
	t.Parallel()
	root, users := withUsers(t)
	run(t, dial(t, root), root.Namespace, "", "DEFINE DATABASE other")
	o := withToken(t, users["database"])
	for _, name := range []string{"other", "typo"} {
		o.Database = name
		_, text, err := dump(t, db.Source{Client: dial(t, o)})
		wantError(t, err, nil, name)
		if text != "" {
			t.Errorf("asked for %s: %d bytes were written", name, len(text))
		}
	}
}

func TestDenied(t *testing.T) {
	t.Parallel()
	_, users := withUsers(t)
	for level, o := range users {
		o.Password = "wrong"
		_, _, err := dump(t, db.Source{Client: dial(t, o)})
		wantError(t, err, db.ErrDenied)
		if err != nil && !strings.Contains(hint.Of(err), "password") {
			t.Errorf("%s: got hint %q", level, hint.Of(err))
		}
	}
	o := users["database"]
	o.Auth = db.Root // the wrong level
	_, _, err := dump(t, db.Source{Client: dial(t, o)})
	wantError(t, err, db.ErrDenied)
	o = users["root"]
	o.Token, o.Username, o.Password = "not.a.token", "", ""
	_, _, err = dump(t, db.Source{Client: dial(t, o)})
	wantError(t, err, db.ErrDenied)
	o = users["database"]
	failures, err := dial(t, o).Import(t.Context(), []byte("OPTION IMPORT;\nDEFINE PARAM $x VALUE 1;"))
	switch {
	case err != nil && strings.Contains(hint.Of(err), "EDITOR"): // a 403 for all of it
	case len(failures) == 1 && strings.Contains(failures[0].Message, "Not enough permissions"): // before 3.3
	default:
		t.Errorf("a viewer imports: got failures %v, error %v, hint %q", failures, err, hint.Of(err))
	}
}

func TestDialRefuses(t *testing.T) {
	t.Parallel()
	for _, o := range []db.Options{
		{}, {URL: "localhost:8000"}, {URL: "ftp://h"}, {URL: "http://"}, {URL: "ws://h:8000"}, {URL: "http://root:secret@h:8000"},
		{URL: "https://h", CA: []byte("no PEM")},
	} {
		if _, err := db.Dial(o); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got error %v", o.URL, err)
		}
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	o := options(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	o.URL = gone.URL
	_, _, err := dump(t, db.Source{Client: dial(t, o)})
	wantError(t, err, nil, "reach "+gone.URL)
	if err != nil && hint.Of(err) == "" {
		t.Error("no hint")
	}
}

// What is in front of a server or in its place; no SurrealDB answers so.
func TestNoSurrealDB(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   http.HandlerFunc
		kind error
		says string
	}{
		{"another service", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>hello</html>") }, nil, "no SurrealDB"},
		{"1.x", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "surrealdb-1.5.6") }, db.ErrVersion, "1.5.6"},
		{"2.0", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "surrealdb-2.0.4") }, db.ErrVersion, "2.0.4"},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusMovedPermanently)
		}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(c.do)
			t.Cleanup(srv.Close)
			_, _, err := dump(t, db.Source{Client: dial(t, db.Options{URL: srv.URL, Namespace: "n", Database: "d", Username: "u", Password: "p"})})
			wantError(t, err, c.kind, c.says)
		})
	}
}

// A redirect must not carry the password to another host.
func TestNoRedirect(t *testing.T) {
	t.Parallel()
	o := options(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s went to another host", r.URL.Path)
	}))
	t.Cleanup(elsewhere.Close)
	o = exporting(t, o, func(_ http.Handler, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	_, _, err := dump(t, db.Source{Client: dial(t, o)})
	wantError(t, err, nil, "status 307")
}

// TestSilence stalls a server at each point of an export. The length of an
// answer does not count, only silence does.
func TestSilence(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	o.Idle = 300 * time.Millisecond
	for _, path := range []string{"/version", "/sql", "/export"} {
		for _, after := range []int{0, 10} {
			t.Run(path, func(t *testing.T) {
				t.Parallel()
				stalled := before(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != path && (r.URL.Path != "/health" || path != "/sql") {
						next.ServeHTTP(w, r)
						return
					}
					if after > 0 {
						io.WriteString(w, strings.Repeat("-", after))
						http.NewResponseController(w).Flush()
					}
					<-r.Context().Done()
				})
				_, _, err := dump(t, db.Source{Client: dial(t, stalled)})
				wantError(t, err, nil, "said nothing for 300ms")
			})
		}
	}
}

func TestSlowIsNotSilent(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	o.Idle = 1500 * time.Millisecond // a busy machine is slow too
	o = exporting(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		text := rec.Body.Bytes()
		tick := time.NewTicker(200 * time.Millisecond) // ten times, more than Idle in all
		defer tick.Stop()
		for i := range 10 {
			w.Write(text[len(text)*i/10 : len(text)*(i+1)/10])
			http.NewResponseController(w).Flush()
			<-tick.C
		}
	})
	if _, _, err := dump(t, db.Source{Client: dial(t, o)}); err != nil {
		t.Error(err)
	}
}

// While it signs in, a server that only says it is well is not waited for.
func TestSignInIsNoWork(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	o.Idle = 300 * time.Millisecond
	o = before(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/signin" {
			<-r.Context().Done()
			return
		}
		next.ServeHTTP(w, r)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := dial(t, o).Query(ctx, "RETURN 1")
	wantError(t, err, nil, "said nothing for 300ms")
}

// A query and an import are answered when they are done: a server that works on
// one for longer than it may be silent, and says that it is well, is waited for.
func TestWorkIsNotSilence(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	o.Idle = 300 * time.Millisecond
	slow := before(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sql" || r.URL.Path == "/import" {
			time.Sleep(3 * o.Idle)
		}
		next.ServeHTTP(w, r)
	})
	c := dial(t, slow)
	if _, err := c.Query(t.Context(), "RETURN 1"); err != nil {
		t.Error(err)
	}
	if _, err := c.Import(t.Context(), []byte("OPTION IMPORT;\nDEFINE PARAM OVERWRITE $slow VALUE 1;")); err != nil {
		t.Error(err)
	}
}

// A destination that is slow is not the server's silence.
func TestSlowWriter(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	o.Idle = 500 * time.Millisecond
	s := db.Source{Client: dial(t, o)}
	tick := time.NewTicker(700 * time.Millisecond)
	defer tick.Stop()
	if _, err := s.Dump(t.Context(), writerFunc(func(p []byte) (int, error) { <-tick.C; return len(p), nil })); err != nil {
		t.Error(err)
	}
	full := errors.New("the disk is full")
	_, err := s.Dump(t.Context(), writerFunc(func([]byte) (int, error) { return 0, full }))
	wantError(t, err, full)
	if errors.Is(err, db.ErrIncomplete) {
		t.Errorf("the server is blamed: %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestCancel(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	ctx, cancel := context.WithCancel(t.Context())
	s := db.Source{Client: dial(t, o)}
	_, err := s.Dump(ctx, writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil }))
	wantError(t, err, context.Canceled)
	if hint.Of(err) != "" {
		t.Errorf("got hint %q for what the operator did", hint.Of(err))
	}
}

// A token expires in the middle of a long run; it is fetched again.
func TestExpiredToken(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	signed, refused := 0, 0
	o = before(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/signin" {
			signed++
		}
		if r.URL.Path == "/export" && signed == 1 {
			refused++
			http.Error(w, "The token has expired", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
	if _, _, err := dump(t, db.Source{Client: dial(t, o)}); err != nil {
		t.Error(err)
	}
	if signed != 2 || refused != 1 {
		t.Errorf("signed in %d times, refused %d times", signed, refused)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]db.Version{
		"surrealdb-3.3.5\n": {Major: 3, Minor: 3, Patch: 5}, "2.1.0": {Major: 2, Minor: 1}, "surrealdb-4.0.0-beta.1": {Major: 4, Pre: "beta.1"},
		"surrealdb-3.0.2+20260101.a-b": {Major: 3, Patch: 2},
	} {
		if got, err := db.ParseVersion(text); err != nil || got != want {
			t.Errorf("%q: got %v and error %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "nginx", "surrealdb-", "3.3", "3.3.5.1", "a.b.c", "3.-1.0", "3.3.99999999999999999999"} {
		if got, err := db.ParseVersion(text); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
	sorted := []db.Version{{Major: 2, Minor: 7}, {Major: 3}, {Major: 3, Patch: 2}, {Major: 3, Minor: 3}, {Major: 3, Minor: 3, Patch: 5},
		{Major: 4, Pre: "alpha"}, {Major: 4, Pre: "beta"}, {Major: 4, Pre: "beta.2"}, {Major: 4, Pre: "beta.10"}, {Major: 4, Pre: "beta.x"}, {Major: 4, Pre: "rc.1"}, {Major: 4}}
	if got := (db.Version{Major: 4, Pre: "beta.1"}).String(); got != "4.0.0-beta.1" {
		t.Errorf("got %s", got)
	}
	for i, v := range sorted {
		for k, w := range sorted {
			if v.Less(w) != (i < k) {
				t.Errorf("%v < %v: got %v", v, w, v.Less(w))
			}
		}
	}
}
