package db

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/db/replay"
)

// Each INSERT is a commit: a store on disk is faster with many rows in it, one in memory
// with few, and no server says which it has. So a restore tries both.
const (
	trials    = 2 // imports of each size, after the first one, with which a server is slow
	lastTrial = 2*trials + 1
	trialSize = 3. / 10 // of a whole import: three large INSERTs
	worse     = 1.15    // as much as large INSERTs may cost before they are slower for sure
	longRow   = 1 << 10 // bytes of a row of which an INSERT holds few in any size
)

// A trial finds the size of INSERT that the server of a run takes faster. It is over
// after the first imports of one large table; without such a table it never begins.
type trial struct {
	mu    sync.Mutex
	of    replay.Load
	sent  int
	ends  int
	costs [2][]float64 // of imports of each size: seconds by work
	size  replay.Size  // of all others
	over  chan struct{}
}

// next returns the size of the INSERTs of the next import, and its number in the trial, or 0.
func (t *trial) next(l replay.Load) (size replay.Size, number int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sent == 0 && !l.Plain && !l.Again && l.Data.Length < l.Rows*longRow && work(int(l.Data.Length), int(l.Rows)) > lastTrial*trialSize {
		t.of = l
	}
	if l != t.of || t.sent == lastTrial {
		return t.size, 0
	}
	t.sent++
	return replay.Size(t.sent % 2), t.sent
}

// ended says how long an import of the trial took, and whether all of it went in at once.
func (t *trial) ended(b *body, took time.Duration, well bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ends++
	if well && b.trial > 1 && b.total > len(b.rows) { // not so if they are RELATEs
		t.costs[b.size] = append(t.costs[b.size], took.Seconds()/work(len(b.text), b.total))
	}
	if t.ends < lastTrial {
		return
	}
	small, large := t.costs[replay.Small], t.costs[replay.Large]
	if len(small) == trials && len(large) == trials && slices.Min(large) < worse*slices.Min(small) {
		t.size = replay.Large
	}
	close(t.over)
}

// wait waits behind the last import of the trial until all have ended, so that what comes
// next has the size that was found.
func (t *trial) wait(ctx context.Context, number int) error {
	if number < lastTrial {
		return nil
	}
	select {
	case <-t.over:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
