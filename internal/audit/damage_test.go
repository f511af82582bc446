package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// small is a whole log of six entries: a head of 3 and one of 6, the end, and an
// entry that was joined at the second attempt.
func small(t testing.TB, k keys) *storagetest.Memory {
	t.Helper()
	m, kept := &storagetest.Memory{}, &storagetest.Memory{}
	l := newLog(m, k, 3)
	add(t, l, 2)
	keep(t, l, kept, entry("kept"))
	taken := false
	joiner := newLog(&lying{m, func(key string, put func() error) error {
		if key == entryKey(3) && !taken {
			taken = true
			add(t, l, 1)
		}
		return put()
	}}, k, 3)
	join(t, joiner, kept, 1)
	add(t, l, 2)
	if r := verify(t, l); !r.OK() || r.Entries != 6 || r.Heads != 2 || r.Uncovered != 0 || r.NoteCount != 0 {
		t.Fatalf("got %+v, want it whole and signed to the end", r)
	}
	if n := len(m.Keys()); n != 6+4+2 {
		t.Fatalf("got %q, want 6 entries, 2 heads, 2 claims", m.Keys())
	}
	return m
}

func TestEveryChangedByteIsFound(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	m := small(t, k)
	for _, key := range m.Keys() {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			bad, good := copyOf(m), text(t, m, key)
			changes, missed := 0, 0
			try := func(b []byte, what string) {
				changes++
				bad.Set(key, b)
				if r := verify(t, newLog(bad, k, 3)); r.OK() {
					missed++
					t.Errorf("%s is not found: %q", what, b)
				}
			}
			for i := range good {
				flips := []byte{0x01, 0x20, 0x80}
				if i+1 < len(good) && good[i+1] == '=' { // base64 has bits here that mean nothing
					flips = nil
					for f := range 255 {
						flips = append(flips, byte(f+1))
					}
				}
				for _, flip := range flips {
					b := bytes.Clone(good)
					b[i] ^= flip
					try(b, fmt.Sprintf("byte %d ^ %#x", i, flip))
				}
			}
			for _, b := range [][]byte{append(bytes.Clone(good), '\n'), append([]byte(" "), good...), good[:len(good)-1], nil} {
				try(b, "another length")
			}
			t.Logf("%d changes, %d missed", changes, missed)
		})
	}
}

// What is unsigned after the newest head is found by the chain, but for the last.
func TestChangedByteAfterTheNewestHead(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	add(t, newLog(m, k, 4), 7)
	for n := 1; n <= 7; n++ {
		bad := copyOf(m)
		bad.Set(entryKey(n), bytes.Replace(text(t, m, entryKey(n)), []byte("INC-123"), []byte("INC-321"), 1))
		r := verify(t, newLog(bad, k, 4))
		if r.OK() != (n == 7) || n != 4 && r.Uncovered != 3 {
			t.Errorf("entry %d: got %+v", n, r)
		}
	}
}

func TestMissingAndMovedEntries(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	m := small(t, k)
	for n := 1; n <= 6; n++ {
		bad := copyOf(m)
		remove(t, bad, entryKey(n))
		r := verify(t, newLog(bad, k, 3))
		kind := audit.Missing
		if n == 6 {
			kind = audit.Cut // by the head of 6
		}
		wantFault(t, r, kind, int64(n))
		if r.Broken != int64(n) || r.Entries != 5 {
			t.Errorf("without entry %d: got %+v, want it broken there", n, r)
		}
		for o := n + 1; o <= 6; o++ {
			bad := copyOf(m)
			bad.Set(entryKey(n), text(t, m, entryKey(o)))
			bad.Set(entryKey(o), text(t, m, entryKey(n)))
			r := verify(t, newLog(bad, k, 3))
			wantFault(t, r, audit.Renumbered, int64(n))
			wantFault(t, r, audit.Renumbered, int64(o))
			if r.Broken != int64(n) {
				t.Errorf("%d and %d swapped: got broken %d", n, o, r.Broken)
			}
		}
		for _, o := range []int{7, 8, 999, 1000, 5000} {
			bad := copyOf(m)
			bad.Set(entryKey(o), text(t, m, entryKey(n)))
			r := verify(t, newLog(bad, k, 3))
			wantFault(t, r, audit.Renumbered, int64(o))
			if o > 7 {
				wantFault(t, r, audit.Missing, 7)
			}
		}
	}
}

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
