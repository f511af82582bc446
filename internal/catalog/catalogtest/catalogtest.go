// Package catalogtest puts small signed backups into stores, for tests only.
package catalogtest

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Key returns a new signing key, and a verifier that trusts it alone.
func Key(t testing.TB) (*crypt.Signer, *crypt.Trusted) {
	t.Helper()
	key, public, err := crypt.GenerateSigningKey()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := crypt.ParseSigner(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := crypt.ParseTrusted([]string{public})
	if err != nil {
		t.Fatal(err)
	}
	return signer, trusted
}

// Manifest returns a good manifest of a backup of kind "database", source
// "vapora", and the bytes of its objects by key. They are no archives: nothing
// but their sums is true of them.
func Manifest(t testing.TB, when time.Time) (*catalog.Manifest, map[string][]byte) {
	t.Helper()
	id, err := catalog.NewID(when, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	m := &catalog.Manifest{
		Format: 1, Kind: "database", Source: "vapora", ID: id, Started: when, Finished: when, Tool: catalog.Tool{Name: "test", Version: "1"},
		Engine: "surrealdb-3.3.5", Host: "host", Recipients: []string{"age1x"}, Inventory: []byte("{}"),
		Compression: catalog.Compression{Algorithm: catalog.ZstdSeekable, Level: 1, FrameSize: 4 << 20},
	}
	texts := map[string][]byte{}
	for _, o := range []struct{ role, suffix string }{{catalog.RoleData, ".surql.zst.age"}, {catalog.RoleSecrets, catalog.SecretsSuffix}} {
		text := []byte("sealed " + o.role + " of " + id)
		hash := sha256.Sum256(text)
		sum := archive.Sum{Size: int64(len(text)), SHA256: hex.EncodeToString(hash[:])}
		key := m.Key(o.suffix).String()
		m.Objects = append(m.Objects, catalog.Object{Role: o.role, Key: key, Stored: sum, Plain: sum})
		texts[key] = text
	}
	return m, texts
}

// Put puts a backup of a moment, with that lock, into every store, and returns
// its ID.
func Put(t testing.TB, when time.Time, signer catalog.Signer, lock storage.Lock, stores ...storage.Store) string {
	t.Helper()
	m, texts := Manifest(t, when)
	signed, err := catalog.Sign(m, signer)
	if err != nil {
		t.Fatal(err)
	}
	o := storage.PutOptions{Kind: m.Kind, Lock: lock}
	for _, s := range stores {
		for key, text := range texts {
			if err := s.Put(t.Context(), key, bytes.NewReader(text), o); err != nil {
				t.Fatal(err)
			}
		}
		if err := catalog.Commit(t.Context(), s, signed, o); err != nil {
			t.Fatal(err)
		}
	}
	return m.ID
}
