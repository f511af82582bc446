package audit_test

import (
	"context"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// weighing looks every thousand Gets how much is on the heap.
type weighing struct {
	*storagetest.Memory
	gets, most atomic.Int64
}

func (w *weighing) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	if w.gets.Add(1)%1000 == 0 {
		if n := heap(); n > w.most.Load() {
			w.most.Store(n)
		}
	}
	return w.Memory.Get(ctx, key)
}

func heap() int64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

// Not parallel: it weighs the heap of the whole process.
func TestTenThousandEntries(t *testing.T) {
	const entries, most = 10_000, 4 << 20
	w, k := &weighing{Memory: &storagetest.Memory{}}, newKeys(t)
	l := newLog(w, k, 0)
	pad := strings.Repeat("x", 2000) // all of them are 20 MB
	for range entries {
		e := entry(pad)
		if _, err := l.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	before := heap()
	r := verify(t, newLog(w, k, 0))
	if !r.OK() || r.Entries != entries || r.Heads != entries/64 || r.Uncovered != entries%64 {
		t.Errorf("got %+v", r)
	}
	if got := w.most.Load() - before; got > most {
		t.Errorf("Verify held %d bytes, want at most %d", got, most)
	}
	w.most.Store(0)
	if err := l.Export(t.Context(), io.Discard); err != nil {
		t.Error(err)
	}
	if got := w.most.Load() - before; got > most {
		t.Errorf("Export held %d bytes, want at most %d", got, most)
	}
	t.Logf("held at most %d bytes more", w.most.Load()-before)
}
