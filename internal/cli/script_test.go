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

	"github.com/vapora-platform/vapora-backup/internal/azuretest"
	"github.com/vapora-platform/vapora-backup/internal/cli"
	"github.com/vapora-platform/vapora-backup/internal/gcstest"
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
// SurrealDB with the sample database, and an S3 server with a bucket.
func TestScriptsWithServers(t *testing.T) {
	t.Parallel()
	srv := surrealtest.Start(t, surrealtest.Options{})
	store, moto := s3test.Start(t, s3test.Versitygw), s3test.Start(t, s3test.Moto)
	google, azure := gcstest.Start(t), azuretest.Start(t)
	root := filepath.Join("..", "..", "testdata")
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join(root, "script", "server"),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "sql": sql(srv), "flip": flip, "expand": expand, "wrapkey": wrapkey, "signin": signin, "slowthaw": slowThaw(t, moto),
			"approvers": approvers, "requestid": requestID, "oldorphan": oldOrphan},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			ns, database := srv.Fresh(t)
			text, err := os.ReadFile(filepath.Join(root, "sample", "everything-3.surql"))
			if err != nil {
				return err
			}
			srv.Query(t, ns, database, string(text))
			writable := store.Bucket(t)
			writer := store.As(t, writable, "s3:PutObject")
			e.Vars = append(e.Vars, "LOCKED="+store.LockedBucket(t), "WRITABLE="+writable, "WRITER_ACCESS="+writer.AccessKey, "WRITER_SECRET="+writer.SecretKey,
				"MOTO="+moto.Endpoint, "COLD="+moto.Bucket(t), "AWS_ACCESS_KEY_ID="+moto.AccessKey, "AWS_SECRET_ACCESS_KEY="+moto.SecretKey)
			e.Vars = append(e.Vars, "STORAGE_EMULATOR_HOST="+google.Endpoint, "GS_BUCKET="+google.Bucket(t),
				"AZURE="+azure.Endpoint, "ACCOUNT="+azure.Account, "ACCOUNT_KEY="+azure.Key, "CONTAINER="+azure.Container(t))
			e.Vars = append(e.Vars, "SURREAL="+srv.URL, "NS="+ns, "DB="+database, "DB_PASSWORD="+srv.Password,
				"S3="+store.Endpoint, "S3_ACCESS="+store.AccessKey, "S3_SECRET="+store.SecretKey, "BUCKET="+store.Bucket(t))
			return nil
		},
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
