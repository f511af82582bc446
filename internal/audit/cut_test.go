package audit_test

import (
	"context"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// forge chains copies of entries anew after a change: what an attacker does who
// can write and not sign.
func forge(t *testing.T, m *storagetest.Memory, from, to int) *storagetest.Memory {
	t.Helper()
	out := copyOf(m)
	for n := from; n <= to; n++ {
		remove(t, out, entryKey(n))
	}
	l := &audit.Log{Store: out, Now: clock(), HeadEvery: -1}
	add(t, l, to-from+1)
	return out
}

func TestChainThatWasWrittenAnew(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	l := newLog(m, k, 4)
	add(t, l, 10)
	known := *verify(t, l).Head
	for from := 1; from <= 10; from++ {
		r := verify(t, newLog(forge(t, m, from, 10), k, 4))
		if found := !r.OK(); found != (from <= 8) {
			t.Errorf("anew from entry %d: got %+v", from, r)
		}
		if from <= 8 {
			wantFault(t, r, audit.Changed, 8)
			if want := int64(1 + (from-1)/4*4); r.Broken != want {
				t.Errorf("anew from entry %d: got broken %d, want %d, the first after a good head", from, r.Broken, want)
			}
		}
	}
	// With the heads that stand against it gone, only a head from elsewhere helps.
	bad := forge(t, m, 6, 10)
	for _, key := range keysWith(bad, "/heads/000000000/000000000008-") {
		remove(t, bad, key)
	}
	if r := verify(t, newLog(bad, k, 4)); !r.OK() || r.Head.Number != 4 || r.Uncovered != 6 {
		t.Errorf("got %+v, want what cannot be known, and that 6 are not covered", r)
	}
	r := verify(t, newLog(bad, k, 4), known)
	wantFault(t, r, audit.Changed, 8)
	if r.Broken != 5 {
		t.Errorf("got broken %d, want 5", r.Broken)
	}
}

func TestCutEnd(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	l := newLog(m, k, 4)
	add(t, l, 10)
	known := *verify(t, l).Head
	bad := copyOf(m)
	for n := 10; n > 0; n-- {
		remove(t, bad, entryKey(n))
		r := verify(t, newLog(bad, k, 4))
		if found := !r.OK(); found != (n <= 8) {
			t.Errorf("cut before entry %d: got %+v", n, r)
		}
		if n <= 8 {
			wantFault(t, r, audit.Cut, 8)
			if r.Broken != int64(n) {
				t.Errorf("cut before entry %d: got broken %d", n, r.Broken)
			}
		}
		// Who appends to what was cut does not heal it.
		after := copyOf(bad)
		add(t, newLog(after, k, -1), 10)
		if r := verify(t, newLog(after, k, 4)); r.OK() != (n > 8) {
			t.Errorf("cut before entry %d and grown again: got %+v", n, r)
		}
	}
	// A signature that was forgotten tells, and a head from elsewhere.
	bad = copyOf(m)
	for _, key := range append(keysWith(bad, "000000000008-"), entryKey(8), entryKey(9), entryKey(10)) {
		remove(t, bad, key)
	}
	if r := verify(t, newLog(bad, k, 4)); !r.OK() || r.Entries != 7 || r.Head.Number != 4 {
		t.Errorf("got %+v, want what cannot be known", r)
	}
	wantFault(t, verify(t, newLog(bad, k, 4), known), audit.Cut, 8)
	sig := keysWith(m, "000000000008-")[1]
	bad.Set(sig, text(t, m, sig))
	wantFault(t, verify(t, newLog(bad, k, 4)), audit.Cut, 8)
}

// A store that fails while it is verified is no verdict.
func TestVerifyOfAFailingStore(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	m := small(t, k)
	for _, op := range []storagetest.Op{storagetest.Get, storagetest.List} {
		for nth, called := 1, true; called; nth++ {
			f := &storagetest.Faulty{Store: m, Op: op, Nth: nth, Err: errDown}
			r, err := newLog(f, k, 3).Verify(context.WithoutCancel(t.Context()))
			if called = f.Calls() >= nth; called != (err != nil) || !r.OK() {
				t.Errorf("%s %d: got %+v, %v", op, nth, r, err)
			}
		}
	}
}
