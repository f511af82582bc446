package audit_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// A key pair of a test.
type keys struct {
	signer  *crypt.Signer
	trusted *crypt.Trusted
	public  string
}

func newKeys(t testing.TB) keys {
	t.Helper()
	private, public, err := crypt.GenerateSigningKey()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := crypt.ParseSigner(private, nil)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := crypt.ParseTrusted([]string{public})
	if err != nil {
		t.Fatal(err)
	}
	return keys{signer, trusted, signer.PublicKey()}
}

// clock ticks a second each time that it is looked at.
func clock() func() time.Time {
	var n atomic.Int64
	start := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	return func() time.Time { return start.Add(time.Duration(n.Add(1)) * time.Second) }
}

// newLog is a writer of its own.
func newLog(s storage.Store, k keys, headEvery int) *audit.Log {
	return &audit.Log{Store: s, Signer: k.signer, Verifier: k.trusted, Now: clock(), HeadEvery: headEvery}
}

func entry(detail string) audit.Entry {
	return audit.Entry{
		Action: audit.Backup, Result: audit.OK, Detail: detail,
		Actor:   audit.Actor{User: "alice", Host: "worker-1"},
		Subject: audit.Subject{Kind: "database", Source: "vapora", Backup: "20261123T140000Z-7f3k2m", Destination: "main"},
		Bytes:   12345, SHA256: strings.Repeat("0123456789abcdef", 4), Reason: `for "INC-123" <now>`,
	}
}

func add(t testing.TB, l *audit.Log, n int) (out []audit.Entry) {
	t.Helper()
	for i := range n {
		e, err := l.Append(t.Context(), entry(fmt.Sprint("entry ", i)))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func verify(t testing.TB, l *audit.Log, known ...audit.Head) audit.Report {
	t.Helper()
	r, err := l.Verify(t.Context(), known...)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Limits()) < 2 {
		t.Errorf("got limits %q, want that nothing is promised which does not hold", r.Limits())
	}
	return r
}

// wantWhole checks that a log is whole and has so many entries, and returns them.
func wantWhole(t testing.TB, l *audit.Log, n int) []audit.Entry {
	t.Helper()
	r := verify(t, l)
	if !r.OK() || r.Broken != 0 || r.NoteCount != 0 || r.Entries != int64(n) || r.Last != int64(n) {
		t.Errorf("got %+v, want %d entries and no fault", r, n)
	}
	return all(t, l, time.Time{})
}

// all returns the entries, which must be readable and have IDs of their own.
func all(t testing.TB, l *audit.Log, since time.Time) (out []audit.Entry) {
	t.Helper()
	ids := map[string]int64{}
	for e, err := range l.All(t.Context(), since) {
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := ids[e.ID]; ok {
			t.Errorf("entry %d is entry %d once more", e.Number, n)
		}
		ids[e.ID] = e.Number
		out = append(out, e)
	}
	return out
}

// details are those of entries, sorted.
func details(es []audit.Entry) (out []string) {
	for _, e := range es {
		out = append(out, e.Detail)
	}
	slices.Sort(out)
	return out
}

// wantFault checks that a report has a fault of that kind, about that entry
// unless it is 0.
func wantFault(t testing.TB, r audit.Report, kind audit.FaultKind, n int64) {
	t.Helper()
	if !slices.ContainsFunc(r.Faults, func(f audit.Fault) bool { return f.Kind == kind && (n == 0 || f.Number == n) }) {
		t.Errorf("got %+v, want a fault %q of entry %d", r, kind, n)
	}
}

func hasNote(r audit.Report, kind audit.FaultKind) bool {
	return slices.ContainsFunc(r.Notes, func(f audit.Fault) bool { return f.Kind == kind })
}

// copyOf is a store with the same objects, to be damaged.
func copyOf(m *storagetest.Memory) *storagetest.Memory {
	out := &storagetest.Memory{}
	for _, key := range m.Keys() {
		text, _ := m.Bytes(key)
		out.Set(key, text)
	}
	return out
}

func remove(t testing.TB, s storage.Store, key string) {
	t.Helper()
	if err := s.Delete(context.WithoutCancel(t.Context()), key); err != nil {
		t.Fatal(err)
	}
}

// keysWith are the keys of a store that contain a part.
func keysWith(m *storagetest.Memory, part string) (out []string) {
	for _, key := range m.Keys() {
		if strings.Contains(key, part) {
			out = append(out, key)
		}
	}
	return out
}

func text(t testing.TB, m *storagetest.Memory, key string) []byte {
	t.Helper()
	b, ok := m.Bytes(key)
	if !ok {
		t.Fatalf("there is no %s", key)
	}
	return b
}

func entryKey(n int) string { return fmt.Sprintf("audit/entries/%09d/%012d.json", n/1000, n) }

// lying is a store whose Puts tell something else than they do.
type lying struct {
	*storagetest.Memory
	put func(key string, put func() error) error
}

func (l *lying) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	return l.put(key, func() error { return l.Memory.Put(ctx, key, r, o) })
}

var errExist = fmt.Errorf("put: %w", fs.ErrExist)
