package catalog_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// revoked returns a store with backups that a key signed which was revoked since, its
// clock, and the first of them as it was listed.
func revoked(t *testing.T) (s *storagetest.Memory, now *time.Time, e catalog.Entry, signer *crypt.Signer, trusted *crypt.Trusted) {
	t.Helper()
	signer, trusted = signingKey(t)
	s = stored(t, signer)
	at := time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC)
	now = &at
	s.Now = func() time.Time { return *now }
	for _, suffix := range []string{catalog.ManifestSuffix, catalog.SignatureSuffix} {
		move(s, first, first, suffix) // by that clock
	}
	if err := trusted.Revoke(signer.PublicKey(), at.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	return s, now, listed(t, s), signer, trusted
}

func listed(t *testing.T, s storage.Store) catalog.Entry {
	t.Helper()
	l, err := catalog.List(t.Context(), s, catalog.Filter{})
	if err != nil || len(l.Entries) == 0 || l.Entries[0].ID != firstID {
		t.Fatalf("got %+v, %v", l, err)
	}
	return l.Entries[0]
}

// forge writes over manifest and signature, as who has the key may.
func forge(t *testing.T, s *storagetest.Memory, signer *crypt.Signer) {
	t.Helper()
	m := manifest(firstID)
	m.Host = "the attacker's"
	signed := sign(t, m, signer)
	s.Set(first.Key(catalog.ManifestSuffix).String(), signed.Text())
	s.Set(first.Key(catalog.SignatureSuffix).String(), signed.Signature())
}

// What a revoked key signed counts by its age, which must be that of the bytes that were
// read, and not of those that lay there when it was listed.
func TestRevokedIsDatedByWhatWasRead(t *testing.T) {
	t.Parallel()
	s, now, e, signer, trusted := revoked(t)
	if m, sig, err := catalog.Load(t.Context(), s, e, trusted); err != nil || !sig.Checked || m.Host != "worker-1" {
		t.Fatalf("an old one: got %+v, %v", sig, err)
	}
	*now = now.Add(48 * time.Hour)
	forge(t, s, signer)
	if _, sig, err := catalog.Load(t.Context(), s, e, trusted); !errors.Is(err, catalog.ErrUntrusted) || sig.Checked {
		t.Errorf("written over since it was listed: got %+v, %v, want ErrUntrusted", sig, err)
	}
	if _, _, err := catalog.Fetch(t.Context(), s, e, trusted); !errors.Is(err, catalog.ErrUntrusted) {
		t.Errorf("fetched: got %v, want ErrUntrusted", err)
	}
}

// A listing that fails leaves the age unknown; one whose key counts asks for none.
func TestRevokedIsListedAgain(t *testing.T) {
	t.Parallel()
	s, _, e, _, trusted := revoked(t)
	if _, _, err := catalog.Load(t.Context(), unlisted{s}, e, trusted); !errors.Is(err, errUnlisted) {
		t.Errorf("got %v, want that of the listing", err)
	}
	signer, others := signingKey(t)
	if _, _, err := catalog.Load(t.Context(), unlisted{stored(t, signer)}, first, others); err != nil {
		t.Errorf("of a key that counts: got %v", err)
	}
}

// A good copy of a damaged manifest lies under another key, and is as old as that one.
func TestRevokedWhereItLies(t *testing.T) {
	t.Parallel()
	s, _, e, _, trusted := revoked(t)
	key := e.Key(catalog.ManifestSuffix)
	good, _ := s.Bytes(key.String())
	s.Set(key.Repair(1).String(), good)
	s.Set(key.String(), []byte("damaged"))
	seen, store := listed(t, s).Repaired(s)
	if _, sig, err := catalog.Load(t.Context(), store, seen, trusted); err != nil || !sig.Checked {
		t.Errorf("got %+v, %v", sig, err)
	}
}

// Fetch returns the signature that it verified, whatever lies there a moment later.
func TestFetchReturnsWhatItVerified(t *testing.T) {
	t.Parallel()
	signer, trusted := signingKey(t)
	s := stored(t, signer)
	want, _ := s.Bytes(first.Key(catalog.SignatureSuffix).String())
	_, got, err := catalog.Fetch(t.Context(), &once{Memory: s, read: map[string]bool{}}, first, trusted)
	if err != nil || !bytes.Equal(got.Signature(), want) {
		t.Errorf("got %q, %v, want %q", got.Signature(), err, want)
	}
}

var errUnlisted = errors.New("no right to list")

type unlisted struct{ *storagetest.Memory }

func (unlisted) List(context.Context, string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) { yield(storage.Object{}, errUnlisted) }
}

// A once store has other bytes for who reads a second time.
type once struct {
	*storagetest.Memory
	read map[string]bool
}

func (o *once) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	if o.read[key] {
		return io.NopCloser(bytes.NewReader([]byte("other"))), nil
	}
	o.read[key] = true
	return o.Memory.Get(ctx, key)
}
