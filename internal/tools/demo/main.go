// Command demo shows a newcomer a backup and a restore on a real SurrealDB with
// a sample database: every command as one would type it, what it prints, and a
// comparison of the two databases at the end. It needs the binary that
// `make build` made, and keeps what it wrote in ./demo.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
	"github.com/vapora-platform/vapora-backup/internal/testserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// A demo is one run of it.
type demo struct {
	root, dir      string
	binary         string
	source, target *surrealtest.Server
	began          time.Time
}

// The databases; restored is in an engine of its own.
const (
	namespace = "vapora"
	database  = "main"
)

func run(ctx context.Context) (err error) {
	root, err := testserver.Root()
	if err != nil {
		return err
	}
	d := &demo{root: root, dir: filepath.Join(root, "demo"), binary: filepath.Join(root, "vapora-backup"), began: time.Now()}
	if err := os.RemoveAll(d.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return err
	}
	d.say("1. A real engine, with one of everything that a plain export and import can lose")
	if d.source, err = d.start(ctx, "the source"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.source.Stop()) }()
	if err := d.load(ctx); err != nil {
		return err
	}
	if d.target, err = d.start(ctx, "the target, empty"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.target.Stop()) }()
	for _, step := range []func(context.Context) error{d.prepare, d.backup, d.restore, d.compare} {
		if err := step(ctx); ctx.Err() != nil {
			return errors.New("interrupted; both engines are stopped")
		} else if err != nil {
			return err
		}
	}
	d.say("Done in %s. The keys, the config and the backup lie in ./demo; both engines are stopped.", time.Since(d.began).Round(100*time.Millisecond))
	return nil
}

func (d *demo) say(format string, args ...any) { fmt.Printf("\n"+format+"\n", args...) }

func (d *demo) start(ctx context.Context, what string) (*surrealtest.Server, error) {
	s, err := surrealtest.Launch(ctx, surrealtest.Options{})
	if err == nil {
		fmt.Printf("   %s: %s (%s engine) at %s\n", what, s.Version, s.Engine, s.URL)
	}
	return s, err
}

// load makes the sample database.
func (d *demo) load(ctx context.Context) error {
	if _, err := d.source.Exec(ctx, "", "", "DEFINE NAMESPACE "+namespace); err != nil {
		return err
	}
	if _, err := d.source.Exec(ctx, namespace, "", "DEFINE DATABASE "+database); err != nil {
		return err
	}
	for _, file := range d.source.Samples() {
		text, err := os.ReadFile(filepath.Join(d.root, "testdata", "sample", file))
		if err != nil {
			return err
		}
		if _, err := d.source.Exec(ctx, namespace, database, string(text)); err != nil {
			return fmt.Errorf("load %s: %w", file, err)
		}
		fmt.Printf("   loaded testdata/sample/%s\n", file)
	}
	return nil
}

// vapora runs the program as one would type it, in ./demo.
func (d *demo) vapora(ctx context.Context, args ...string) error {
	fmt.Printf("\n$ vapora-backup %s\n", strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, d.binary, args...)
	cmd.Dir = d.dir
	cmd.Env = append(os.Environ(), "DB_PASSWORD="+d.source.Password, "API_KEY=not-a-secret-in-a-sample", "PEOPLE_KEY=another-sample-key")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("vapora-backup %s: %w", args[0], err)
	}
	fmt.Printf("  [%s]\n", time.Since(begin).Round(10*time.Millisecond))
	return nil
}

func (d *demo) prepare(ctx context.Context) error {
	d.say("2. Keys and a config")
	if err := d.vapora(ctx, "keys", "generate"); err != nil {
		return err
	}
	if err := d.vapora(ctx, "config", "init", "--database-url", d.source.URL, "--namespace", namespace, "--database", database, "--min-size", "10kB"); err != nil {
		return err
	}
	return d.addKeys()
}

// addKeys tells the config where the access keys are that 3.x hides.
func (d *demo) addKeys() error {
	path := filepath.Join(d.dir, "vapora-backup.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	const hidden = "    # access_keys: [{name: acct, key: {env: ACCT_KEY}}]"
	shown := "    access_keys: [{name: api, key: {env: API_KEY}}, {name: people, key: {env: PEOPLE_KEY}}]"
	changed := strings.Replace(string(text), hidden, shown, 1)
	if changed == string(text) {
		return errors.New("the example config has no line for access_keys")
	}
	fmt.Printf("\nin demo/vapora-backup.yaml, because SurrealDB 3 hides these keys in its exports:\n%s\n", shown)
	return os.WriteFile(path, []byte(changed), 0o600)
}

func (d *demo) backup(ctx context.Context) error {
	d.say("3. A backup, proved, and what is known of it")
	for _, args := range [][]string{{"backup", "db"}, {"list"}, {"show"}, {"verify"}, {"verify", "--deep", "--identity", "keys/identity.txt"}} {
		if err := d.vapora(ctx, args...); err != nil {
			return err
		}
	}
	return d.files()
}

// files lists what was written.
func (d *demo) files() error {
	fmt.Println("\nwhat lies in ./demo:")
	return filepath.WalkDir(d.dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(d.dir, path)
		fmt.Printf("%9d  %s\n", info.Size(), name)
		return err
	})
}

func (d *demo) restore(ctx context.Context) error {
	d.say("4. A restore into the second engine, which is empty")
	return d.vapora(ctx, "restore", "db", "--identity", "keys/identity.txt", "--to-url", d.target.URL)
}
