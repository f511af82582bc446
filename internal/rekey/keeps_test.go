package rekey_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/rekey"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// What is new is locked and lies in its class as what is old.
func TestRewrapLocks(t *testing.T) {
	t.Parallel()
	h := newHouse(t, newKey(t, crypt.X25519))
	o := h.options(recipients(t, newKey(t, crypt.X25519)))
	o.Lock, o.Class = storage.Lock{Mode: storage.Compliance, Until: taken.Add(time.Hour)}, "ARCHIVE"
	if _, err := rekey.Rewrap(t.Context(), h.entry(), o); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, object := range h.entry().Objects {
		if !strings.Contains(object.Key, ".rewrap-1") {
			continue
		}
		found++
		p, err := h.store.Protection(t.Context(), object.Key)
		if err != nil || p.Lock != o.Lock || (object.Class == "ARCHIVE") != strings.Contains(object.Key, ".surql") {
			t.Errorf("%s: got %v, %v, class %q", object.Key, p, err, object.Class)
		}
	}
	if found != 4 {
		t.Errorf("got %d new objects, want 4", found)
	}
}

// What a backup needs, it still needs.
func TestRewrapKeepsTheBase(t *testing.T) {
	t.Parallel()
	h := newHouse(t, newKey(t, crypt.X25519))
	m, base := h.manifest(), "20261122T140000Z-222222"
	m.Base = &base
	h.put(m)
	n := len(h.store.Keys())
	renewed := newKey(t, crypt.X25519)
	h.rewrap(recipients(t, renewed))
	h.whole(renewed)
	if e, m := h.entry(), h.manifest(); e.Base != base || *m.Base != base || len(h.store.Keys()) != n+4 {
		t.Errorf("got base %q and %q, in %q", e.Base, *m.Base, h.store.Keys())
	}
}

// A house that does not sign need not begin to.
func TestRewrapUnsigned(t *testing.T) {
	t.Parallel()
	old, renewed := newKey(t, crypt.X25519), newKey(t, crypt.X25519)
	h := newHouse(t, old)
	h.store, h.trusted = &storagetest.Memory{}, nil
	h.take(taken, nil, old)
	o := rekey.Options{Store: h.store, Identities: old.identities, Recipients: recipients(t, renewed)}
	if _, err := rekey.Rewrap(t.Context(), h.entry(), o); err != nil {
		t.Fatal(err)
	}
	h.whole(renewed)
}
