package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// A meanwhile has something happen around every listing.
type meanwhile struct {
	*storagetest.Memory
	before, after func(prefix string)
}

func (s *meanwhile) List(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) {
		s.before(prefix)
		for o, err := range s.Memory.List(ctx, prefix) {
			if !yield(o, err) {
				return
			}
		}
		s.after(prefix)
	}
}

func nothing(string) {}

// What others do while Verify and Export read is no fault.
func TestVerifyWhileOthersAppend(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for _, where := range []string{"before", "after"} {
		m := &storagetest.Memory{}
		other := newLog(m, k, 2)
		add(t, other, 995)
		s := &meanwhile{Memory: m, before: nothing, after: nothing}
		more := func(string) { add(t, other, 4) } // with two heads, and into the next folder
		if where == "before" {
			s.before = more
		} else {
			s.after = more
		}
		for range 2 {
			r := verify(t, newLog(s, k, 2))
			if !r.OK() || r.NoteCount != 0 || r.Entries < 995 {
				t.Errorf("%s: got %+v, want no fault", where, r)
			}
			names := string(stock(t, export(t, newLog(s, k, 2)), "tar", "-tf", "-"))
			for line := range strings.Lines(names) {
				if _, head, ok := strings.Cut(line, "audit/heads/"); ok && !strings.Contains(names, "audit/entries/"+head[:22]+".json\n") {
					t.Errorf("%s: the export has a head and not its entry: %s", where, line)
				}
			}
		}
	}
}

// A claim may be seen whose entry is in a folder that came after the listing of
// entries.
func TestVerifyWhileOthersJoin(t *testing.T) {
	t.Parallel()
	m, kept, k := &storagetest.Memory{}, &storagetest.Memory{}, newKeys(t)
	other := newLog(m, k, -1)
	add(t, other, 999)
	keep(t, other, kept, entry("kept"))
	s := &splitList{Memory: m, meanwhile: func() {
		add(t, other, 1)
		stop := &storagetest.Faulty{Store: m, Op: storagetest.Put, Key: "/entries/", Err: errDown}
		if _, err := newLog(stop, k, -1).Join(t.Context(), kept); !errors.Is(err, errDown) {
			t.Errorf("got %v, want a join that stops after its claim", err)
		}
	}}
	r := verify(t, newLog(s, k, -1))
	if !r.OK() || r.Entries != 1000 || r.NoteCount != 1 || !hasNote(r, audit.Unfinished) {
		t.Errorf("got %+v, want 1000 entries and a note", r)
	}
}

// A splitList lists the whole log in two parts, and in between something happens.
type splitList struct {
	*storagetest.Memory
	meanwhile func()
}

func (s *splitList) List(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
	if prefix != audit.Prefix {
		return s.Memory.List(ctx, prefix)
	}
	return func(yield func(storage.Object, error) bool) {
		for _, part := range []string{"entries/", "heads/", "joins/"} {
			for o, err := range s.Memory.List(ctx, prefix+part) {
				if !yield(o, err) {
					return
				}
			}
			if s.meanwhile != nil {
				s.meanwhile()
				s.meanwhile = nil
			}
		}
	}
}

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
	for _, gone := range [][]int{{3}, {2, 3}, {3, 4, 5}, {2, 3, 4, 5}} {
		m, kept, k := &storagetest.Memory{}, &storagetest.Memory{}, newKeys(t)
		add(t, newLog(m, k, -1), 2)
		down := &storagetest.Faulty{Store: m, Op: storagetest.Put, Err: errDown}
		e, err := newLog(down, k, -1).Append(t.Context(), entry("kept"))
		if err == nil || e.Number != 3 {
			t.Fatalf("got number %d, %v, want doubt about number 3", e.Number, err)
		}
		keep(t, newLog(m, k, -1), kept, e)
		add(t, newLog(m, k, -1), 3)
		for _, n := range gone {
			remove(t, m, entryKey(n))
		}
		l := newLog(m, k, -1)
		join(t, l, kept, 1)
		join(t, l, kept, 0)
		if left := kept.Keys(); len(left) != 0 {
			t.Errorf("without %v: still pending: %q", gone, left)
		}
		last := verify(t, l).Last
		if !bytes.Contains(text(t, m, entryKey(int(last))), []byte(e.ID)) {
			t.Errorf("without %v: it is not the last entry, %d", gone, last)
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
