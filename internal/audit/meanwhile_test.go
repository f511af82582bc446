package audit_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/storage"
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
