package cli_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/vapora-platform/vapora-backup/internal/cli"
	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

// TestMain lets the test binary be the program, so that scripts run what users
// run, under the race detector.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"vapora-backup":            func() { os.Exit(cli.Main(cli.System(), os.Args[1:])) },
		"age-plugin-" + pluginName: func() { os.Exit(runPlugin()) },
	})
}

// TestScripts runs testdata/script/*.txtar: the binary as a user would use it,
// without a server.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// TestScriptsWithServers runs testdata/script/server/*.txtar, which find a
// SurrealDB with the sample database, and servers of three clouds.
func TestScriptsWithServers(t *testing.T) {
	t.Parallel()
	w := newServers(t)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("..", "..", "testdata", "script", "server"),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "sql": sql(w.surreal), "import": stockImport(w.surreal, w.command), "flip": flip, "expand": expand, "wrapkey": wrapkey, "signin": signin,
			"slowthaw": slowThaw(t, w.moto), "approvers": approvers, "requestid": requestID, "oldorphan": oldOrphan, "recipients": recipients, "resign": resign, "moment": moment, "revoke": revoke,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition:           w.has,
		Setup:               func(e *testscript.Env) error { return w.setup(t, e) },
	})
}

// slowthaw LOOKS has the next thaws take so many looks.
func slowThaw(t *testing.T, moto *s3test.Server) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: slowthaw LOOKS")
		}
		looks, err := strconv.Atoi(args[0])
		ts.Check(err)
		moto.SlowThaw(t, looks)
	}
}

// sql STATEMENT runs on the server, in the script's database.
func sql(srv *surrealtest.Server) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: sql STATEMENT")
		}
		_, err := srv.Exec(context.Background(), ts.Getenv("NS"), ts.Getenv("DB"), args[0])
		ts.Check(err)
	}
}

// import DATABASE FILE makes a database and loads a text into it by `surreal import`, or,
// on the engine from npm, which has no such program, as that does: in one piece.
func stockImport(srv *surrealtest.Server, command []string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: import DATABASE FILE")
		}
		ns := ts.Getenv("NS")
		_, err := srv.Exec(context.Background(), ns, "", "DEFINE DATABASE "+args[0])
		ts.Check(err)
		if filepath.Base(command[0]) != "surreal" {
			ts.Check(srv.Load(context.Background(), ns, args[0], []byte(ts.ReadFile(args[1]))))
			return
		}
		ts.Check(ts.Exec(command[0], "import", "--endpoint", srv.URL, "--user", srv.Username, "--pass", srv.Password,
			"--namespace", ns, "--database", args[0], args[1]))
	}
}

// flip PATTERN flips a bit in the middle of the one file that matches.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: flip PATTERN")
	}
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) != 1 {
		ts.Fatalf("got %d files that match %s, want 1", len(files), args[0])
	}
	text, err := os.ReadFile(files[0])
	ts.Check(err)
	text[len(text)/2] ^= 1
	ts.Check(os.WriteFile(files[0], text, 0o600))
}

// expand FILE puts variables into a file.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		text := os.Expand(ts.ReadFile(name), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

// exits CODE COMMAND… runs a command and wants that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("got exit code %d, want %d", got, want)
	}
}
