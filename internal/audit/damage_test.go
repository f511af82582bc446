package audit_test

import (
	"bytes"
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

// One gap is one fault.
func TestGap(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	l := newLog(m, k, 9)
	add(t, l, 9)
	for _, n := range []int{4, 5, 6} {
		remove(t, m, entryKey(n))
	}
	r := verify(t, l)
	if wantFault(t, r, audit.Missing, 4); r.FaultCount != 1 || r.Broken != 4 || r.Entries != 6 || r.Last != 9 || r.Head.Number != 9 {
		t.Errorf("got %+v, want one fault", r)
	}
}
