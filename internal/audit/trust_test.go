package audit_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// Nobody plants an entry in the log by way of a destination.
func TestJoinTakesOnlyWhatIsSigned(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	good := &storagetest.Memory{}
	e := keep(t, newLog(nil, k, -1), good, entry("good"))
	key := keysWith(good, ".json")[0]
	try := func(name string, want error, kept *storagetest.Memory) {
		t.Helper()
		m := &storagetest.Memory{}
		n, err := newLog(m, k, -1).Join(t.Context(), kept)
		if n != 0 || !errors.Is(err, want) || len(m.Keys()) != 0 {
			t.Errorf("%s: joined %d, %v, left %q, want %v", name, n, err, m.Keys(), want)
		}
	}
	for _, k := range []string{key, key + ".minisig"} {
		for i := range text(t, good, k) {
			for _, flip := range []byte{1, 0x20, 0x80} {
				bad := copyOf(good)
				b := text(t, good, k)
				b[i] ^= flip
				bad.Set(k, b)
				try(fmt.Sprintf("byte %d of %s ^ %#x", i, k, flip), audit.ErrUntrusted, bad)
			}
		}
		bad := copyOf(good)
		bad.Set(k, append(text(t, good, k), '\n'))
		try("a longer "+k, audit.ErrUntrusted, bad)
	}
	bad := copyOf(good)
	remove(t, bad, key+".minisig")
	try("no signature", audit.ErrUnsigned, bad)
	bad = &storagetest.Memory{}
	keep(t, newLog(nil, newKeys(t), -1), bad, entry("by somebody else"))
	try("another key", audit.ErrUntrusted, bad)
	bad = &storagetest.Memory{}
	moved := strings.Replace(key, e.ID, "abcdefghijklmnopqrstuvwxyz", 1)
	bad.Set(moved, text(t, good, key))
	bad.Set(moved+".minisig", text(t, good, key+".minisig"))
	try("moved", audit.ErrUntrusted, bad)

	// One bad one keeps no good one back.
	bad.Set(key, text(t, good, key))
	bad.Set(key+".minisig", text(t, good, key+".minisig"))
	l := newLog(&storagetest.Memory{}, k, -1)
	if n, err := l.Join(t.Context(), bad); n != 1 || !errors.Is(err, audit.ErrUntrusted) {
		t.Errorf("joined %d, %v, want the good one and an error", n, err)
	}
	// And it cannot be taken again, though its signature is good.
	join(t, l, good, 0)
	wantWhole(t, l, 1)
}

func TestUnsignedLog(t *testing.T) {
	t.Parallel()
	m, kept := &storagetest.Memory{}, &storagetest.Memory{}
	l := &audit.Log{Store: m, HeadEvery: 1}
	add(t, l, 2)
	keep(t, l, kept, entry("kept"))
	join(t, l, kept, 1)
	// Nobody's word is asked for, but it has to lie in its place.
	keep(t, l, kept, entry("moved"))
	key := kept.Keys()[0]
	kept.Set("audit/pending/20261123T140000Z-abcdefghijklmnopqrstuvwxyz.json", text(t, kept, key))
	remove(t, kept, key)
	if n, err := l.Join(t.Context(), kept); n != 0 || !errors.Is(err, audit.ErrInvalid) {
		t.Errorf("joined %d, %v, want ErrInvalid", n, err)
	}
	if _, err := l.Head(t.Context()); err == nil {
		t.Error("signed a head without a key")
	}
	r := verify(t, l)
	if !r.OK() || r.Entries != 3 || r.Head != nil || r.Uncovered != 3 || !strings.Contains(r.Limits()[0], "nobody is trusted") {
		t.Errorf("got %+v, %q, want that nothing is signed", r, r.Limits())
	}
}

// A key that leaked and was revoked does not break the record that it signed.
func TestRevokedHeads(t *testing.T) {
	t.Parallel()
	old, renewed, m := newKeys(t), newKeys(t), &storagetest.Memory{}
	add(t, newLog(m, old, 2), 4)
	trusted, err := crypt.ParseTrusted([]string{old.public, renewed.public})
	if err != nil {
		t.Fatal(err)
	}
	if err := trusted.Revoke(old.public, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	l := newLog(m, keys{renewed.signer, trusted, ""}, -1)
	r := verify(t, l)
	if !r.OK() || !hasNote(r, audit.Revoked) || r.Heads != 0 || r.Head != nil || r.Uncovered != 4 {
		t.Errorf("got %+v, want two notes and no head", r)
	}
	if h, err := l.Head(t.Context()); err != nil || h.Number != 4 {
		t.Errorf("got %+v, %v, want a head of the new key beside the old one's", h, err)
	}
	if r := verify(t, l); !r.OK() || r.Heads != 1 || r.Uncovered != 0 {
		t.Errorf("got %+v, want the new head", r)
	}

	// It hides nothing: what does not fit, or is not even its word, is a fault.
	bad := forge(t, copyOf(m), 2, 4)
	wantFault(t, verify(t, newLog(bad, keys{renewed.signer, trusted, ""}, -1)), audit.Changed, 2)
	bad = copyOf(m)
	bad.Set(keysWith(m, "/heads/")[0], []byte("{}\n"))
	wantFault(t, verify(t, newLog(bad, keys{renewed.signer, trusted, ""}, -1)), audit.BadHead, 2)
}
