package audit_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

func keep(t testing.TB, l *audit.Log, to storage.Store, e audit.Entry) audit.Entry {
	t.Helper()
	e, err := l.Keep(t.Context(), to, e, storage.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func join(t testing.TB, l *audit.Log, from storage.Store, want int) {
	t.Helper()
	if n, err := l.Join(t.Context(), from); n != want || err != nil {
		t.Errorf("joined %d, %v, want %d", n, err, want)
	}
}

func TestKeepAndJoin(t *testing.T) {
	t.Parallel()
	m, kept, k := &storagetest.Memory{}, &storagetest.Memory{}, newKeys(t)
	l := newLog(m, k, -1)
	add(t, l, 1)
	e := entry("one")
	e.Number = 7 // of an entry without an ID, it means nothing
	one := keep(t, l, kept, e)
	if one.Number != 0 {
		t.Errorf("got number %d, want none", one.Number)
	}
	two := keep(t, l, kept, entry("two"))
	if again := keep(t, l, kept, one); again != one || len(kept.Keys()) != 4 {
		t.Errorf("kept twice: got %+v and %q", again, kept.Keys())
	}
	key := "audit/pending/" + one.Time.Format("20060102T150405Z") + "-" + one.ID + ".json"
	if !slices.Contains(kept.Keys(), key) || !slices.Contains(kept.Keys(), key+".minisig") {
		t.Errorf("got %q, want %s and its signature", kept.Keys(), key)
	}
	join(t, l, kept, 2)
	join(t, l, kept, 0)
	if left := kept.Keys(); len(left) != 0 {
		t.Errorf("still pending: %q", left)
	}
	es := wantWhole(t, l, 3)
	for i, want := range []audit.Entry{one, two} {
		got := es[i+1]
		j := got.Joined
		if got.ID != want.ID || !got.Time.Equal(want.Time) || got.Detail != want.Detail || j == nil {
			t.Errorf("got %+v, want %+v joined", got, want)
		} else if !j.Time.After(got.Time) || !strings.HasSuffix(j.Key, want.ID+".json") || len(j.SHA256) != 64 {
			t.Errorf("got %+v, want where it came from, and when", j)
		}
	}
}

// What a locked destination keeps is joined once, however often and by however
// many at once.
func TestJoinOfWhatIsLocked(t *testing.T) {
	t.Parallel()
	m, kept, k := &storagetest.Memory{}, &storagetest.Memory{}, newKeys(t)
	lock := storage.Lock{Mode: storage.Compliance, Until: time.Now().Add(time.Hour)}
	for i := range 10 {
		if _, err := newLog(m, k, -1).Keep(t.Context(), kept, entry(fmt.Sprint(i)), storage.PutOptions{Lock: lock}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				l := newLog(m, k, -1)
				l.Now = nil
				if _, err := l.Join(t.Context(), kept); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() { add(t, newLog(m, k, -1), 1) })
		}
		wg.Wait()
	}
	l := newLog(m, k, -1)
	join(t, l, kept, 0)
	r := verify(t, l)
	if !r.OK() || r.Entries != 22 || hasNote(r, audit.Unfinished) {
		t.Errorf("got %+v, want 22 entries", r)
	}
	all(t, l, time.Time{})
	if got := len(kept.Keys()); got != 20 {
		t.Errorf("%d objects are left, want 20", got)
	}
	if got := len(keysWith(m, "/joins/")); got < 10 {
		t.Errorf("got %d claims, want one for each at least", got)
	}
}

// A Join that is stopped at any call leaves nothing that a later one does twice, and
// nothing that Verify takes for a fault.
func TestJoinGoesOnAfterEveryStop(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for _, op := range []storagetest.Op{storagetest.Put, storagetest.Get, storagetest.List, storagetest.Delete} {
		for nth, called := 1, true; called; nth++ {
			m, kept := &storagetest.Memory{}, &storagetest.Memory{}
			keep(t, newLog(m, k, -1), kept, entry("one"))
			keep(t, newLog(m, k, -1), kept, entry("two"))
			f := &storagetest.Faulty{Store: m, Op: op, Nth: nth, Err: errDown}
			from := &storagetest.Faulty{Store: kept, Op: op, Nth: nth, Err: errDown}
			_, err := newLog(f, k, 1).Join(t.Context(), from)
			called = f.Calls() >= nth || from.Calls() >= nth
			if called && err == nil {
				t.Errorf("%s %d failed, and Join says nothing", op, nth)
			}
			add(t, newLog(m, k, -1), 1) // takes the number that was claimed
			if r := verify(t, newLog(m, k, -1)); !r.OK() {
				t.Errorf("%s %d: got %+v, want no fault by being stopped", op, nth, r)
			}
			l := newLog(m, k, -1)
			if _, err := l.Join(t.Context(), kept); err != nil {
				t.Error(err)
			}
			wantOnce(t, l, []string{"entry 0", "one", "two"})
		}
	}
}

func TestKeepRefuses(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	l := newLog(m, k, -1)
	e := keep(t, l, m, entry("one"))
	e.Detail = "another"
	if _, err := l.Keep(t.Context(), m, e, storage.PutOptions{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist for another entry of the same ID", err)
	}
	l.Verifier = newKeys(t).trusted
	if _, err := l.Keep(t.Context(), m, entry("two"), storage.PutOptions{}); err == nil {
		t.Error("signed with a key that nobody trusts")
	}
	if r := verify(t, newLog(m, k, -1)); !r.OK() || r.Pending != 1 || r.Entries != 0 {
		t.Errorf("got %+v, want one pending entry and no fault", r)
	}
}
