package trial_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/drill"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/restore"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
	"github.com/vapora-platform/vapora-backup/internal/trial"
)

var keys = map[string]string{"api": "not-a-secret-in-a-sample", "people": "another-sample-key"}

// A house has a backup of the sample, and a target that starts another server.
type house struct {
	srv    *surrealtest.Server
	backup restore.Backup
	local  trial.Local
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{srv: surrealtest.Start(t, surrealtest.Options{})}
	ns, database := h.srv.Fresh(t)
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "sample", "everything-3.surql"))
	if err != nil {
		t.Fatal(err)
	}
	h.srv.Query(t, ns, database, string(text))
	// A view that no restore computes again: it is noted, and is no harm.
	h.srv.Query(t, ns, database, "DEFINE TABLE hit DROP; DEFINE TABLE hits AS SELECT count() AS n FROM hit GROUP ALL; CREATE hit:1 RETURN NONE")
	c, err := db.Dial(db.Options{URL: h.srv.URL, Namespace: ns, Database: database, Username: h.srv.Username, Password: h.srv.Password})
	if err != nil {
		t.Fatal(err)
	}
	h.take(t, dumper{db.Source{Client: c, AccessKeys: keys}})
	if h.local.Command, err = surrealtest.Command(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

// take makes a backup of the source the one that is tried.
func (h *house) take(t *testing.T, source backup.Source) {
	t.Helper()
	private, public, err := crypt.GenerateIdentity(crypt.X25519, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	to, err := crypt.ParseRecipients([]string{public})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := crypt.ParseIdentities("test", []byte(private), nil)
	if err != nil {
		t.Fatal(err)
	}
	store := &storagetest.Memory{}
	res, err := backup.Run(t.Context(), backup.Job{
		Kind: "database", Source: "vapora", Suffix: ".surql", Dump: source,
		Destinations: []backup.Destination{{Name: "memory", Store: store, Required: true}}, Recipients: to, Level: 1,
		Tool: catalog.Tool{Name: "test", Version: "0"}, Host: "test", Now: time.Now, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.backup = restore.Backup{Copies: []restore.Copy{{Name: "memory", Store: store}}, Manifest: res.Manifest, Opener: ids}
}

// A given dump is a text.
type given struct{ engine, text string }

func (g given) Dump(_ context.Context, w io.Writer) (backup.Details, error) {
	inv, err := db.Describe(strings.NewReader(g.text))
	if err == nil {
		_, err = io.WriteString(w, g.text)
	}
	return backup.Details{Engine: g.engine, Inventory: inv}, err
}

type dumper struct{ db.Source }

func (d dumper) Dump(ctx context.Context, w io.Writer) (backup.Details, error) {
	got, err := d.Source.Dump(ctx, w)
	if err != nil {
		return backup.Details{}, err
	}
	secrets, err := json.Marshal(got.Secrets)
	return backup.Details{Engine: got.Engine, Inventory: got.Inventory, Secrets: secrets}, err
}

func (h *house) database(target trial.Target) *trial.Database {
	return &trial.Database{Target: target, Backup: func(*catalog.Manifest) (restore.Backup, error) { return h.backup, nil }, Now: time.Now}
}

func (h *house) run(t *testing.T, d *trial.Database) *drill.Report {
	t.Helper()
	r, err := drill.Run(t.Context(), drill.Drill{Kind: d, Manifest: h.backup.Manifest, RTO: 4 * time.Hour, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sql(statement string) func(context.Context, *db.Client) error {
	return func(ctx context.Context, c *db.Client) error {
		results, err := c.Query(ctx, statement)
		for _, r := range results {
			if r.Err != "" {
				err = errors.Join(err, errors.New(r.Err))
			}
		}
		return err
	}
}

// A good backup passes; each harm to what was restored fails it, and says where.
func TestEachHarmFails(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, x := range map[string]struct {
		harm string
		fail string // the assertion
		text string
	}{
		"no harm":              {"RETURN 1", "", ""},
		"one record removed":   {"DELETE (SELECT VALUE id FROM many LIMIT 1) RETURN NONE", "every record", "table many has"},
		"one table emptied":    {"DELETE many RETURN NONE", "every record", "table many has 0 records"},
		"one byte of a value":  {"UPDATE product:lamp SET stock += 1 RETURN NONE", "every record", "table product: a record is not what it was"},
		"a record doubled":     {"CREATE many CONTENT (SELECT * OMIT id FROM ONLY many LIMIT 1) RETURN NONE", "every record", "table many has"},
		"an edge lost one way": {"REMOVE TABLE best; REMOVE TABLE sales; DEFINE TABLE sales AS SELECT count() AS n, out AS product FROM bought GROUP BY out; DEFINE TABLE best AS SELECT math::max(n) AS top FROM sales GROUP ALL", "every edge", "likes"},
	} {
		d := h.database(h.local)
		d.After(sql(x.harm))
		r := h.run(t, d)
		failed := ""
		for _, a := range r.Assertions {
			if !a.OK {
				failed += a.Name + ": " + a.Detail + "\n"
			}
		}
		if r.OK() != (x.fail == "") || r.Error != "" || !strings.Contains(failed, x.fail) || !strings.Contains(failed, x.text) {
			t.Errorf("%s: got %s, %q, %s, want it to fail: %q with %q", name, r.Verdict, r.Error, failed, x.fail, x.text)
		}
		if r.Destination != "memory" || r.Restore <= 0 || r.Seconds["load"] <= 0 || r.Seconds["compare"] <= 0 {
			t.Errorf("%s: got %+v", name, r)
		}
	}
}

// A backup that does not come back as it says fails its test, and everything is looked
// at nevertheless.
func TestABackupThatDoesNotComeBackRight(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.take(t, given{h.srv.Version, "OPTION IMPORT;\n\n-- TABLE: a\n\nDEFINE TABLE a TYPE ANY SCHEMALESS PERMISSIONS NONE;\n\n-- TABLE DATA: a\n\nINSERT [ { id: a:1 }, { id: elsewhere:1 } ];\n"})
	r := h.run(t, h.database(h.local))
	var failed []string
	for _, a := range r.Assertions {
		if !a.OK {
			failed = append(failed, a.Name)
		}
	}
	want := []string{"counts, definitions, both ends of every edge", "every record of every table as it was"}
	if r.OK() || r.Error != "" || !slices.Equal(failed, want) {
		t.Errorf("got %s, %q, and %q failed, want %q", r.Verdict, r.Error, failed, want)
	}
}

// The server is gone afterwards, unless it is kept.
func TestNothingStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var login trial.Login
	d := h.database(h.local)
	d.Smoke = func(_ context.Context, l trial.Login) (string, error) {
		login = l
		return "", nil
	}
	if r := h.run(t, d); !r.OK() || r.Kept != "" {
		t.Fatalf("got %+v", r)
	}
	c, err := db.Dial(db.Options{URL: login.URL, Username: login.Username, Password: login.Password})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.QueryIn(t.Context(), "", "", "RETURN 1"); err == nil {
		t.Error("the server still answers")
	}
	// A trial that fails half-way leaves nothing either.
	boom := errors.New("boom")
	d.After(func(context.Context, *db.Client) error { return boom })
	if r := h.run(t, d); r.OK() || !strings.Contains(r.Error, "boom") {
		t.Errorf("got %+v", r)
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	scratch := surrealtest.Start(t, surrealtest.Options{})
	s := trial.Server{URL: scratch.URL, Username: scratch.Username, Password: scratch.Password, Sources: []string{h.srv.URL}}
	namespaces := func() string {
		t.Helper()
		return string(scratch.Query(t, "", "", "INFO FOR ROOT")[0])
	}
	if r := h.run(t, h.database(s)); !r.OK() {
		t.Errorf("got %+v", r)
	}
	if strings.Contains(namespaces(), "vapora_restore_test") {
		t.Errorf("a namespace stayed: %s", namespaces())
	}
	r, err := drill.Run(t.Context(), drill.Drill{Kind: h.database(s), Manifest: h.backup.Manifest, Now: time.Now, Keep: true})
	if err != nil || !r.OK() || !strings.Contains(namespaces(), strings.Split(r.Kept, "/")[0]) {
		t.Errorf("kept: got %+v, %v", r, err)
	}
	// The source's own server is refused, however it is spelt.
	port := h.srv.URL[strings.LastIndex(h.srv.URL, ":"):]
	for _, url := range []string{h.srv.URL, "http://localhost" + port, "http://LOCALHOST" + port + "/"} {
		s.URL = url
		if err := h.notTried(t, h.database(s)); !errors.Is(err, trial.ErrSource) {
			t.Errorf("%s: got %v", url, err)
		}
	}
	// One that cannot be reached, or lets nobody in, tells nothing of the backup.
	s.URL, s.Sources = scratch.URL, nil
	s.Password = "wrong"
	_ = h.notTried(t, h.database(s))
	s.URL = "http://127.0.0.1:1"
	_ = h.notTried(t, h.database(s))
}

// notTried wants a trial without a verdict, with a hint.
func (h *house) notTried(t *testing.T, d *trial.Database) error {
	t.Helper()
	r, err := drill.Run(t.Context(), drill.Drill{Kind: d, Manifest: h.backup.Manifest, Now: time.Now})
	if r != nil || !errors.Is(err, drill.ErrNotTried) || hint.Of(err) == "" {
		t.Errorf("got %+v, %v, hint %q; want no report", r, err, hint.Of(err))
	}
	return err
}

// Without a server, or a key, nothing is known of the backup.
func TestNotTried(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_ = h.notTried(t, h.database(trial.Local{Command: []string{"no-such-surreal"}}))
	_ = h.notTried(t, h.database(trial.Local{Command: []string{"false"}}))
	d := h.database(h.local)
	d.Backup = func(*catalog.Manifest) (restore.Backup, error) {
		return restore.Backup{}, hint.Wrap(errors.New("no key"), "name one")
	}
	_ = h.notTried(t, d)
	// What the restore itself says is a verdict.
	h.backup.Copies = []restore.Copy{{Name: "empty", Store: &storagetest.Memory{}}}
	if r := h.run(t, h.database(h.local)); r.OK() || r.Error == "" {
		t.Errorf("got %+v", r)
	}
}

func TestChecks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.database(h.local)
	holds := func(want string) func(json.RawMessage) (bool, string) {
		return func(got json.RawMessage) (bool, string) { return string(got) == want, "looked at" }
	}
	d.Checks = func(source string) []trial.Check {
		return []trial.Check{
			{Name: "check 1", Query: "RETURN 0; RETURN 7", Holds: holds("7")}, {Name: "check 2", Query: "RETURN 8", Holds: holds("7")},
			{Name: "check 3", Query: "THROW 'private'", Holds: holds("7")}, {Name: "check 4", Query: fmt.Sprintf("RETURN %q", source), Holds: holds(`"vapora"`)},
		}
	}
	d.Smoke = func(context.Context, trial.Login) (string, error) { return "private", errors.New("exit status 1") }
	r := h.run(t, d)
	got := ""
	for _, a := range r.Assertions[3:] {
		got += fmt.Sprintf("%v ", a.OK)
	}
	if r.OK() || got != "true false false true false true " { // the last is the RTO
		t.Errorf("got %s: %+v", got, r.Assertions)
	}
	// What is stored of it holds no query, no result and no output.
	text, err := json.Marshal(r)
	if err != nil || strings.Contains(string(text), "private") || strings.Contains(string(text), "RETURN") {
		t.Errorf("got %s, %v, want nothing of the data", text, err)
	}
	if seen := r.Assertions[5].Seen + r.Assertions[7].Seen; strings.Count(seen, "private") != 3 {
		t.Errorf("got %q, want it shown", seen)
	}
}

func TestNoServerToStart(t *testing.T) {
	t.Parallel()
	for _, command := range [][]string{{"no-such-surreal"}, {"false"}} {
		if s, err := (trial.Local{Command: command}).Open(t.Context()); err == nil {
			t.Errorf("%v: got %s", command, s.Name)
		}
	}
}
