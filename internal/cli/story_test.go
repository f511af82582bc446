package cli_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/cli"
	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

// A story is the program over months: what is typed, and a clock that is turned.
type story struct {
	t    *testing.T
	now  time.Time
	env  []string
	seen string // what the last command printed, both streams
}

// run runs a command line that must end with that code, and returns its stdout.
func (s *story) run(want int, args ...string) string {
	s.t.Helper()
	var out, talk bytes.Buffer
	got := cli.Main(cli.Env{
		In: strings.NewReader(""), Out: &out, Err: &talk, Environ: s.env, Now: func() time.Time { return s.now }, Random: rand.Reader, Host: "worker-1",
	}, append(args, "--config", "all.yaml"))
	s.seen = out.String() + talk.String()
	if got != want {
		s.t.Fatalf("%s: %s: got exit code %d, want %d\n%s", s.now.Format("2006-01-02"), strings.Join(args, " "), got, want, s.seen)
	}
	return out.String()
}

// says wants the last command to have said something.
func (s *story) says(pattern string) {
	s.t.Helper()
	if !regexp.MustCompile(pattern).MatchString(s.seen) {
		s.t.Fatalf("%s: got no %q in\n%s", s.now.Format("2006-01-02"), pattern, s.seen)
	}
}

// A quarter in the life of a platform: backups each day, a restore test on each
// first Sunday, a copy that rots and is mended, a deletion that two people agree
// to and that waits a day, and a record that tells all of it.
func TestAQuarter(t *testing.T) {
	srv := surrealtest.Start(t, surrealtest.Options{})
	ns, database := srv.Fresh(t)
	srv.Query(t, ns, database, "DEFINE TABLE project; CREATE project:1 SET name = 'vapora'; DEFINE TABLE uses TYPE RELATION; CREATE project:2; RELATE project:1->uses->project:2")
	command, err := surrealtest.Command(t.Context()) // while the module is still the working directory
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	s := &story{t: t, now: time.Date(2099, 1, 1, 0, 5, 0, 0, time.UTC), env: append(os.Environ(), "DB_PASSWORD="+srv.Password)}
	hook := newHook(t)
	s.env = append(s.env, "HOOK="+hook.URL)
	s.config(srv, ns, database, command)
	ids := s.quarter()

	// A copy rots in the first destination. It is found, and mended from the other.
	rotten := find(t, filepath.Join("backups", "database", "vapora", "2099-03-*", ids[80]+".surql.zst.age"))
	text, err := os.ReadFile(rotten)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(rotten, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s.run(1, "verify", "--since", "30d")
	s.says(`BAD +` + ids[80] + ` .*primary`)
	s.run(0, "sync", "--repair")
	s.says(`repaired +` + ids[80] + ` .*secondary to primary`)
	s.now = s.now.Add(time.Minute) // of two verifications in one second the bad one counts
	s.run(0, "verify", "--since", "30d")

	// What retention lets go: requested, approved by two others, a day later gone.
	s.run(0, "prune", "request", "--reason", "retention of the quarter", "--unsafe-blast-radius", "the first of its kind")
	request := regexp.MustCompile(`request (\S+):`).FindStringSubmatch(s.seen)[1]
	hook.told(t, "alert prune request: request "+request+": 11", "failure verify: 1 of ")
	s.run(0, "report")
	s.says(`request ` + request + ` by .*; waiting for approval; 0 approvals; retention of the quarter`)
	s.says(`MEDIUM: request ` + request + `: it overrides the blast radius: the first of its kind`)
	s.says(`restore test passed`)
	s.run(1, "prune", "apply", request)
	s.run(0, "prune", "approve", request, "--key", "operations/signing.key")
	s.run(0, "prune", "approve", request, "--key", "security/signing.key")
	s.run(1, "prune", "apply", request)
	s.says("waiting until 2099-04-02")
	s.now = s.now.Add(24 * time.Hour)
	s.run(4, "report")
	s.says(`HIGH: database/vapora: backups have stopped: the newest good one is 25h01m old, the RPO is 1h`)
	hook.told(t, "failure report: 2 problems; the first: database/vapora: backups have stopped")
	s.run(0, "backup", "db")
	s.run(0, "prune", "apply", request)
	s.says(`deleted \d+ backups`)
	s.run(0, "prune", "--explain", ids[len(ids)-1])
	s.says(`is kept`)
	s.run(0, "verify", "--all")
	s.run(0, "restore-test", "--select", "random", "--seed", "3", "--identity", "keys/identity.txt")
	s.tells(request, ids[80])
}

// config is the strategy in small: two places, approvers, a place for the record.
func (s *story) config(srv *surrealtest.Server, ns, database string, command []string) {
	s.t.Helper()
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	write("all.yaml", "version: 1\n") // for the commands that make keys
	var keys []string
	for _, dir := range []string{"keys", "operations", "security", "recovery"} {
		s.run(0, "keys", "generate", "--dir", dir)
		pub, err := os.ReadFile(filepath.Join(dir, "signing.pub"))
		if err != nil {
			s.t.Fatal(err)
		}
		words := strings.Fields(string(pub))
		keys = append(keys, fmt.Sprintf("{name: %s, key: %s}", dir, words[len(words)-1]))
	}
	quoted, err := json.Marshal(command)
	if err != nil {
		s.t.Fatal(err)
	}
	s.run(0, "config", "init", "--database-url", srv.URL, "--namespace", ns, "--database", database, "--min-size", "100B", "--output", "first.yaml")
	write("more.yaml", `destinations:
  - {name: secondary, url: "file:secondary", takes: daily, keep: {daily: 30d, weekly: 90d}}
audit: {url: "file:record"}
notify: [{name: ops, type: webhook, url: {env: HOOK}}]
restore_test:
  command: `+string(quoted)+`
  checks: [{query: "SELECT count() FROM project GROUP ALL", expect: "count > 0"}]
deletion:
  approvers: [`+strings.Join(keys[1:], ", ")+`]
`)
	write("all.yaml", "version: 1\ninclude: [first.yaml, more.yaml]\n")
}

// quarter takes a backup each day, tries one on each first Sunday, and returns the
// IDs of the backups.
func (s *story) quarter() []string {
	s.t.Helper()
	var ids []string
	drills := 0
	for ; s.now.Before(time.Date(2099, 4, 1, 1, 0, 0, 0, time.UTC)); s.now = s.now.AddDate(0, 0, 1) {
		s.run(0, "backup", "db")
		ids = append(ids, regexp.MustCompile(`\d{8}T\d{6}Z-\w{6}`).FindString(s.seen))
		out := s.run(0, "restore-test", "--if", "first-sunday", "--select", "random", "--within", "7d", "--identity", "keys/identity.txt")
		drills += strings.Count(out, "passed: ")
	}
	if drills != 3 {
		s.t.Errorf("got %d restore tests in a quarter, want 3", drills)
	}
	s.now = s.now.AddDate(0, 0, -1).Add(time.Hour)
	return ids
}

// tells wants the record to be whole, and to tell the story.
func (s *story) tells(request, mended string) {
	s.t.Helper()
	s.run(0, "audit", "join") // and sign it up to its end
	s.run(0, "audit", "verify")
	s.says(`^good: .* 0 after the last one`)
	var log struct {
		Entries []struct {
			Action, Result, Reason, Detail string
			Actor                          struct{ Host string }
			Subject                        struct{ Backup, Request, Destination string }
		}
	}
	if err := json.Unmarshal([]byte(s.run(0, "audit", "log", "--json")), &log); err != nil {
		s.t.Fatal(err)
	}
	count := map[string]int{}
	for _, e := range log.Entries {
		count[e.Action+" "+e.Result]++
		if e.Actor.Host != "worker-1" {
			s.t.Errorf("got %+v, want it to say where", e)
		}
		if e.Action == "delete" && (e.Subject.Request != request || e.Subject.Backup == "") {
			s.t.Errorf("got %+v, want it to say by which request", e)
		}
		if e.Action == "sync" && (e.Subject.Backup != mended || e.Subject.Destination != "primary") {
			s.t.Errorf("got %+v", e)
		}
	}
	for what, least := range map[string]int{
		"backup ok": 92, "restore-test ok": 4, "verify failed": 2, "verify ok": 2, "sync ok": 1, "request ok": 1, "approve ok": 2, "delete ok": 60,
	} {
		if count[what] < least {
			s.t.Errorf("%s: got %d, want at least %d", what, count[what], least)
		}
	}
	if count["backup failed"]+count["sync failed"]+count["restore-test failed"] > 0 {
		s.t.Errorf("got %v", count)
	}
}

func find(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) != 1 {
		t.Fatalf("got %v, %v for %s, want one file", files, err, pattern)
	}
	return files[0]
}
