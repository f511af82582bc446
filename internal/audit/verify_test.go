package audit_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

func TestForeignObjects(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	l := newLog(m, k, 2)
	add(t, l, 2)
	foreign := []string{
		"audit/x", "audit/entries/000000000001.json", "audit/entries/000000001/000000000001.json", "audit/entries/000000000/000000000003",
		"audit/entries/000000000/000000000000.json", "audit/entries/000000000/3.json", "audit/entries/000000000/-00000000003.json",
		"audit/entries/000000000/+00000000003.json", "audit/entries/000000000/000000000003.json.minisig",
		"audit/heads/000000000/000000000002.json", "audit/heads/000000000/000000000002-ABCDEFGH.json", "audit/heads/000000000/000000000002-abcdefgh.json.x",
		"audit/joins/x/0001.json", "audit/joins/abcdefghijklmnopqrstuvwxyz/1.json", "audit/joins/abcdefghijklmnopqrstuvwxyz/0000.json",
		"audit/pending/x.json", "audit/pending/20261323T140000Z-abcdefghijklmnopqrstuvwxyz.json",
	}
	for _, key := range foreign {
		m.Set(key, []byte("x"))
	}
	m.Set("database/vapora/x", []byte("none of the log's"))
	r := verify(t, l)
	for _, key := range foreign {
		n := 0
		for _, f := range r.Faults {
			if f.Kind == audit.Foreign && f.Key == key {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s: found %d times, want once", key, n)
		}
	}
	if r.FaultCount != len(foreign) || r.Entries != 2 || r.Head.Number != 2 || r.Broken != 0 {
		t.Errorf("got %+v, want these faults only", r)
	}
	if e := add(t, l, 1)[0]; e.Number != 3 {
		t.Errorf("got number %d, want 3", e.Number)
	}
}

func TestManyFaultsAreCounted(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	for n := 1; n <= 1500; n++ {
		m.Set(entryKey(n), []byte("x"))
	}
	r := verify(t, newLog(m, k, 0))
	if len(r.Faults) != audit.MaxFaults || r.FaultCount != 1500 || r.Entries != 1500 {
		t.Errorf("got %d of %d faults in %d entries", len(r.Faults), r.FaultCount, r.Entries)
	}
}

func TestClockThatGoesBack(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	l := newLog(m, k, -1)
	at := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	for _, step := range []time.Duration{0, time.Hour, -5 * time.Minute, -5*time.Minute - time.Second, time.Minute} {
		at = at.Add(step)
		e := entry("x")
		e.Time = at
		if _, err := l.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	r := verify(t, l)
	if !r.OK() || r.NoteCount != 1 || r.Notes[0].Kind != audit.Clock || r.Notes[0].Number != 4 {
		t.Errorf("got %+v, want a note about entry 4", r)
	}
	// What is joined late is late, and no clock went back.
	kept := &storagetest.Memory{}
	e := entry("old")
	e.Time = at.AddDate(0, 0, -3)
	l.Now = func() time.Time { return at }
	keep(t, l, kept, e)
	join(t, l, kept, 1)
	if r := verify(t, l); r.NoteCount != 1 {
		t.Errorf("got %+v, want no other note", r)
	}
}

// Claims are coordination, not evidence; what does not fit is told nevertheless.
func TestClaimsThatDoNotFit(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	m := small(t, k)
	claims := keysWith(m, "/joins/")
	for name, c := range map[string]struct {
		damage func(m *storagetest.Memory)
		kind   audit.FaultKind
	}{
		"the first is gone": {func(m *storagetest.Memory) { remove(t, m, claims[0]) }, audit.Missing},
		"moved": {func(m *storagetest.Memory) {
			m.Set("audit/joins/abcdefghijklmnopqrstuvwxyz/0001.json", text(t, m, claims[0]))
		}, audit.Unreadable},
		"one of another log": {func(m *storagetest.Memory) {
			m.Set("audit/joins/abcdefghijklmnopqrstuvwxyz/0001.json", []byte(
				`{"version":1,"id":"abcdefghijklmnopqrstuvwxyz","attempt":1,"number":9,"previous":"`+strings.Repeat("0", 64)+"\"}\n"))
		}, audit.Cut},
		"one too many": {func(m *storagetest.Memory) {
			third := strings.Replace(claims[1], "0002.json", "0003.json", 1)
			m.Set(third, bytes.Replace(text(t, m, claims[1]), []byte(`"attempt":2`), []byte(`"attempt":3`), 1))
		}, audit.Duplicate},
		"the entry once more": {func(m *storagetest.Memory) {
			e := all(t, newLog(m, k, -1), time.Time{})[3]
			e.Number = 0
			if e.Joined == nil {
				t.Fatal("it is not the joined one")
			}
			if _, err := newLog(m, k, -1).Append(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}, audit.Duplicate},
	} {
		bad := copyOf(m)
		c.damage(bad)
		r := verify(t, newLog(bad, k, 3))
		if wantFault(t, r, c.kind, 0); t.Failed() {
			t.Fatal(name)
		}
	}
}
