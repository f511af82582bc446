package audit_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

func TestAppend(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	l := newLog(m, k, 4)
	written := add(t, l, 9)
	if got, want := m.Keys()[:2], []string{"audit/entries/000000000/000000000001.json", "audit/entries/000000000/000000000002.json"}; !slices.Equal(got, want) {
		t.Errorf("got keys %q, want %q", got, want)
	}
	read := wantWhole(t, l, 9)
	for i, e := range read {
		if e.Number != int64(i+1) || e != written[i] {
			t.Errorf("got %+v, want %+v", e, written[i])
		}
		if (e.Previous == "") != (i == 0) {
			t.Errorf("entry %d: got previous %q", e.Number, e.Previous)
		}
	}
	r := verify(t, l)
	if r.Heads != 2 || r.Head == nil || r.Head.Number != 8 || r.Uncovered != 1 {
		t.Errorf("got %+v, want heads of 4 and 8, and one entry after them", r)
	}
	line := text(t, m, entryKey(1))
	if !bytes.HasPrefix(line, []byte(`{"version":1,"number":1,"previous":"","id":"`)) || bytes.Count(line, []byte("\n")) != 1 {
		t.Errorf("got %s, want one line that begins with what chains it", line)
	}
	// Another writer goes on where this one stopped.
	add(t, newLog(m, k, 4), 1)
	add(t, l, 1)
	wantWhole(t, l, 11)
}

func TestAppendFillsIn(t *testing.T) {
	t.Parallel()
	l := newLog(&storagetest.Memory{}, newKeys(t), 0)
	at := time.Date(2026, 11, 23, 15, 0, 0, 123456789, time.FixedZone("", 3600))
	e, err := l.Append(t.Context(), audit.Entry{
		Action: audit.Thaw, Result: audit.Partial, Time: at, Previous: "x", Version: 7, Joined: &audit.Joined{},
		Reason: strings.Repeat("ä", 20_000), Detail: "a\nb\x00\xff",
	})
	if err != nil {
		t.Fatal(err)
	}
	if e.Version != audit.Version || e.Number != 1 || e.Previous != "" || e.Joined != nil || len(e.ID) != 26 {
		t.Errorf("got %+v", e)
	}
	if e.Time.Location() != time.UTC || !e.Time.Equal(at.Truncate(time.Millisecond)) {
		t.Errorf("got %v, want %v to the millisecond and in UTC", e.Time, at)
	}
	if len(e.Reason) > 16<<10 || !strings.HasSuffix(e.Reason, "ä (cut here)") {
		t.Errorf("got a reason of %d bytes that ends in %q", len(e.Reason), e.Reason[len(e.Reason)-20:])
	}
	wantWhole(t, l, 1)
}

func TestAppendRefuses(t *testing.T) {
	t.Parallel()
	m := &storagetest.Memory{}
	l := newLog(m, newKeys(t), 0)
	for part, change := range map[string]func(e *audit.Entry){
		"action": func(e *audit.Entry) { e.Action = "" },
		"result": func(e *audit.Entry) { e.Result = "fine" },
		"sha256": func(e *audit.Entry) { e.SHA256 = "abc" },
		"bytes":  func(e *audit.Entry) { e.Bytes = -1 },
		"id":     func(e *audit.Entry) { e.ID = "../x" },
		"longer": func(e *audit.Entry) { e.Subject.Source = strings.Repeat("x", 300_000) },
	} {
		e := entry("x")
		change(&e)
		if _, err := l.Append(t.Context(), e); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want an error about %s", err, part)
		}
	}
	l.Random = strings.NewReader("short")
	if _, err := l.Append(t.Context(), entry("x")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want the error of the random source", err)
	}
	if keys := m.Keys(); len(keys) != 0 {
		t.Errorf("left behind: %q", keys)
	}
}

// The end is found with few listings, however long the log is, and then known.
func TestAppendAsksLittle(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for _, last := range []int{1, 998, 999, 1000, 1999, 2000, 5999, 6000, 12_345} {
		m := &storagetest.Memory{}
		for n := 1; n <= last; n++ {
			m.Set(entryKey(n), []byte("x"))
		}
		c := &counting{Memory: m}
		l := newLog(c, k, -1)
		e, err := l.Append(t.Context(), entry("x"))
		if err != nil || e.Number != int64(last+1) {
			t.Fatalf("got %d, %v, want %d", e.Number, err, last+1)
		}
		lists := c.lists.Load()
		if c.gets.Load() != 1 || c.puts.Load() != 1 || lists > 9 {
			t.Errorf("after %d: %d lists, %d gets, %d puts", last, lists, c.gets.Load(), c.puts.Load())
		}
		add(t, l, 1)
		if c.gets.Load() != 1 || c.puts.Load() != 2 || c.lists.Load() != lists {
			t.Errorf("one more: %d lists, %d gets, %d puts, want a put only", c.lists.Load(), c.gets.Load(), c.puts.Load())
		}
	}
}

// An oldest part that is gone does not make the log begin anew.
func TestAppendAfterTheOldestAreGone(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	m.Set(entryKey(4711), []byte("x"))
	if e := add(t, newLog(m, k, -1), 1)[0]; e.Number != 4712 {
		t.Errorf("got number %d, want 4712", e.Number)
	}
}

// What is not an entry of ours, of whatever length, does not keep others from
// being appended; Verify tells of it.
func TestAppendAfterForeign(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "x", strings.Repeat("x", 1<<20)} {
		m, k := &storagetest.Memory{}, newKeys(t)
		m.Set(entryKey(1), []byte(text))
		l := newLog(m, k, -1)
		want := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
		if e := add(t, l, 2)[0]; e.Number != 2 || e.Previous != want {
			t.Errorf("%d bytes: got number %d after %s, want 2 after %s", len(text), e.Number, e.Previous, want)
		}
		m.Set(entryKey(4), []byte(text)) // after what is known
		if e := add(t, l, 1)[0]; e.Number != 5 || e.Previous != want {
			t.Errorf("%d bytes: got number %d after %s, want 5 after %s", len(text), e.Number, e.Previous, want)
		}
		r := verify(t, l)
		wantFault(t, r, audit.Unreadable, 1)
		wantFault(t, r, audit.Unreadable, 4)
		if r.FaultCount != 2 || r.Broken != 1 {
			t.Errorf("%d bytes: got %+v, want these two faults only: the chain runs through them", len(text), r)
		}
	}
}

func TestLocks(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	m.Now = func() time.Time { return time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC) }
	l := newLog(m, k, 2)
	l.Lock = func(now time.Time) storage.Lock {
		return storage.Lock{Mode: storage.Compliance, Until: now.AddDate(7, 0, 0)}
	}
	add(t, l, 4)
	from := &storagetest.Memory{}
	if _, err := l.Keep(t.Context(), from, entry("kept"), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Join(t.Context(), from); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	for _, key := range m.Keys() {
		p, err := m.Protection(t.Context(), key)
		if err != nil || p.Lock.Mode != storage.Compliance || p.Lock.Until.Year() != 2033 {
			t.Errorf("%s: got %v, %v, want it locked for seven years", key, p, err)
		}
		if err := m.Delete(t.Context(), key); !errors.Is(err, storage.ErrLocked) {
			t.Errorf("%s: got %v, want it locked", key, err)
		}
	}
}
