package restore_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/restore"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

// keys of the sample's accesses; an export of 3.x hides them.
var sampleKeys = map[string]string{"api": "not-a-secret-in-a-sample", "people": "another-sample-key"}

// A house is a server, a store and a key: all that a backup and a restore need.
type house struct {
	srv        *surrealtest.Server
	store      *local.Store
	dir        string // of the store
	recipients *crypt.Recipients
	identities *crypt.Identities
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{srv: surrealtest.Start(t, surrealtest.Options{}), dir: t.TempDir()}
	var err error
	if h.store, err = local.Open(local.Options{Dir: h.dir}); err != nil {
		t.Fatal(err)
	}
	file, recipient, err := crypt.GenerateIdentity(crypt.X25519, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if h.recipients, err = crypt.ParseRecipients([]string{recipient}); err != nil {
		t.Fatal(err)
	}
	if h.identities, err = crypt.ParseIdentities("test", []byte(file), nil); err != nil {
		t.Fatal(err)
	}
	return h
}

// sample makes a database with one of everything that this server knows.
func (h *house) sample(t *testing.T) (ns, database string) {
	t.Helper()
	ns, database = h.srv.Fresh(t)
	for _, file := range h.srv.Samples() {
		h.srv.Query(t, ns, database, read(t, "sample", file))
	}
	return ns, database
}

func read(t *testing.T, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "testdata"}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// client is root's, for one database.
func (h *house) client(t *testing.T, ns, database string) *db.Client {
	t.Helper()
	c, err := db.Dial(db.Options{URL: h.srv.URL, Namespace: ns, Database: database, Username: h.srv.Username, Password: h.srv.Password})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type dumper struct{ db.Source }

func (d dumper) Dump(ctx context.Context, w io.Writer) (backup.Details, error) {
	got, err := d.Source.Dump(ctx, w)
	if err != nil {
		return backup.Details{}, err
	}
	secrets, err := json.Marshal(got.Secrets)
	return backup.Details{Engine: got.Engine, Inventory: got.Inventory, Warnings: got.Warnings, Secrets: secrets}, err
}

// backup takes a backup of a database and returns it, readable.
func (h *house) backup(t *testing.T, ns, database string, keys map[string]string) restore.Backup {
	t.Helper()
	return h.take(t, dumper{db.Source{Client: h.client(t, ns, database), AccessKeys: keys}})
}

// A given dump is a text that some other server printed.
type given struct{ engine, text string }

func (g given) Dump(_ context.Context, w io.Writer) (backup.Details, error) {
	inv, err := db.Describe(strings.NewReader(g.text))
	if err != nil {
		return backup.Details{}, err
	}
	if _, err := io.WriteString(w, g.text); err != nil {
		return backup.Details{}, err
	}
	return backup.Details{Engine: g.engine, Inventory: inv}, nil
}

// sealed is such a dump with what is sealed beside it.
type sealed struct {
	given
	secrets db.Secrets
}

func (s sealed) Dump(ctx context.Context, w io.Writer) (backup.Details, error) {
	d, err := s.given.Dump(ctx, w)
	if err != nil {
		return d, err
	}
	d.Secrets, err = json.Marshal(s.secrets)
	return d, err
}

func (h *house) take(t *testing.T, source backup.Source) restore.Backup {
	t.Helper()
	res, err := backup.Run(t.Context(), h.backupJob(source))
	if err != nil {
		t.Fatal(err)
	}
	return restore.Backup{Copies: []restore.Copy{{Name: "local", Store: h.store}}, Manifest: res.Manifest, Opener: h.identities}
}

func (h *house) backupJob(source backup.Source) backup.Job {
	return backup.Job{
		Kind: "database", Source: "vapora", Suffix: ".surql", Dump: source,
		Destinations: []backup.Destination{{Name: "local", Store: h.store, Required: true}},
		Recipients:   h.recipients, Level: 1, Tool: catalog.Tool{Name: "test", Version: "0"}, Host: "test",
		Now: time.Now, Random: rand.Reader,
	}
}

func (h *house) job(t *testing.T, b restore.Backup, ns, database string) restore.Job {
	t.Helper()
	return restore.Job{Backup: b, Target: &db.Target{Client: h.client(t, ns, database)}, Workers: 2, Now: time.Now}
}
