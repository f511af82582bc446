package surrealtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Start is Launch for a test, which ends with the server. It never skips.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Store == "surrealkv" && o.Dir == "" {
		o.Dir = t.TempDir()
	}
	s, err := Launch(context.WithoutCancel(t.Context()), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s, %s engine", s.Version, s.Engine)
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stop the server: %v", err)
		}
		if t.Failed() && s.Log() != "" {
			t.Logf("the server said:\n%s", s.Log())
		}
	})
	return s
}

// do sends a request of root's and returns the answer's body, whatever its status.
func (s *Server) do(ctx context.Context, method, path, ns, database string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.SetBasicAuth(s.Username, s.Password)
	req.Header.Set("Accept", "application/json")
	if ns != "" {
		req.Header.Set("surreal-ns", ns)
	}
	if database != "" {
		req.Header.Set("surreal-db", database)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close() // read to its end below
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, text, err
}

func (s *Server) version(ctx context.Context) (string, error) {
	_, text, err := s.do(ctx, http.MethodGet, "/version", "", "", nil)
	return strings.TrimSpace(string(text)), err
}

// Exec runs statements and returns the value of each; one that fails is an error.
func (s *Server) Exec(ctx context.Context, ns, database, sql string) ([]json.RawMessage, error) {
	status, text, err := s.do(ctx, http.MethodPost, "/sql", ns, database, []byte(sql))
	if err != nil {
		return nil, err
	}
	var results []struct {
		Status string          `json:"status"`
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(text, &results); err != nil {
		return nil, fmt.Errorf("status %d: %s", status, text)
	}
	var out []json.RawMessage
	for i, r := range results {
		if r.Status != "OK" {
			return nil, fmt.Errorf("statement %d: %s", i, r.Result)
		}
		out = append(out, r.Result)
	}
	return out, nil
}

// Query is Exec for a test.
func (s *Server) Query(t testing.TB, ns, database, sql string) []json.RawMessage {
	t.Helper()
	out, err := s.Exec(t.Context(), ns, database, sql)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Fresh makes a database that nobody else uses.
func (s *Server) Fresh(t testing.TB) (ns, database string) {
	t.Helper()
	ns, database = "ns_"+strings.ToLower(rand.Text()[:8]), "db_"+strings.ToLower(rand.Text()[:8])
	s.Query(t, "", "", "DEFINE NAMESPACE "+ns)
	s.Query(t, ns, "", "DEFINE DATABASE "+database)
	return ns, database
}

// Export returns the text of a database.
func (s *Server) Export(t testing.TB, ns, database string) []byte {
	t.Helper()
	status, text, err := s.do(t.Context(), http.MethodGet, "/export", ns, database, nil)
	if err != nil || status != http.StatusOK {
		t.Fatalf("export: status %d, %v", status, err)
	}
	return text
}

// Import loads a text; a statement that fails is a failure.
func (s *Server) Import(t testing.TB, ns, database string, text []byte) {
	t.Helper()
	if err := s.Load(t.Context(), ns, database, text); err != nil {
		t.Fatal(err)
	}
}

// Load is Import for who has no test at hand.
func (s *Server) Load(ctx context.Context, ns, database string, text []byte) error {
	status, body, err := s.do(ctx, http.MethodPost, "/import", ns, database, text)
	if err != nil || status != http.StatusOK || strings.TrimSpace(string(body)) != "[]" {
		return fmt.Errorf("import: status %d, %w: %s", status, err, body)
	}
	return nil
}
