package cli_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/cli"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// A note is a source.
type note struct{}

func (note) Dump(_ context.Context, w io.Writer) (backup.Details, error) {
	_, err := io.WriteString(w, "a note")
	return backup.Details{Engine: "surrealdb-3.3.5", Inventory: 1}, err
}

// noHold is a store without the right to hold.
type noHold struct{ *storagetest.Memory }

var errHold = errors.New("no right to hold")

func (noHold) Hold(context.Context, string, bool) error { return errHold }

func newRecipient(t *testing.T) (public string, ids *crypt.Identities) {
	t.Helper()
	file, public, err := crypt.GenerateIdentity(crypt.X25519, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if ids, err = crypt.ParseIdentities("test", []byte(file), nil); err != nil {
		t.Fatal(err)
	}
	return public, ids
}

// rewrapHouse has one backup in two stores, sealed for the identities.
func rewrapHouse(t *testing.T, source string) (a, b *storagetest.Memory, ids *crypt.Identities) {
	t.Helper()
	public, ids := newRecipient(t)
	to, err := crypt.ParseRecipients([]string{public})
	if err != nil {
		t.Fatal(err)
	}
	a, b = &storagetest.Memory{}, &storagetest.Memory{}
	_, err = backup.Run(t.Context(), backup.Job{
		Kind: "database", Source: source, Suffix: ".surql", Dump: note{}, Recipients: to, Random: rand.Reader, Now: time.Now,
		Destinations: []backup.Destination{{Name: "a", Store: a, Required: true}, {Name: "b", Store: b, Required: true}},
		Tool:         catalog.Tool{Name: "vapora-backup", Version: "v1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return a, b, ids
}

const twoFolders = `version: 1
databases:
  - {name: vapora, url: "http://127.0.0.1:1", namespace: n, username: root, password: {env: DB_PASSWORD}, ENTRY}
destinations:
  - {name: a, url: "file:a"}
  - {name: b, url: "file:b"}
encryption: {recipients: [age1cy0su9fwf3gf9mw868g5yut09p6nytfmmnktexz2ya5uqg9vl9sss4euqm]}
`

// rewrapConfig has two destinations and seals for the recipients; the database has
// more lines of its own.
func rewrapConfig(t *testing.T, recipients, more string) (cli.Env, *config.Config) {
	t.Helper()
	text := strings.NewReplacer("ENTRY", more, "age1cy0su9fwf3gf9mw868g5yut09p6nytfmmnktexz2ya5uqg9vl9sss4euqm", recipients).Replace(twoFolders)
	cfg, err := config.Parse(filepath.Join(t.TempDir(), "c.yaml"), []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	env := cli.Env{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Now: time.Now, Random: rand.Reader, Host: "h"}
	return env, cfg
}

func onlyEntry(t *testing.T, s *storagetest.Memory) catalog.Entry {
	t.Helper()
	l, err := catalog.List(t.Context(), s, catalog.Filter{})
	if err != nil || len(l.Entries) != 1 {
		t.Fatalf("got %d backups, %v, want 1", len(l.Entries), err)
	}
	return l.Entries[0]
}

// wantHeld wants all that belongs to the newest generation to be held.
func wantHeld(t *testing.T, s *storagetest.Memory) {
	t.Helper()
	e := onlyEntry(t, s)
	for _, suffix := range []string{catalog.ManifestSuffix, ".surql.zst.age"} {
		if p, err := s.Protection(t.Context(), e.Place(e.Key(suffix).String())); err != nil || !p.Hold {
			t.Errorf("%s of generation %d: got %+v, %v, want it held", suffix, e.Generation(), p, err)
		}
	}
}

// What was held is held when it was sealed anew, also when the first generation is
// gone, as after `prune orphans --apply`.
func TestRewrapHoldsAgain(t *testing.T) {
	t.Parallel()
	a, b, ids := rewrapHouse(t, "vapora")
	for range 2 {
		if old := onlyEntry(t, a); old.Generation() == 1 {
			for _, o := range old.Superseded() {
				if err := a.Delete(t.Context(), o.Key); err != nil {
					t.Fatal(err)
				}
			}
			for _, key := range onlyEntry(t, a).Keys() {
				if err := a.Hold(t.Context(), key, true); err != nil {
					t.Fatal(err)
				}
			}
		}
		public, next := newRecipient(t)
		env, cfg := rewrapConfig(t, public, "database: d")
		if failed, err := cli.Rewrap(t.Context(), env, cfg, ids, a, b); err != nil || failed != nil {
			t.Fatalf("got %v, %v", failed, err)
		}
		ids = next
	}
	wantHeld(t, a)
}

// A hold that fails is an error, and keeps no other destination from its turn.
func TestRewrapSaysThatAHoldFailed(t *testing.T) {
	t.Parallel()
	a, b, ids := rewrapHouse(t, "vapora")
	for _, key := range onlyEntry(t, a).Keys() {
		if err := a.Hold(t.Context(), key, true); err != nil {
			t.Fatal(err)
		}
	}
	public, _ := newRecipient(t)
	env, cfg := rewrapConfig(t, public, "database: d")
	failed, err := cli.Rewrap(t.Context(), env, cfg, ids, noHold{a}, b)
	if err != nil || len(failed) != 1 || !errors.Is(failed[0], errHold) {
		t.Errorf("got %v, %v, want %v", failed, err, errHold)
	}
	if got := onlyEntry(t, b).Generation(); got != 1 {
		t.Errorf("the other destination: got generation %d, want 1", got)
	}
	// The same command finishes it.
	if failed, err := cli.Rewrap(t.Context(), env, cfg, ids, a, b); err != nil || failed != nil {
		t.Errorf("again: got %v, %v", failed, err)
	}
	wantHeld(t, a)
}

// What `backup db --all-databases` took of an entry without all_databases is sealed
// anew for the entry's own recipients.
func TestRewrapSealsForTheEntry(t *testing.T) {
	t.Parallel()
	a, b, ids := rewrapHouse(t, "vapora.other")
	public, _ := newRecipient(t)
	own, mine := newRecipient(t)
	env, cfg := rewrapConfig(t, public, "database: d, recipients: ["+own+"]")
	if failed, err := cli.Rewrap(t.Context(), env, cfg, ids, a, b); err != nil || failed != nil {
		t.Fatalf("got %v, %v", failed, err)
	}
	e, s := onlyEntry(t, b).Repaired(b)
	body, err := s.Get(t.Context(), e.Key(".surql.zst.age").String())
	if err == nil {
		_, err = mine.Open(body)
	}
	if err != nil {
		t.Errorf("got %v, want it to open with the key of the entry", err)
	}
}
