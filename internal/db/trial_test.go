package db

import (
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// The size of all INSERTs is the one that was faster in a trial, in which both take turns;
// if it told nothing, the one that is fast enough everywhere.
func TestTrial(t *testing.T) {
	t.Parallel()
	large := replay.Load{Table: "a", Rows: 20_000, Data: surql.Range{Length: 2 << 20}}
	with := func(change func(*replay.Load)) replay.Load { l := large; change(&l); return l }
	like := func(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }
	for name, test := range map[string]struct {
		load   replay.Load
		took   [2]func(n int) time.Duration // of an import of each size
		failed int                          // the number of one that was not taken
		single bool                         // its rows are statements of their own
		never  bool                         // there is no trial
		want   replay.Size
	}{
		"a disk":                       {load: large, took: [2]func(int) time.Duration{like(90), like(60)}, want: replay.Large},
		"no difference":                {load: large, took: [2]func(int) time.Duration{like(90), like(99)}, want: replay.Large},
		"memory":                       {load: large, took: [2]func(int) time.Duration{like(90), like(130)}},
		"the first one is not counted": {load: large, took: [2]func(int) time.Duration{like(50), func(n int) time.Duration { return []time.Duration{1, 0, 60, 0, 9000}[n-1] }}},
		"one was not taken":            {load: large, took: [2]func(int) time.Duration{like(90), like(60)}, failed: 5},
		"RELATE":                       {load: large, took: [2]func(int) time.Duration{like(90), like(90)}, single: true},
		"a small table":                {load: with(func(l *replay.Load) { l.Rows = 9_000 }), never: true},
		"long rows":                    {load: with(func(l *replay.Load) { l.Data.Length = l.Rows << 10 }), never: true},
		"ordinary statements":          {load: with(func(l *replay.Load) { l.Plain = true }), never: true},
		"edges once more":              {load: with(func(l *replay.Load) { l.Again = true }), never: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trial := &trial{over: make(chan struct{})}
			var bodies []*body
			for range 10 {
				b := &body{text: make([]byte, 100_000), total: 1800, rows: make([]int, 9)}
				if test.single {
					b.rows = make([]int, b.total)
				}
				if b.size, b.trial = trial.next(test.load); b.trial > 0 {
					bodies = append(bodies, b)
				}
			}
			if test.never != (len(bodies) == 0) || !test.never && len(bodies) != 5 {
				t.Fatalf("the trial has %d imports", len(bodies))
			}
			var sizes [2]int
			for _, b := range bodies {
				if other, n := trial.next(large); other != replay.Small || n != 0 {
					t.Error("an import beside the trial is of another size, or part of it")
				}
				sizes[b.size]++
				trial.ended(b, test.took[b.size](b.trial)*time.Millisecond, b.trial != test.failed)
			}
			if !test.never && sizes != [2]int{2, 3} {
				t.Errorf("imports of each size are %d", sizes)
			}
			if len(bodies) > 0 {
				if err := trial.wait(t.Context(), len(bodies)); err != nil {
					t.Error(err)
				}
			}
			for _, l := range []replay.Load{large, {Table: "b", Rows: 1}} {
				if got, n := trial.next(l); !test.never && (got != test.want || n != 0) {
					t.Errorf("%s: afterwards the size is %d, want %d", l.Table, got, test.want)
				}
			}
		})
	}
}
