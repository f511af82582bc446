package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
	"github.com/vapora-platform/vapora-backup/internal/testserver"
	"github.com/vapora-platform/vapora-backup/internal/tools/corpus"
)

const small = corpus.Small

func (b *bench) vapora() string { return filepath.Join(b.root, "vapora-backup") }

// age is the stock tool: the newest, of the tests' cache, where it is there.
func (b *bench) age() string {
	if path := filepath.Join(testserver.Cache(), "bin", "age"); size(path) > 0 {
		return path
	}
	return "age"
}

// prepare makes keys, a config, and the dumps.
func (b *bench) prepare() error {
	for _, args := range [][]string{
		{"keys", "generate"},
		{"config", "init", "--namespace", "bench", "--database", "main", "--min-size", "1kB"},
	} {
		cmd := exec.Command(b.vapora(), args...)
		cmd.Dir = b.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("vapora-backup %s: %w\n%s", args[0], err, out)
		}
	}
	for name, mb := range map[string]int64{"dump.surql": b.size, "export.surql": b.export, "live.surql": b.live, "kept.surql": b.kept} {
		f, err := os.Create(filepath.Join(b.dir, name))
		if err != nil {
			return err
		}
		if err := corpus.Write(f, mb*1_000_000); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// fill puts the dump of measurement 1 into a server.
func (b *bench) fill(ctx context.Context, srv *surrealtest.Server) error {
	if _, err := srv.Exec(ctx, "", "", "DEFINE NAMESPACE bench"); err != nil {
		return err
	}
	if _, err := srv.Exec(ctx, "bench", "", "DEFINE DATABASE main"); err != nil {
		return err
	}
	// In a process of its own: what this one has in memory would be counted
	// as the peak of every child.
	_, err := b.shell(ctx, "exec "+b.self+" post "+srv.URL+" export.surql")
	return err
}

// stored makes a backup of the large dump, for get.
func (b *bench) stored(ctx context.Context) error {
	return b.take(ctx, "dump.surql", "surrealdb-3.3.5")
}

// A file is a dump on disk as a source.
type file struct{ path, engine string }

func (f file) Dump(_ context.Context, w io.Writer) (backup.Details, error) {
	in, err := os.Open(f.path)
	if err != nil {
		return backup.Details{}, err
	}
	defer in.Close() // read only
	inv, err := db.Describe(io.TeeReader(in, w))
	return backup.Details{Engine: f.engine, Inventory: inv}, err
}

// take makes the only backup of the bench's store out of a dump on disk, in a
// process of its own for the same reason as fill.
func (b *bench) take(ctx context.Context, dump, engine string) error {
	_, err := b.shell(ctx, "exec "+b.self+" take "+dump+" "+engine)
	return err
}

// take is that process: DUMP ENGINE, in the bench's folder.
func take(ctx context.Context, args []string) error {
	if err := os.RemoveAll("backups"); err != nil {
		return err
	}
	store, err := local.Open(local.Options{Dir: "backups"})
	if err != nil {
		return err
	}
	recipients, err := readRecipients(filepath.Join("keys", "identity.pub"))
	if err != nil {
		return err
	}
	key, err := os.ReadFile(filepath.Join("keys", "signing.key"))
	if err != nil {
		return err
	}
	signer, err := crypt.ParseSigner(string(key), nil)
	if err != nil {
		return err
	}
	_, err = backup.Run(ctx, backup.Job{
		Kind: "database", Source: "vapora", Suffix: ".surql", Dump: file{args[0], args[1]},
		Destinations: []backup.Destination{{Name: "primary", Store: store, Required: true}},
		Recipients:   recipients, Level: 1, Signer: signer, Tool: catalog.Tool{Name: "bench", Version: "0"}, Host: "bench",
		Now: func() time.Time { return time.Now().UTC() }, Random: rand.Reader,
	})
	return err
}

func readRecipients(path string) (*crypt.Recipients, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return crypt.ParseRecipients(strings.Split(strings.TrimSpace(string(text)), "\n"))
}
