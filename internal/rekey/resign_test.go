package rekey_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/rekey"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// at verifies what is known to be of a moment, as a reader of a listing does.
type at struct {
	trusted *crypt.Trusted
	when    time.Time
}

func (a at) Verify(message, sig []byte) (string, string, error) {
	return a.trusted.VerifyAt(message, sig, a.when)
}

// A key leaked: what it signed before is signed again, by a key that is trusted,
// and then it can go. Nothing but the signature is written.
func TestResign(t *testing.T) {
	t.Parallel()
	for _, generation := range []int{0, 1} {
		h := newHouse(t, newKey(t, crypt.X25519))
		with := h.old
		if generation == 1 {
			with = newKey(t, crypt.X25519)
			h.rewrap(recipients(t, with))
		}
		renewed := newSigner(t)
		both := trust(t, h.signer, renewed)
		if err := both.Revoke(h.signer.PublicKey(), taken.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		o := rekey.Options{Store: h.store, Verifier: at{both, taken.Add(2 * time.Hour)}, Signer: renewed}
		if _, err := rekey.Resign(t.Context(), h.entry(), o); !errors.Is(err, crypt.ErrRevoked) {
			t.Errorf("too young: got %v, want ErrRevoked", err)
		}
		o.Verifier = at{both, taken}
		before := h.contents()
		if did, err := rekey.Resign(t.Context(), h.entry(), o); err != nil || !did {
			t.Fatalf("got %v, %v", did, err)
		}
		h.untouched(before)
		if n := len(h.store.Keys()); n != len(before)+1 {
			t.Errorf("got %d new objects, want 1", n-len(before))
		}
		h.trusted = trust(t, renewed)
		h.whole(with)
		o.Verifier = h.trusted
		if did, err := rekey.Resign(t.Context(), h.entry(), o); err != nil || did {
			t.Errorf("again: got %v, %v, want nothing done", did, err)
		}
	}
}

// The bytes that are stored are signed, whatever this program would write.
func TestResignOfANewerProgram(t *testing.T) {
	t.Parallel()
	h := newHouse(t, newKey(t, crypt.X25519))
	h.newer()
	renewed := newSigner(t)
	o := rekey.Options{Store: h.store, Verifier: trust(t, h.signer, renewed), Signer: renewed}
	if did, err := rekey.Resign(t.Context(), h.entry(), o); err != nil || !did {
		t.Fatalf("got %v, %v", did, err)
	}
	h.trusted = trust(t, renewed)
	h.whole(h.old)
}

func TestResignFails(t *testing.T) {
	t.Parallel()
	h := newHouse(t, newKey(t, crypt.X25519))
	renewed := newSigner(t)
	both := trust(t, h.signer, renewed)
	faulty := &storagetest.Faulty{Store: h.store, Op: storagetest.Put, Err: errBroken, Late: true}
	for name, o := range map[string]rekey.Options{
		"the network broke": {Store: faulty, Verifier: both, Signer: renewed},
		"no signing key":    {Store: h.store},
		"signing.key":       {Store: h.store, Verifier: h.trusted, Signer: renewed},
		"does not count":    {Store: h.store, Verifier: trust(t, renewed), Signer: renewed},
	} {
		_, err := rekey.Resign(t.Context(), h.entry(), o)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	h.whole(h.old)
	h.flip(h.keyWith(".manifest.json"), -2)
	if _, err := rekey.Resign(t.Context(), h.entry(), rekey.Options{Store: h.store, Verifier: both, Signer: renewed}); !errors.Is(err, catalog.ErrUntrusted) {
		t.Errorf("changed manifest: got %v, want ErrUntrusted", err)
	}
}
