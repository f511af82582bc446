package audit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

var errDown = errors.New("down")

// record is what a command does: it appends, where that fails it keeps, and
// later somebody joins.
func record(t *testing.T, l *audit.Log, kept storage.Store, n int) (names []string) {
	t.Helper()
	for i := range n {
		e, err := l.Append(t.Context(), entry(fmt.Sprintf("entry %02d", i)))
		names = append(names, e.Detail)
		if err == nil || errors.Is(err, audit.ErrHead) {
			continue
		}
		if _, err := l.Keep(t.Context(), kept, e, storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// wantOnce checks that a log has each of these entries once, and is whole.
func wantOnce(t *testing.T, l *audit.Log, names []string) {
	t.Helper()
	r := verify(t, l)
	got := details(all(t, l, time.Time{}))
	if !r.OK() || fmt.Sprint(got) != fmt.Sprint(names) {
		t.Errorf("got %q, %+v, want %q and no fault", got, r, names)
	}
}

// Every call of every kind fails once, before and after it did its work.
func TestEveryCallFails(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	const entries = 9
	for _, op := range []storagetest.Op{storagetest.Put, storagetest.Get, storagetest.List} {
		for _, mode := range []string{"before", "late", "after", "exists"} {
			for nth, called := 1, true; called; nth++ {
				name := fmt.Sprintf("%s %d fails %s", op, nth, mode)
				m, kept := &storagetest.Memory{}, &storagetest.Memory{}
				f := &storagetest.Faulty{Store: m, Op: op, Nth: nth, Err: errDown, Late: mode == "late"}
				var s storage.Store = f
				switch mode {
				case "after":
					s = &answerLost{Memory: m, nth: nth, err: errDown}
				case "exists":
					s = &answerLost{Memory: m, nth: nth, err: errExist}
				}
				if op != storagetest.Put && (mode == "after" || mode == "exists") {
					break
				}
				names := record(t, newLog(s, k, 3), kept, entries)
				// A second writer, by the same bad line, and then a good one.
				names = append(names, "joined")
				if _, err := newLog(m, k, 3).Keep(t.Context(), kept, entry("joined"), storage.PutOptions{}); err != nil {
					t.Fatal(err)
				}
				_, _ = newLog(s, k, 3).Join(t.Context(), kept) // may fail
				good := newLog(m, k, 3)
				if _, err := good.Join(t.Context(), kept); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				wantOnce(t, good, names)
				if left := kept.Keys(); len(left) != 0 && len(keysWith(kept, ".json.minisig")) != len(left) {
					t.Errorf("%s: still pending: %q", name, left)
				}
				if t.Failed() {
					t.Fatal(name)
				}
				called = f.Calls() >= nth
				if a, ok := s.(*answerLost); ok {
					called = a.calls >= nth
				}
			}
		}
	}
}

// An answerLost does its nth Put, and says that it failed.
type answerLost struct {
	*storagetest.Memory
	nth, calls int
	err        error
}

func (a *answerLost) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	err := a.Memory.Put(ctx, key, r, o)
	if a.calls++; a.calls == a.nth {
		return fmt.Errorf("put %s: %w", key, a.err)
	}
	return err
}

// A write whose answer was lost, and that takes place when nobody waits for it
// any more, is neither lost nor doubled.
func TestWriteThatIsLate(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for _, when := range []string{"before keep", "before join", "while joining", "never"} {
		for _, others := range []int{0, 1} {
			m, kept := &storagetest.Memory{}, &storagetest.Memory{}
			add(t, newLog(m, k, -1), 2)
			var late func() error
			slow := &lying{m, func(key string, put func() error) error { late = put; return errDown }}
			e, err := newLog(slow, k, -1).Append(t.Context(), entry("late"))
			if !errors.Is(err, errDown) || e.Number != 3 {
				t.Fatalf("got number %d, %v, want doubt about number 3", e.Number, err)
			}
			land := func(now string) {
				if err := late(); when == now && err != nil && !errors.Is(err, fs.ErrExist) {
					t.Error(err)
				}
			}
			if when == "before keep" {
				land(when)
			}
			if _, err := newLog(m, k, -1).Keep(t.Context(), kept, e, storage.PutOptions{}); err != nil {
				t.Fatal(err)
			}
			add(t, newLog(m, k, -1), others)
			if when == "before join" {
				land(when)
			}
			joiner := newLog(&lying{m, func(key string, put func() error) error {
				if when == "while joining" {
					land(when)
				}
				return put()
			}}, k, -1)
			if _, err := joiner.Join(t.Context(), kept); err != nil {
				t.Error(err)
			}
			wantWhole(t, newLog(m, k, -1), 3+others)
			if left := kept.Keys(); len(left) != 0 {
				t.Errorf("%s: still pending: %q", when, left)
			}
		}
	}
}
