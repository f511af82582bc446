package surrealtest_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

// A request is one to a server, by root unless it says otherwise.
type request struct {
	method, path, ns, database, body string
	user, password, authNS, authDB   string
	token                            string
	anonymous                        bool
	contentType                      string
}

// send returns the answer's status and body, and checks what every answer has.
func send(t *testing.T, s *surrealtest.Server, r request) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.method, s.URL+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true // a server closes the connection behind a 413, and says so late
	switch {
	case r.token != "":
		req.Header.Set("Authorization", "Bearer "+r.token)
	case r.user != "":
		req.SetBasicAuth(r.user, r.password)
	case !r.anonymous:
		req.SetBasicAuth(s.Username, s.Password)
	}
	for name, value := range map[string]string{
		"Accept": "application/json", "Content-Type": r.contentType,
		"surreal-ns": r.ns, "surreal-db": r.database, "surreal-auth-ns": r.authNS, "surreal-auth-db": r.authDB,
	} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() // read to its end below
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(s.Version, "-", "/", 1)
	if got := res.Header.Get("surreal-version"); got != want && res.StatusCode != http.StatusUnauthorized {
		t.Errorf("%s %s: surreal-version is %q, want %q", r.method, r.path, got, want)
	}
	return res.StatusCode, string(body)
}

// want checks an answer: its status, and what it says.
func want(t *testing.T, s *surrealtest.Server, r request, status int, words ...string) {
	t.Helper()
	got, body := send(t, s, r)
	if got != status {
		t.Errorf("%s %s: got status %d, want %d: %.300s", r.method, r.path, got, status, body)
	}
	for _, w := range words {
		if !strings.Contains(body, w) {
			t.Errorf("%s %s: got %.300q, want %q in it", r.method, r.path, body, w)
		}
	}
}

// fill runs files of testdata/sample in a database.
func fill(t *testing.T, s *surrealtest.Server, ns, database string, files ...string) {
	t.Helper()
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "sample", name))
		if err != nil {
			t.Fatal(err)
		}
		s.Query(t, ns, database, string(text))
	}
}
