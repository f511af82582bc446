package db_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

func TestImport(t *testing.T) {
	t.Parallel()
	o := options(t)
	c := dial(t, o)
	for _, step := range []struct {
		name, text string
		failures   int
		says       string // in the failure, or in the error where there is none
	}{
		{"whole", "OPTION IMPORT;\nDEFINE TABLE a;\nINSERT [ { id: a:1 }, { id: a:2 } ];\n", 0, ""},
		{"an id that exists", "OPTION IMPORT;\nINSERT [ { id: a:3 } ];\nINSERT [ { id: a:1, secret: 'hunter2' } ];\nINSERT [ { id: a:4 } ];\n", 1, "already exists"},
		{"two failures", "OPTION IMPORT;\nINSERT [ { id: a:1 } ];\nINSERT [ { id: a:2 } ];\n", 2, "already exists"},
		{"a unique index", "OPTION IMPORT;\nDEFINE INDEX u ON b FIELDS v UNIQUE;\nINSERT [ { id: b:1, v: 'hunter2' } ];\nINSERT [ { id: b:2, v: 'hunter2' } ];\n", 1, "already contains"},
		{"a parse error", "OPTION IMPORT;\nINSERT [ { id: a:5 } ];\nDEFINE USER hunter2 PASSWORD 'hunter2' ON;\n", -1, "Parse error"},
	} {
		failures, err := c.Import(t.Context(), []byte(step.text))
		var all []string
		for _, f := range failures {
			all = append(all, f.Message)
		}
		if err != nil {
			all = append(all, err.Error())
		}
		got := strings.Join(all, "\n")
		if step.failures >= 0 && (len(failures) != step.failures || err != nil) || step.failures < 0 && len(all) == 0 {
			t.Errorf("%s: got failures %v and error %v, want %d", step.name, failures, err, step.failures)
		}
		if !strings.Contains(got, step.says) || strings.Contains(got, "hunter2") {
			t.Errorf("%s: got %q, want %q and nothing of the text", step.name, got, step.says)
		}
	}
	counts, err := c.Counts(t.Context(), []string{"a", "b", "nothing"})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := counts["nothing"]; counts["a"] < 4 || counts["b"] != 1 || ok {
		t.Errorf("got counts %v: what did not fail must be there", counts)
	}
}

func TestNoOptionImport(t *testing.T) {
	t.Parallel()
	o := options(t)
	failures, err := dial(t, o).Import(t.Context(), []byte("DEFINE TABLE a;\n"))
	wantError(t, err, nil, "status 400")
	if len(failures) > 0 {
		t.Errorf("got failures %v", failures)
	}
}

