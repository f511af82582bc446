package rekey_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/prune"
	"github.com/vapora-platform/vapora-backup/internal/rekey"
	"github.com/vapora-platform/vapora-backup/internal/replica"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
	"github.com/vapora-platform/vapora-backup/internal/verify"
)

func (h *house) verified(with key) []string {
	h.t.Helper()
	listing, err := catalog.List(h.t.Context(), h.store, catalog.Filter{})
	if err != nil || len(listing.Entries) != 1 || len(listing.Orphans) != 0 || listing.Foreign != 0 {
		h.t.Fatalf("got %+v, %v", listing, err)
	}
	out := verify.Run(h.t.Context(), verify.Options{
		Store: h.store, Entries: listing.Entries, Level: verify.Sums, Verifier: h.trusted, Now: time.Now,
	})[0]
	if out.Err != nil {
		return append(out.Problems, out.Err.Error())
	}
	if out.OK {
		h.whole(with)
	}
	return out.Problems
}

func (h *house) payer(other *house) replica.Payer {
	h.t.Helper()
	p := replica.Payer{Verifier: h.trusted}
	for i, at := range []*house{h, other} {
		listing, err := catalog.List(h.t.Context(), at.store, catalog.Filter{})
		if err != nil {
			h.t.Fatal(err)
		}
		p.Places = append(p.Places, replica.Place{
			Name: []string{"here", "there"}[i], Store: at.store, Entries: listing.Entries, Source: true, Target: true,
			Lock: func(time.Time, time.Time) storage.Lock { return storage.Lock{} },
		})
	}
	return p
}

// Every reader takes the generation, before and after prune took the old one.
func TestReaders(t *testing.T) {
	t.Parallel()
	renewed := newKey(t, crypt.X25519)
	h := newHouse(t, newKey(t, crypt.X25519))
	size := h.entry().Size
	h.rewrap(recipients(t, renewed))
	for range 2 {
		if got := h.verified(renewed); got != nil {
			t.Errorf("verify: %q", got)
		}
		if got := h.entry().Size; got != size {
			t.Errorf("got size %d, want %d", got, size)
		}
		// Sync makes a plain backup of it.
		there := *h
		there.store = &storagetest.Memory{Now: h.store.Now}
		p := h.payer(&there)
		for _, d := range replica.Debts(p.Places, taken) {
			if _, err := p.Pay(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		if got := there.verified(renewed); got != nil || len(there.store.Keys()) != 5 || strings.Contains(strings.Join(there.store.Keys(), " "), "rewrap") {
			t.Errorf("copy: %q in %q", got, there.store.Keys())
		}
		for _, o := range h.entry().Superseded() {
			if err := h.store.Delete(t.Context(), o.Key); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := h.entry(); !got.Complete {
		t.Error("no backup any more")
	}
	// Prune deletes all of it.
	listing, err := catalog.List(t.Context(), h.store, catalog.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	b := &prune.Backups{Store: h.store, Verifier: h.trusted}
	prune.NewPlace("here", b, listing, retention.Each, func(string) retention.Policy { return retention.Policy{} })
	d := retention.Deletion{Place: "here", Kind: "database", Source: "vapora", ID: h.entry().ID}
	if v, err := b.Judge(t.Context(), d); v != (prune.Verdict{}) || err != nil {
		t.Errorf("got %+v, %v", v, err)
	}
	if err := b.Delete(t.Context(), d); err != nil || !slices.Equal(h.store.Keys(), []string{"README.txt"}) {
		t.Errorf("got %v, %q", err, h.store.Keys())
	}
}

// Whatever is damaged of a generation is mended from a place that followed.
func TestMend(t *testing.T) {
	t.Parallel()
	renewed := newKey(t, crypt.X25519)
	for _, gone := range []bool{false, true} {
		for _, suffix := range []string{".surql.zst.age", ".secrets.json.zst.age", ".manifest.json", ".manifest.json.minisig"} {
			h := newHouse(t, newKey(t, crypt.X25519))
			there := h.beside()
			there.rewrap(recipients(t, renewed))
			h.rewrap(recipients(t, h.old, newKey(t, crypt.X25519)))
			if _, err := h.follow(there); err != nil {
				t.Fatal(err)
			}
			at := h.keyWith(".rewrap-2" + suffix)
			if h.store.Set(at, []byte("nonsense")); gone && !strings.HasSuffix(suffix, ".manifest.json") {
				if err := h.store.Delete(t.Context(), at); err != nil {
					t.Fatal(err)
				}
			}
			p := h.payer(there)
			faults, err := p.Inspect(t.Context(), "here", p.Places[0].Entries[0])
			if err != nil || len(faults) != 1 {
				t.Fatalf("%s: got %v, %v", suffix, faults, err)
			}
			if _, err := p.Repair(t.Context(), faults[0]); err != nil {
				t.Fatalf("%s: %v", suffix, err)
			}
			if got := h.verified(renewed); got != nil {
				t.Errorf("%s: %q in %q", suffix, got, h.store.Keys())
			}
		}
	}
}

// What a revoked key signed counts if the store says that it is older, and not
// what was put there later under an old date.
func TestRevoked(t *testing.T) {
	t.Parallel()
	h := newHouse(t, newKey(t, crypt.X25519))
	h.revoke() // an hour after the backup was taken
	if got := h.verified(h.old); got != nil {
		t.Errorf("an old one: %q", got)
	}
	forged := *h
	forged.store = &storagetest.Memory{Now: func() time.Time { return taken.Add(2 * time.Hour) }}
	forged.take(taken, h.signer, h.old)
	if got := forged.verified(h.old); len(got) != 1 || !strings.Contains(got[0], "revoked") {
		t.Errorf("a forged one: %q", got)
	}
	// Signed again where it is old, it may be copied.
	renewed := newSigner(t)
	h.trusted = trust(t, h.signer, renewed)
	h.revoke()
	now := taken.Add(3 * time.Hour)
	h.store.Now = func() time.Time { return now }
	if did, err := rekey.Resign(t.Context(), h.entry(), rekey.Options{Store: h.store, Verifier: h.trusted, Signer: renewed}); err != nil || !did {
		t.Fatalf("got %v, %v", did, err)
	}
	there := *h
	there.store = &storagetest.Memory{Now: h.store.Now}
	p := h.payer(&there)
	for _, d := range replica.Debts(p.Places, now) {
		if _, err := p.Pay(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if got := there.verified(h.old); got != nil {
		t.Errorf("the copy: %q", got)
	}
	if _, err := rekey.Resign(t.Context(), forged.entry(), rekey.Options{Store: forged.store, Verifier: h.trusted, Signer: renewed}); !errors.Is(err, crypt.ErrRevoked) {
		t.Errorf("the forged one: got %v", err)
	}
}

// Canaries are records, and no orphans that prune would sweep.
func TestCanariesAreNoOrphans(t *testing.T) {
	t.Parallel()
	h := newHouse(t, newKey(t, crypt.X25519))
	plant(t, h.store, taken, h.old)
	listing, err := catalog.List(t.Context(), h.store, catalog.Filter{})
	if err != nil || len(listing.Records) != 1 || len(listing.Orphans) != 0 || len(listing.Entries) != 1 {
		t.Errorf("got %+v, %v", listing, err)
	}
}
