package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// Somebody interrupts at the very moment in which the entry is stored: it is.
func TestInterruptedWhenItIsStored(t *testing.T) {
	t.Parallel()
	folder, err := local.Open(local.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	k := newKeys(t)
	e, err := newLog(&interrupted{folder, cancel}, k, -1).Append(ctx, entry("x"))
	if err != nil || e.Number != 1 {
		t.Errorf("got number %d, %v, want it stored", e.Number, err)
	}
	wantWhole(t, newLog(folder, k, -1), 1)
}

type interrupted struct {
	*local.Store
	interrupt func()
}

func (s *interrupted) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	if err := s.Store.Put(ctx, key, r, o); err != nil {
		return err
	}
	s.interrupt()
	return fmt.Errorf("put %s: %w", key, ctx.Err())
}

// A number that was in doubt and is now a hole, because somebody deleted it or
// what came before, is given up.
func TestJoinAfterEntriesWereTakenAway(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		gone []int
		want int // the number
	}{{[]int{3}, 6}, {[]int{2, 3}, 6}, {[]int{3, 4, 5}, 3}, {[]int{2, 3, 4, 5}, 2}} {
		m, kept, k := &storagetest.Memory{}, &storagetest.Memory{}, newKeys(t)
		add(t, newLog(m, k, -1), 2)
		down := &storagetest.Faulty{Store: m, Op: storagetest.Put, Err: errDown}
		e, err := newLog(down, k, -1).Append(t.Context(), entry("kept"))
		if err == nil || e.Number != 3 {
			t.Fatalf("got number %d, %v, want doubt about number 3", e.Number, err)
		}
		keep(t, newLog(m, k, -1), kept, e)
		add(t, newLog(m, k, -1), 3)
		for _, n := range c.gone {
			remove(t, m, entryKey(n))
		}
		l := newLog(m, k, -1)
		join(t, l, kept, 1)
		join(t, l, kept, 0)
		if left := kept.Keys(); len(left) != 0 {
			t.Errorf("without %v: still pending: %q", c.gone, left)
		}
		if b, _ := m.Bytes(entryKey(c.want)); !bytes.Contains(b, []byte(e.ID)) {
			t.Errorf("without %v: got %q as entry %d", c.gone, b, c.want)
		}
	}
}

// Of two who join at once, each at every point of the other's work, one writes,
// and neither takes the other for a fault.
func TestTwoWhoJoinAtOnce(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for _, part := range []string{"list", "/joins/", "/entries/"} {
		m, kept := &storagetest.Memory{}, &storagetest.Memory{}
		add(t, newLog(m, k, -1), 2)
		keep(t, newLog(m, k, -1), kept, entry("one"))
		keep(t, newLog(m, k, -1), kept, entry("two"))
		done := 0
		other := func() {
			if done++; done == 1 {
				l := newLog(m, k, -1)
				l.Now = func() time.Time { return time.Date(2026, 11, 23, 14, 4, 0, 0, time.UTC) } // another moment
				join(t, l, kept, 2)
			}
		}
		to := &lying{m, func(key string, put func() error) error {
			if strings.Contains(key, part) {
				other()
			}
			return put()
		}}
		from := &meanwhile{Memory: kept, before: nothing, after: nothing}
		if part == "list" {
			from.after = func(string) { other() }
		}
		join(t, newLog(to, k, -1), from, 0)
		wantWhole(t, newLog(m, k, -1), 4)
		if left := kept.Keys(); done == 0 || len(left) != 0 {
			t.Errorf("%s: the other came %d times, still pending: %q", part, done, left)
		}
	}
}

// Where somebody else was first, an interrupted Append leaves no doubt.
func TestInterruptedWhenSomebodyElseWasFirst(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	ctx, cancel := context.WithCancel(t.Context())
	s := &lying{m, func(_ string, put func() error) error {
		add(t, newLog(m, k, -1), 1)
		cancel()
		return put()
	}}
	e, err := newLog(s, k, -1).Append(ctx, entry("x"))
	if !errors.Is(err, context.Canceled) || e.Number != 0 {
		t.Errorf("got number %d, %v, want no number", e.Number, err)
	}
	wantWhole(t, newLog(m, k, -1), 1)
}

// A context that has ended ends an Append also in a store that does not look at
// it and always says that somebody was first.
func TestAppendEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("interrupted")
	tries := 0
	s := &lying{&storagetest.Memory{}, func(string, func() error) error {
		if tries++; tries == 3 {
			cancel(cause)
		}
		return errExist
	}}
	e, err := newLog(s, newKeys(t), 0).Append(ctx, entry("x"))
	if !errors.Is(err, cause) || tries != 3 || e.Number != 1 {
		t.Errorf("got number %d, %v after %d tries, want the cause, and doubt about number 1", e.Number, err, tries)
	}
}
