package audit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// counting counts the calls that reach a store.
type counting struct {
	*storagetest.Memory
	lists, gets, puts atomic.Int64
}

func (c *counting) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	c.puts.Add(1)
	return c.Memory.Put(ctx, key, r, o)
}

func (c *counting) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	c.gets.Add(1)
	return c.Memory.Get(ctx, key)
}

func (c *counting) List(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
	c.lists.Add(1)
	return c.Memory.List(ctx, prefix)
}

func TestAllSince(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	l := newLog(m, k, -1)
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	l.Now = func() time.Time { at = at.Add(time.Minute); return at }
	written := add(t, l, 3500)
	c := &counting{Memory: m}
	reader := newLog(c, k, -1)
	for _, n := range []int{0, 1, 500, 999, 1000, 2100, 3499} {
		c.gets.Store(0)
		got := all(t, reader, written[n].Time)
		if len(got) != len(written)-n || got[0].ID != written[n].ID {
			t.Errorf("since entry %d: got %d entries, want %d", n+1, len(got), len(written)-n)
		}
		if read, most := int(c.gets.Load()), len(written)-n+1100; read > most {
			t.Errorf("since entry %d: read %d, want at most %d", n+1, read, most)
		}
	}
	if got := all(t, reader, at.Add(time.Hour)); len(got) != 0 {
		t.Errorf("got %d entries of the future", len(got))
	}
	remove(t, m, entryKey(7))
	remove(t, m, entryKey(8))
	m.Set(entryKey(9), []byte("x"))
	var errs []string
	good := 0
	for e, err := range reader.All(t.Context(), time.Time{}) {
		if err != nil {
			errs = append(errs, fmt.Sprint(e.Number, errors.Is(err, fs.ErrNotExist), errors.Is(err, audit.ErrInvalid)))
		} else {
			good++
		}
	}
	if want := []string{"7 true false", "9 false true"}; !slices.Equal(errs, want) || good != 3497 {
		t.Errorf("got errors %q and %d entries, want %q", errs, good, want)
	}
	for _, op := range []storagetest.Op{storagetest.List, storagetest.Get} {
		var last error
		for _, err := range newLog(&storagetest.Faulty{Store: m, Op: op, Nth: 3, Err: errDown}, k, -1).All(t.Context(), time.Time{}) {
			last = err
		}
		if !errors.Is(last, errDown) {
			t.Errorf("%s fails: got %v last, want that", op, last)
		}
	}
}
