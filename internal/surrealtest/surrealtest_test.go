package surrealtest_test

import (
	"bytes"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

func TestSampleLoads(t *testing.T) {
	t.Parallel()
	s := surrealtest.Start(t, surrealtest.Options{})
	ns, database := s.Fresh(t)
	for _, name := range s.Samples() {
		fill(t, s, ns, database, name)
	}
	once, twice := s.Export(t, ns, database), s.Export(t, ns, database)
	if !bytes.Equal(once, twice) {
		t.Error("two exports of the same state differ")
	}
	for _, want := range []string{"\nOPTION IMPORT;\n", "/a'\\/b[{]\"\\/\\//", "1>..3", "{ geometries: [(1, 2)], type: 'GeometryCollection' }"} {
		if !bytes.Contains(once, []byte(want)) {
			t.Errorf("the export lacks %q", want)
		}
	}
	got := s.Query(t, ns, database, "SELECT VALUE pets FROM ONLY keeper:1; SELECT VALUE <-likes FROM ONLY sales:[product:desk]; SELECT VALUE <~watcher FROM ONLY sales:[product:lamp]")
	for i, want := range []string{"pet:1", "likes:l1", "watcher:w"} {
		if !strings.Contains(string(got[i]), want) {
			t.Errorf("got %s, want %s in it", got[i], want)
		}
	}
	ns, database = s.Fresh(t)
	fill(t, s, ns, database, "hard-3.surql")
	if text, want := s.Export(t, ns, database), `f"files:/a\ b/\é\"\(1\).txt"`; !bytes.Contains(text, []byte(want)) {
		t.Errorf("got %s, want %s in it", text, want)
	}
}

// A store on disk outlives its server; a server that was stopped is gone.
func TestStoreOnDisk(t *testing.T) {
	t.Parallel()
	o := surrealtest.Options{Store: "surrealkv", Dir: t.TempDir()}
	s, err := surrealtest.Launch(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ns, database := s.Fresh(t)
	s.Query(t, ns, database, "CREATE a:1 SET x = 1")
	before := s.Export(t, ns, database)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("a second Stop: %v", err)
	}
	if c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://")); err == nil {
		c.Close()
		t.Error("the server still listens")
	}
	again := surrealtest.Start(t, o)
	if after := again.Export(t, ns, database); !bytes.Equal(before, after) {
		t.Errorf("got %s, want %s", after, before)
	}
}

func TestLaunchFails(t *testing.T) {
	t.Setenv("VAPORA_TEST_SURREAL", "/bin/false")
	_, err := surrealtest.Launch(t.Context(), surrealtest.Options{Engine: "real"})
	if err == nil || !strings.Contains(err.Error(), "ended before it was ready") {
		t.Errorf("got %v, want an error that says that the server ended", err)
	}
	t.Setenv("VAPORA_TEST_SURREAL", "/nonexistent")
	if _, err = surrealtest.Launch(t.Context(), surrealtest.Options{Engine: "real"}); err == nil {
		t.Error("got a server from a program that is not there")
	}
}

// A misspelt wish must not become another server.
func TestLaunchRefuses(t *testing.T) {
	for _, c := range []struct {
		o    surrealtest.Options
		env  string
		want string
	}{
		{surrealtest.Options{Engine: "reel"}, "", `no engine is called "reel"`},
		{surrealtest.Options{}, "nmp", `no engine is called "nmp"`},
		{surrealtest.Options{Store: "disk"}, "", `no store is called "disk"`},
		{surrealtest.Options{Store: "surrealkv"}, "", "needs a folder"},
	} {
		t.Chdir(t.TempDir())
		t.Setenv("VAPORA_TEST_ENGINE", c.env)
		s, err := surrealtest.Launch(t.Context(), c.o)
		if err == nil {
			err = s.Stop()
			t.Errorf("%+v, %q: got a server (stopped: %v), want an error", c.o, c.env, err)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v, %q: got %v, want %s", c.o, c.env, err, c.want)
		}
	}
}

// The text that the old engine's dialect needs.
func TestEngine2(t *testing.T) {
	t.Parallel()
	_, answers := surrealtest.Run2(t, []byte("CREATE a:1 SET x = 1; CREATE a:2;"), "SELECT VALUE id FROM a", "RETURN 1 + 1")
	if strings.Join(answers, "|") != "[a:1, a:2]|2" {
		t.Errorf("got answers %q", answers)
	}
	export, answers := surrealtest.Engine2(t, []byte("OPTION IMPORT;\nDEFINE TABLE a SCHEMALESS;\nINSERT [ { id: a:1, x: 1.5f } ];\n"), "SELECT VALUE x FROM a")
	if !bytes.Contains(export, []byte("INSERT [ { id: a:1, x: 1.5f } ];")) || strings.Join(answers, "|") != "[1.5f]" {
		t.Errorf("got %q and %s", answers, export)
	}
}

// What a client of ours must cope with, as both servers do it.
func TestWrongName(t *testing.T) {
	t.Parallel()
	s := surrealtest.Start(t, surrealtest.Options{})
	ns, database := s.Fresh(t)
	for _, at := range [][2]string{{ns, "typo"}, {"typo", database}} {
		for _, r := range []request{{method: http.MethodGet}, {method: http.MethodPost, contentType: "application/json", body: "{}"}} {
			r.path, r.ns, r.database = "/export", at[0], at[1]
			if status, body := send(t, s, r); status != http.StatusOK || body != "" {
				t.Errorf("%s export of %q: got status %d and %q, want an empty 200", r.method, at, status, body)
			}
		}
		want(t, s, request{method: http.MethodPost, path: "/sql", ns: at[0], database: at[1], body: "SELECT * FROM x"}, http.StatusOK, `"kind":"NotFound"`, "'typo' does not exist")
	}
	want(t, s, request{method: http.MethodGet, path: "/export"}, http.StatusBadRequest, "Specify a namespace to use")
	want(t, s, request{method: http.MethodGet, path: "/export", ns: ns}, http.StatusBadRequest, "Specify a database to use")
	info := string(s.Query(t, ns, "", "INFO FOR NS")[0]) + string(s.Query(t, "", "", "INFO FOR ROOT")[0])
	if strings.Contains(info, "typo") {
		t.Errorf("something was created: %s", info)
	}
}
