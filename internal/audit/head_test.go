package audit_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

func TestHead(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	l := newLog(m, k, -1)
	if _, err := l.Head(t.Context()); err == nil {
		t.Error("signed a log without an entry")
	}
	add(t, l, 3)
	h, err := l.Head(t.Context())
	if err != nil || h.Number != 3 || len(h.SHA256) != 64 || h.Time.IsZero() {
		t.Errorf("got %+v, %v, want a head of entry 3", h, err)
	}
	if again, err := newLog(m, k, -1).Head(t.Context()); err != nil || again != h || len(keysWith(m, "/heads/")) != 2 {
		t.Errorf("got %+v, %v, want the head that is there", again, err)
	}
	r := verify(t, l, h)
	if !r.OK() || r.Heads != 1 || *r.Head != h || r.Uncovered != 0 {
		t.Errorf("got %+v, want it signed to the end", r)
	}
	for _, s := range r.Limits() {
		if strings.Contains(s, "come after") {
			t.Errorf("got limit %q of a log that is signed to its end", s)
		}
	}
	// Another signer may sign the same end, if it is trusted.
	other := newKeys(t)
	if _, err := newLog(m, keys{other.signer, k.trusted, ""}, -1).Head(t.Context()); err != nil {
		t.Errorf("got %v, want the head that is there, whoever asks", err)
	}
	add(t, l, 1)
	if _, err := newLog(m, keys{other.signer, k.trusted, ""}, -1).Head(t.Context()); err == nil {
		t.Error("stored a head that nobody trusts")
	}
	if _, err := (&audit.Log{Store: m, Signer: failing{}}).Head(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("got %v, want the signer's error", err)
	}
	if _, err := (&audit.Log{Store: m, Signer: odd{}}).Head(t.Context()); !errors.Is(err, audit.ErrUntrusted) {
		t.Errorf("got %v, want what is no signature refused", err)
	}
	if r := verify(t, l); !r.OK() || r.NoteCount != 0 {
		t.Errorf("got %+v, want nothing left behind", r)
	}
}

type failing struct{}

func (failing) Sign([]byte, string) ([]byte, error) { return nil, errDown }

type odd struct{}

func (odd) Sign([]byte, string) ([]byte, error) { return []byte("not a signature\n"), nil }

// damaged heads, each with the fault or the note that it gives.
func TestHeadsThatDoNotCount(t *testing.T) {
	t.Parallel()
	k, stranger := newKeys(t), newKeys(t)
	m := &storagetest.Memory{}
	add(t, newLog(m, k, 3), 6)
	theirs := &storagetest.Memory{}
	add(t, newLog(theirs, stranger, 3), 6)
	heads := keysWith(m, "/heads/")
	six := heads[2]
	for name, c := range map[string]struct {
		damage func(m *storagetest.Memory)
		kind   audit.FaultKind
	}{
		"no signature": {func(m *storagetest.Memory) { remove(t, m, six+".minisig") }, audit.BadHead},
		"the signature of another head": {func(m *storagetest.Memory) {
			m.Set(six+".minisig", text(t, m, heads[0]+".minisig"))
		}, audit.BadHead},
		"a head moved to another entry": {func(m *storagetest.Memory) {
			to := strings.Replace(heads[0], "000000000003", "000000000004", 1)
			m.Set(to, text(t, m, heads[0]))
			m.Set(to+".minisig", text(t, m, heads[0]+".minisig"))
		}, audit.BadHead},
		"a head of another log": {func(m *storagetest.Memory) {
			for _, key := range keysWith(theirs, "/heads/") {
				m.Set(key, text(t, theirs, key))
			}
		}, audit.BadHead},
		"a head that is too long": {func(m *storagetest.Memory) { m.Set(six, make([]byte, 1<<20)) }, audit.Unreadable},
		"a signature that is too long": {func(m *storagetest.Memory) {
			m.Set(six+".minisig", make([]byte, 1<<20))
		}, audit.BadHead},
		"a head of an entry to come": {func(m *storagetest.Memory) {
			for _, n := range []int{4, 5, 6} {
				remove(t, m, entryKey(n))
			}
		}, audit.Cut},
	} {
		bad := copyOf(m)
		c.damage(bad)
		r := verify(t, newLog(bad, k, 3))
		if wantFault(t, r, c.kind, 0); t.Failed() {
			t.Fatal(name)
		}
	}
	bad := copyOf(m)
	remove(t, bad, six)
	r := verify(t, newLog(bad, k, 3))
	if !r.OK() || !hasNote(r, audit.Unfinished) || r.Head.Number != 3 || r.Uncovered != 3 {
		t.Errorf("the signature alone: got %+v, want a note: a writer may have stopped there", r)
	}
}

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
