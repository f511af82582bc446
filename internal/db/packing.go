package db

import (
	"context"
	"sync"

	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// importHead begins every import; without it a server takes the rest for
// ordinary statements, or refuses it.
const importHead = "OPTION IMPORT;\n"

// A body is one import that is about to be sent.
type body struct {
	stage, table string
	text         []byte
	rows         []int       // of each statement
	ends         []int       // of each statement, in text
	total        int         // of all of them
	most         float64     // imports' worth that it may hold
	size         replay.Size // of its INSERTs
	trial        int         // its number in the trial, or 0
	plain, again bool
	single       []surql.Range // the rows of a plain body's only statement
}

// packing turns one load into bodies.
type packing struct {
	*loading
	stage string
	load  replay.Load
	pace  *pace
	pool  *sync.Pool
	out   chan<- *body

	batcher replay.Batcher
	body    *body // which is being filled
}

func (k *packing) run(ctx context.Context) error {
	k.begin()
	k.batcher.Emit = func(text []byte, rows int) error { return k.add(ctx, text, rows) }
	src := k.Open(k.load.Data)
	err := k.batcher.Run(src, k.load)
	if cerr := src.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	k.mu.Lock()
	k.done.Tables += k.batcher.Tables
	k.done.Points += k.batcher.Points
	k.done.Lookalikes += k.batcher.Lookalikes
	k.done.Files += k.batcher.Files
	k.done.Words += k.batcher.Words
	k.done.Decimals += k.batcher.Decimals
	k.done.Sets += k.batcher.Sets
	k.mu.Unlock()
	return k.hand(ctx)
}

func (k *packing) begin() {
	b := k.pool.Get().(*body)
	b.stage, b.table, b.plain, b.again = k.stage, k.load.Table, k.load.Plain && !k.load.Again, k.load.Again
	b.text, b.rows, b.ends, b.total = b.text[:0], b.rows[:0], b.ends[:0], 0
	b.most = k.pace.next()
	if b.size, b.trial = k.trial.next(k.load); b.trial > 0 {
		b.most = trialSize
	}
	if !b.plain {
		b.text = append(b.text, importHead...)
	}
	k.body, k.batcher.Size = b, b.size
}

// add gets the statements of the batcher.
func (k *packing) add(ctx context.Context, text []byte, rows int) error {
	full := func() bool { return work(len(k.body.text)+len(text), k.body.total+rows) > k.body.most }
	if k.body.plain || full() {
		if err := k.hand(ctx); err != nil {
			return err
		}
	}
	b := k.body
	if b.plain {
		b.single = append(b.single[:0], k.batcher.Rows...)
	}
	b.text = append(append(b.text, text...), '\n')
	b.rows, b.ends = append(b.rows, rows), append(b.ends, len(b.text))
	b.total += rows
	if b.trial > 0 && full() {
		return k.hand(ctx) // now, so that the next one has no statement of another size
	}
	return nil
}

// hand gives what was filled to who sends it, and begins another.
func (k *packing) hand(ctx context.Context) error {
	if k.body.total == 0 {
		return nil
	}
	k.pace.done(k.body)
	number := k.body.trial
	select {
	case k.out <- k.body:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := k.trial.wait(ctx, number); err != nil {
		return err
	}
	k.begin()
	return nil
}