// TestImportAnswers has answers that no server at hand gives: of older ones, of
// limits, of what stands between. The shapes are those of docs and trials.
func TestImportAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		status   int
		body     string
		failures int
		says     string
	}{
		{"2.x, all well", 200, `[{"result":null,"status":"OK","time":"1ms"}]`, 0, ""},
		{"2.x, one failed", 200, `[{"result":null,"status":"OK","time":"1ms"},{"result":"Database record ` + "`a:1`" + ` already exists","status":"ERR","time":"1ms"}]`, 1, "already exists"},
		{"too large", 413, `{"code":413,"details":"Payload Too Large","description":"The request has exceeded the maximum payload size.","information":"length limit exceeded"}`, -1, "413"},
		{"a limit on the way", 422, `[{"result":"length limit exceeded","status":"ERR","time":"1ms"}]`, 1, "length limit exceeded"},
		{"422 without a list", 422, `{"code":422,"information":"something"}`, -1, "422"},
		{"422 with an empty list", 422, `[]`, -1, "422"},
		{"415 of 1.x and 2.x", 415, `Unsupported media type`, -1, "unsupported version"},
		{"200 of something else", 200, `<html>login</html>`, -1, "not the list"},
		{"200, cut", 200, `[{"result":null,"sta`, -1, "not the list"},
		{"502", 502, `<html><body>Bad Gateway</body></html>`, -1, "502"},
		{"a failure without words", 200, `[{"result":null,"status":"ERR"}]`, 1, "without a reason"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/import" {
					http.NotFound(w, r)
					return
				}
				text, err := io.ReadAll(r.Body)
				if err != nil || r.ContentLength != int64(len(text)) || len(r.TransferEncoding) > 0 {
					t.Errorf("a body of %d bytes, %d announced, %v", len(text), r.ContentLength, r.TransferEncoding)
				}
				for name, want := range map[string]string{"Accept": "application/json", "Accept-Encoding": "identity", "surreal-ns": "n", "surreal-db": "d"} {
					if got := r.Header.Get(name); got != want {
						t.Errorf("header %s is %q, want %q", name, got, want)
					}
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			}))
			t.Cleanup(srv.Close)
			client := dial(t, db.Options{URL: srv.URL, Namespace: "n", Database: "d", Username: "u", Password: "p"})
			failures, err := client.Import(t.Context(), []byte("OPTION IMPORT;\n"))
			if c.failures < 0 {
				wantError(t, err, nil, c.says)
				if c.status == http.StatusRequestEntityTooLarge && !strings.Contains(hint.Of(err), "SURREAL_HTTP_MAX_SQL_BODY_SIZE") {
					t.Errorf("got hint %q, want the limit's name", hint.Of(err))
				}
				return
			}
			if err != nil || len(failures) != c.failures {
				t.Fatalf("got failures %v and error %v, want %d", failures, err, c.failures)
			}
			for _, f := range failures {
				if !strings.Contains(f.Message, c.says) {
					t.Errorf("got %q, want %q in it", f.Message, c.says)
				}
			}
		})
	}
}

// TestNothingIsQuoted has words of servers with a secret in them, at every place
// where servers of all versions quote a statement or a value.
func TestNothingIsQuoted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ words, want string }{
		{"Parse error: Unexpected token `hunter2`, expected Eof\n --> [1:9]\n  |\n1 | DEFINE ACCESS a KEY 'hunter2'\n", "Parse error: Unexpected token …, expected Eof"},
		{"Parse error: Unexpected token --> 1:9 KEY hunter2", "Parse error: Unexpected token"},
		{"Database record `a:hunter2` already exists", "Database record … already exists"},
		{"Database index `i` already contains 'hunter2', with record `a:1`", "Database index … already contains"},
		{"Found 'it`s hunter2' for field `pass`, with record `a:1`, but expected a int", "Found … for field …, but expected a int"},
		{"Couldn't coerce value for field `f` of `a:1`: Expected `int` but found `'hunter2'`", "Couldn't coerce value for field …"},
		{"Expected a string but found { key: hunter2 }", "Expected a string but found …"},
		{"Expected a string but found [hunter2]", "Expected a string but found …"},
		{"Unclosed 'hunter2", "Unclosed …"},
		{strings.Repeat("x", 5000), strings.Repeat("x", 100)},
		{"two\x1b[31m lines", "two"},
		{"The table 'typo' does not exist", "The table 'typo' does not exist"},
		{"IAM error: Not enough permissions to perform this action", "IAM error: Not enough permissions to perform this action"},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/sql" {
				http.NotFound(w, r)
				return
			}
			if err := jsonAnswer(w, c.words); err != nil {
				t.Error(err)
			}
		}))
		results, err := dial(t, db.Options{URL: srv.URL, Namespace: "n", Database: "d"}).Query(t.Context(), "x")
		srv.Close()
		if err != nil || len(results) != 1 {
			t.Fatalf("got %v and error %v", results, err)
		}
		got := results[0].Err
		if strings.Contains(got, "hunter2") || len(got) > 300 || strings.ContainsAny(got, "\n\x1b") {
			t.Errorf("%q became %q", c.words, got)
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%q became %q, want %q", c.words, got, c.want)
		}
	}
}
