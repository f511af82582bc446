package backup_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

var (
	errSource = errors.New("source broke")
	errDenied = errors.New("access denied")
	start     = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
)

// A source writes text, then calls then, then returns err.
type source struct {
	text    io.Reader
	then    func(ctx context.Context)
	err     error
	details backup.Details
	ended   error // what stopped it
}

func (s *source) Dump(ctx context.Context, w io.Writer) (backup.Details, error) {
	if _, s.ended = io.Copy(w, s.text); s.ended != nil {
		return backup.Details{}, s.ended
	}
	if s.then != nil {
		s.then(ctx)
	}
	return s.details, s.err
}

// noise returns n bytes that do not compress, so that they reach the stores.
func noise(n int64) io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{}), n) }

// several is more than a frame, and not a whole number of them.
const several = 5*archive.FrameSize/4 + 12345

func details() backup.Details {
	return backup.Details{
		Engine: "surrealdb-3.3.5", Inventory: map[string]int{"records": 7},
		Warnings: []string{"mind the gap"}, Secrets: []byte(`{"key":"hush"}`),
	}
}

type keys struct {
	recipients *crypt.Recipients
	identities *crypt.Identities
	signer     *crypt.Signer
	trusted    *crypt.Trusted
}

func newKeys(t *testing.T) keys {
	t.Helper()
	private, public, err := crypt.GenerateIdentity(crypt.X25519, start)
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

func job(k keys, s backup.Source, to ...backup.Destination) backup.Job {
	return backup.Job{
		Kind: "database", Source: "vapora", Suffix: ".surql", Dump: s, Destinations: to,
		Recipients: k.recipients, Signer: k.signer,
		Tool: catalog.Tool{Name: "vapora-backup", Version: "v0"}, Host: "worker-1",
		Now: func() time.Time { return start }, Random: strings.NewReader("abcdefghijkl"),
	}
}

func required(name string, s storage.Store) backup.Destination {
	return backup.Destination{Name: name, Store: s, Required: true}
}

func optional(name string, s storage.Store) backup.Destination {
	return backup.Destination{Name: name, Store: s}
}

// load returns the one backup that a store holds, its manifest checked.
func load(t *testing.T, s storage.Store, k keys) *catalog.Manifest {
	t.Helper()
	got, err := catalog.List(t.Context(), s, catalog.Filter{})
	if err != nil || len(got.Entries) != 1 || len(got.Orphans) != 0 || got.Foreign != 0 {
		t.Fatalf("got %+v, %v, want one backup and nothing else", got, err)
	}
	m, _, err := catalog.Load(t.Context(), s, got.Entries[0], k.trusted)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// open returns the plain bytes of an object, proved.
func open(t *testing.T, s storage.Store, k keys, o catalog.Object) []byte {
	t.Helper()
	stored, err := s.Get(t.Context(), o.Key)
	if err != nil {
		t.Fatal(err)
	}
	defer stored.Close()
	r, err := archive.NewReader(stored, k.identities, o.Summary(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func wantEmpty(t *testing.T, stores ...*storagetest.Memory) {
	t.Helper()
	for i, s := range stores {
		if left := s.Keys(); len(left) > 0 {
			t.Errorf("store %d: left behind: %q", i, left)
		}
	}
}
