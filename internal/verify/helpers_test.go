package verify_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
	"github.com/vapora-platform/vapora-backup/internal/verify"
)

var errDenied = errors.New("access denied")

// A dump is the source of a backup.
type dump string

func (d dump) Dump(_ context.Context, w io.Writer) (backup.Details, error) {
	_, err := io.WriteString(w, string(d))
	return backup.Details{Engine: "surrealdb-3.3.5", Inventory: len(d), Secrets: []byte("hush")}, err
}

type keys struct {
	recipients *crypt.Recipients
	identities *crypt.Identities
	signer     *crypt.Signer
	trusted    *crypt.Trusted
}

func newKeys(t *testing.T) keys {
	t.Helper()
	private, public, err := crypt.GenerateIdentity(crypt.X25519, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var k keys
	if k.recipients, err = crypt.ParseRecipients([]string{public}); err != nil {
		t.Fatal(err)
	}
	if k.identities, err = crypt.ParseIdentities("test", []byte(private), nil); err != nil {
		t.Fatal(err)
	}
	signing, signed, err := crypt.GenerateSigningKey()
	if err != nil {
		t.Fatal(err)
	}
	if k.signer, err = crypt.ParseSigner(signing, nil); err != nil {
		t.Fatal(err)
	}
	if k.trusted, err = crypt.ParseTrusted([]string{signed}); err != nil {
		t.Fatal(err)
	}
	return k
}

// take takes a backup at that hour, and returns its manifest.
func take(t *testing.T, k keys, hour int, to storage.Store) *catalog.Manifest {
	t.Helper()
	res, err := backup.Run(t.Context(), backup.Job{
		Kind: "database", Source: "vapora", Suffix: ".surql", Dump: dump(strings.Repeat("x", hour)),
		Destinations: []backup.Destination{{Name: "primary", Store: to, Required: true}},
		Recipients:   k.recipients, Signer: k.signer, Tool: catalog.Tool{Name: "vapora-backup"},
		Now: func() time.Time { return time.Date(2026, 11, 23, hour, 0, 0, 0, time.UTC) }, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.Manifest
}

// two returns a store with two backups.
func two(t *testing.T, k keys) (s *storagetest.Memory, first, second *catalog.Manifest) {
	t.Helper()
	s = &storagetest.Memory{}
	return s, take(t, k, 13, s), take(t, k, 14, s)
}

// run verifies all that a store holds.
func run(t *testing.T, s storage.Store, k keys, l verify.Level) []verify.Outcome {
	t.Helper()
	return verify.Run(t.Context(), options(t, s, k, l))
}

func options(t *testing.T, s storage.Store, k keys, l verify.Level) verify.Options {
	t.Helper()
	got, err := catalog.List(t.Context(), s, catalog.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return verify.Options{
		Store: s, Entries: got.Entries, Level: l, Verifier: k.trusted, Opener: k.identities, Inspectors: by(inspect), Now: time.Now,
	}
}

// inspect reads only what it needs: the end is not its business.
func inspect(_ context.Context, m *catalog.Manifest, plain io.Reader) error {
	if b := make([]byte, 1); string(m.Inventory) != "0" {
		if _, err := io.ReadFull(plain, b); err != nil {
			return err
		}
		if b[0] != 'x' {
			return errors.New("not what the inventory says")
		}
	}
	return nil
}

// by is the Inspector of all kinds that these tests have.
func by(f inspectFunc) map[string]verify.Inspector {
	return map[string]verify.Inspector{"database": f, "notes": f}
}

type inspectFunc func(context.Context, *catalog.Manifest, io.Reader) error

func (f inspectFunc) Inspect(ctx context.Context, m *catalog.Manifest, plain io.Reader) error {
	return f(ctx, m, plain)
}
