package db

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// A Loader carries out a plan against a target.
type Loader struct {
	Client *Client
	Plan   *replay.Plan
	// Open reads a range of the plain dump. Errors come out of the reader.
	Open func(surql.Range) io.ReadCloser
	// Workers is how many imports run at once; three is fastest on a small
	// server of two cores: it has the next one when it ends one.
	Workers int
	// Progress, if not nil, is told of rows as they arrive, from any goroutine.
	Progress func(stage string, rows int)
}

// Loaded is what a Loader did.
type Loaded struct {
	Statements int64 `json:"statements"`
	Rows       int64 `json:"rows"`
	// Failed counts statements that the target did not take; Failures are the
	// first hundred of them.
	Failed     int64             `json:"failed"`
	Failures   []FailedStatement `json:"failures,omitempty"`
	Tables     int               `json:"table_values"` // bare words put right
	Points     int               `json:"points"`       // points in collections put right
	Lookalikes int               `json:"lookalikes"`   // objects kept from becoming geometries
	Files      int               `json:"files"`        // files whose key was printed as nobody reads it
	Words      int               `json:"words"`        // record ids whose table is called like a word of the language, or a number
	Decimals   int               `json:"decimals"`     // decimals whose last zeros reading drops
	Sets       int               `json:"sets"`         // sets of records that are read as objects
	// Misfits counts the rows of each table that fit its REFERENCE fields no longer.
	Misfits map[string]int `json:"-"`
}

// A FailedStatement names a statement by what it is; its text may hold a key.
type FailedStatement struct {
	Statement string `json:"statement"` // "DEFINE TABLE person", "an INSERT into person (one of 12)"
	Message   string `json:"message"`
}

const maxFailures = 100

// Run carries out the plan. An error means that it did not come to the plan's
// end; statements that failed on the way do not stop it and are in Loaded.
func (l *Loader) Run(ctx context.Context) (*Loaded, error) {
	r := &loading{Loader: l, done: &Loaded{}, trial: trial{over: make(chan struct{})}}
	defer func() { r.done.Statements, r.done.Rows = r.statements.Load(), r.rows.Load() }()
	for _, s := range l.Plan.Stages {
		if err := r.define(ctx, s.Define); err != nil {
			return r.done, fmt.Errorf("%s: %w", s.Name, err)
		}
		if err := r.load(ctx, s); err != nil {
			return r.done, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return r.done, nil
}

// loading is one run of a Loader.
type loading struct {
	*Loader
	statements, rows atomic.Int64
	conflicts        atomic.Int64
	trial            trial
	alone            sync.RWMutex // an import holds it for reading; one that must be alone, for writing
	mu               sync.Mutex
	done             *Loaded
}

func (r *loading) fail(f FailedStatement) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done.Failed++
	if len(r.done.Failures) < maxFailures {
		r.done.Failures = append(r.done.Failures, f)
	}
}

// definesAtOnce is how many definitions go into one import.
const definesAtOnce = 64

// define sends definitions, many at once. Servers do not say which statement
// failed, so where one did, they are sent again one by one: each replaces what
// is there, and then a failure has its name.
func (r *loading) define(ctx context.Context, defs []surql.Definition) error {
	for _, chunk := range chunks(defs) {
		text := []byte(importHead)
		for _, d := range chunk {
			text = append(append(text, d.Text...), '\n')
		}
		failures, err := r.Client.Import(ctx, text)
		if err != nil {
			return fmt.Errorf("define %s and what follows: %w", title(chunk[0]), err)
		}
		r.statements.Add(int64(len(chunk)))
		if len(failures) == 0 {
			continue
		}
		for _, d := range chunk {
			if len(chunk) > 1 {
				if failures, err = r.Client.Import(ctx, []byte(importHead+d.Text)); err != nil {
					return fmt.Errorf("define %s: %w", title(d), err)
				}
			}
			for _, f := range failures {
				r.fail(FailedStatement{Statement: what(d), Message: f.Message})
			}
		}
	}
	return nil
}

// chunks divides definitions. A view stands alone: it is long in the making, and 3.0
// computes none twice, so that one which failed would make those before it fail too.
func chunks(defs []surql.Definition) (out [][]surql.Definition) {
	for _, d := range defs {
		last := len(out) - 1
		if last < 0 || len(out[last]) == definesAtOnce || d.IsView() || out[last][0].IsView() {
			out = append(out, nil)
			last++
		}
		out[last] = append(out[last], d)
	}
	return out
}

// what says what a statement of a plan does.
func what(d surql.Definition) string {
	if d.Defines() {
		return "DEFINE " + title(d)
	}
	return title(d) // ALTER of a table
}

// title names a definition without its text.
func title(d surql.Definition) string {
	if d.On != "" {
		return d.Kind + " " + d.Name + " ON " + d.On
	}
	return d.Kind + " " + d.Name
}

// load sends the rows of a stage, several imports at once.
func (r *loading) load(ctx context.Context, s replay.Stage) error {
	if len(s.Load) == 0 {
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	bodies := make(chan *body, 1)
	p := &pace{workers: max(1, r.Workers)}
	for _, load := range s.Load {
		p.left += work(int(load.Data.Length), int(load.Rows))
	}
	pool := sync.Pool{New: func() any { return &body{text: make([]byte, 0, bodyBytes+bodyBytes/2)} }}
	g.Go(func() error {
		defer close(bodies)
		for _, load := range s.Load {
			k := packing{loading: r, stage: s.Name, load: load, pace: p, pool: &pool, out: bodies}
			if err := k.run(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	for range p.workers {
		g.Go(func() error {
			for b := range bodies {
				if err := r.send(ctx, b); err != nil {
					return err
				}
				pool.Put(b)
			}
			return nil
		})
	}
	return g.Wait()
}

// send posts a body and looks at every answer in it.
func (r *loading) send(ctx context.Context, b *body) error {
	turn := r.turn(b)
	turn.Lock()
	start := time.Now()
	failures, err := r.post(ctx, b)
	took := time.Since(start)
	turn.Unlock()
	if b.trial > 0 {
		r.trial.ended(b, took, err == nil && len(failures) == 0)
	}
	if err == nil && conflicting(failures) {
		failures, err = r.again(ctx, b)
	}
	if err == nil && len(failures) > 0 && b.plain && len(b.single) > 0 {
		failures, err = r.misfits(ctx, b)
	}
	if err != nil {
		return fmt.Errorf("load rows of %s: %w", b.table, err)
	}
	r.statements.Add(int64(len(b.rows)))
	total := b.total
	if len(failures) > 0 {
		total = 0 // which ones were taken is not said; the counts will be checked
	}
	for _, f := range failures {
		r.fail(FailedStatement{Statement: fmt.Sprintf("an INSERT into %s (one of %d)", b.table, len(b.rows)), Message: f.Message})
	}
	if b.again {
		return nil // these rows were counted
	}
	r.rows.Add(int64(total))
	if r.Progress != nil {
		r.Progress(b.stage, total)
	}
	return nil
}

func (r *loading) post(ctx context.Context, b *body) ([]Failure, error) {
	if !b.plain {
		return r.Client.Import(ctx, b.text)
	}
	results, err := r.Client.Query(ctx, string(bytes.TrimSpace(b.text)))
	if err != nil {
		return nil, err
	}
	return failed(results), nil
}
