package audit_test

import (
	"errors"
	"strings"
	"testing"

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
	// A head of what was there before is none of what is there now.
	anew := newLog(forge(t, m, 2, 3), k, -1)
	if now, err := anew.Head(t.Context()); err != nil || now.Number != 3 || now.SHA256 == h.SHA256 {
		t.Errorf("got %+v, %v, want a head of the bytes that are there", now, err)
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
	moveHead(t, bad, heads[0], 4)
	wantFault(t, verify(t, &audit.Log{Store: bad}), audit.Unreadable, 4) // by nobody's signature
	bad = copyOf(m)
	remove(t, bad, six)
	r := verify(t, newLog(bad, k, 3))
	if !r.OK() || !hasNote(r, audit.Unfinished) || r.Head.Number != 3 || r.Uncovered != 3 {
		t.Errorf("the signature alone: got %+v, want a note: a writer may have stopped there", r)
	}
}
