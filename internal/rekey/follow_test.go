package rekey_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/rekey"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// beside is another house with a copy of the same backup.
func (h *house) beside() *house {
	other := *h
	other.store = &storagetest.Memory{Now: func() time.Time { return taken }}
	for key, text := range h.contents() {
		other.store.Set(key, []byte(text))
	}
	return &other
}

func (h *house) leader() rekey.Leader { return rekey.Leader{Store: h.store, Entry: h.entry()} }

func (h *house) follow(leader *house) (rekey.Result, error) {
	h.t.Helper()
	return rekey.Follow(h.t.Context(), h.entry(), leader.leader(), rekey.Options{Store: h.store, Verifier: h.verifier()})
}

// One destination is rewrapped and the other follows, without any key: both then
// hold the same bytes, whatever their generations are.
func TestFollow(t *testing.T) {
	t.Parallel()
	first, second := newKey(t, crypt.X25519), newKey(t, crypt.PostQuantum)
	h := newHouse(t, newKey(t, crypt.X25519))
	other := h.beside()
	h.rewrap(recipients(t, first))
	h.old = first
	h.rewrap(recipients(t, second))
	before := other.contents()
	res, err := other.follow(h)
	if err != nil || res.Skipped || res.Generation != 1 || res.Opened || res.Bytes < int64(len(h.plain)) {
		t.Fatalf("got %+v, %v", res, err)
	}
	other.untouched(before)
	other.whole(second)
	other.closed(h.old)
	for _, suffix := range []string{".surql.zst.age", ".secrets.json.zst.age", ".manifest.json", ".manifest.json.minisig"} {
		if h.contents()[h.first(".rewrap-2"+suffix)] != other.contents()[h.first(".rewrap-1"+suffix)] {
			t.Errorf("%s differs", suffix)
		}
	}
	if res, err := other.follow(h); err != nil || !res.Skipped {
		t.Errorf("again: got %+v, %v", res, err)
	}
}

// With the new identity at hand what was copied is opened too.
func TestFollowOpens(t *testing.T) {
	t.Parallel()
	renewed := newKey(t, crypt.X25519)
	h := newHouse(t, newKey(t, crypt.X25519))
	other := h.beside()
	h.rewrap(recipients(t, renewed))
	o := rekey.Options{Store: other.store, Verifier: h.trusted, Identities: renewed.identities}
	if res, err := rekey.Follow(t.Context(), other.entry(), h.leader(), o); err != nil || !res.Opened {
		t.Errorf("got %+v, %v", res, err)
	}
}

func TestFollowInterrupted(t *testing.T) {
	t.Parallel()
	renewed := newKey(t, crypt.X25519)
	h := newHouse(t, newKey(t, crypt.X25519))
	plain := h.beside()
	h.rewrap(recipients(t, renewed))
	for n := 1; ; n++ {
		other := plain.beside()
		before := other.contents()
		faulty := &storagetest.Faulty{Store: other.store, Op: storagetest.Put, Nth: n, Err: errBroken, Late: true}
		_, err := rekey.Follow(t.Context(), other.entry(), h.leader(), rekey.Options{Store: faulty, Verifier: h.trusted})
		if err == nil {
			if n != 6 {
				t.Errorf("got %d writes, want 5", n-1)
			}
			break
		}
		if !errors.Is(err, errBroken) {
			t.Fatalf("write %d: got %v, want %v", n, err, errBroken)
		}
		other.whole(h.old)
		if _, err := other.follow(h); err != nil {
			t.Fatal(err)
		}
		other.untouched(before)
		other.whole(renewed)
	}
}

func TestFollowRefuses(t *testing.T) {
	t.Parallel()
	renewed := newKey(t, crypt.X25519)
	for name, c := range map[string]struct {
		harm func(h, other *house)
		want error
		said string
	}{
		"leader's data changed":     {func(h, _ *house) { h.flip(h.keyWith(".rewrap-1.surql"), -1) }, archive.ErrDamaged, "data"},
		"leader's manifest changed": {func(h, _ *house) { h.flip(h.keyWith(".rewrap-1.manifest.json"), -2) }, catalog.ErrUntrusted, "leader"},
		"its own manifest changed":  {func(_, other *house) { other.flip(other.keyWith(".manifest.json"), -2) }, catalog.ErrUntrusted, ""},
		"another backup": {func(h, other *house) {
			m := other.manifest()
			m.Objects[0].Plain.SHA256 = strings.Repeat("0", 64)
			other.put(m)
		}, nil, "another backup"},
	} {
		h := newHouse(t, newKey(t, crypt.X25519))
		other := h.beside()
		h.rewrap(recipients(t, renewed))
		c.harm(h, other)
		before := other.store.Keys()
		if _, err := other.follow(h); err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.said) {
			t.Errorf("%s: got %v", name, err)
		}
		if got := other.store.Keys(); !slices.Equal(got, before) {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// A copy by a key that was revoked would not count, so none is made.
func TestFollowOfARevokedKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t, newKey(t, crypt.X25519))
	other := h.beside()
	h.rewrap(recipients(t, newKey(t, crypt.X25519)))
	h.revoke()
	o := rekey.Options{Store: other.store, Verifier: dated{h.trusted, taken}}
	n := len(other.store.Keys())
	if _, err := rekey.Follow(t.Context(), other.entry(), h.leader(), o); !errors.Is(err, crypt.ErrRevoked) || len(other.store.Keys()) != n {
		t.Errorf("got %v", err)
	}
}

// dated knows when what a listing shows was written, if it is asked with a time.
type dated struct {
	trusted *crypt.Trusted
	when    time.Time
}

func (d dated) Verify(message, sig []byte) (string, string, error) {
	return d.trusted.Verify(message, sig)
}

func (d dated) VerifyAt(message, sig []byte, _ time.Time) (string, string, error) {
	return d.trusted.VerifyAt(message, sig, d.when)
}

// put puts another manifest in the place of the one that is there.
func (h *house) put(m *catalog.Manifest) {
	h.t.Helper()
	signed, err := catalog.Sign(m, h.signer)
	if err != nil {
		h.t.Fatal(err)
	}
	fresh := &storagetest.Memory{}
	if err := catalog.Commit(h.t.Context(), fresh, signed, storage.PutOptions{}); err != nil {
		h.t.Fatal(err)
	}
	for _, key := range fresh.Keys() {
		text, _ := fresh.Bytes(key)
		h.store.Set(key, text)
	}
}
