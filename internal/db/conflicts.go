package db

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Several imports at once may write the same key of a server: the cache of an INLINE EDGES
// table's record, the history of a 2.x database. Only one of them gets through.
const (
	manyConflicts = 3 // after which imports go one by one
	attempts      = 5
	pause         = 50 * time.Millisecond // before the second attempt, doubled each time
)

// onceMore are words with which a server asks for a statement once more, or does not know
// what became of it; sanitize keeps them.
var onceMore = []string{
	"retried",
	"Transaction retry required", // surrealkv, whose table in memory went to disk meanwhile
	"outcome is unknown",         // TiKV; see taken
}

// conflicting says whether a server asks for a statement once more.
func conflicting(all []Failure) bool {
	return slices.ContainsFunc(all, func(f Failure) bool {
		return slices.ContainsFunc(onceMore, func(words string) bool { return strings.Contains(f.Message, words) })
	})
}

// taken says whether all that failed is there: an earlier attempt brought it.
func taken(all []Failure) bool {
	for _, f := range all {
		if !strings.HasPrefix(f.Message, "Database record ") || !strings.HasSuffix(f.Message, " already exists") {
			return false
		}
	}
	return true
}

// turn is what an import holds while it runs. One of the trial runs alone, or it would
// measure what is beside it.
func (r *loading) turn(b *body) sync.Locker {
	if b.trial > 0 || r.conflicts.Load() >= manyConflicts {
		return &r.alone
	}
	return r.alone.RLocker()
}

// again sends the statements of a body one by one, while no other import runs. Those that
// the server took before it takes for what is there.
func (r *loading) again(ctx context.Context, b *body) (failures []Failure, err error) {
	r.conflicts.Add(1)
	r.alone.Lock()
	defer r.alone.Unlock()
	from := 0
	if !b.plain {
		from = len(importHead)
	}
	for _, end := range b.ends {
		one := &body{text: b.text[from:end], plain: b.plain}
		if !b.plain {
			one.text = append([]byte(importHead), one.text...)
		}
		from = end
		its, err := r.insist(ctx, one)
		if err != nil {
			return nil, err
		}
		if !taken(its) {
			failures = append(failures, its...)
		}
	}
	return failures, nil
}

// insist sends a body until it meets no conflict.
func (r *loading) insist(ctx context.Context, b *body) (failures []Failure, err error) {
	err = unconflicted(ctx, func() ([]Failure, error) {
		failures, err = r.post(ctx, b)
		return failures, err
	})
	return failures, err
}

// unconflicted calls send until it fails otherwise than by a conflict, or too often.
func unconflicted(ctx context.Context, send func() ([]Failure, error)) error {
	wait := pause
	for range attempts {
		failures, err := send()
		if err != nil || !conflicting(failures) {
			return err
		}
		select {
		case <-time.After(wait):
			wait *= 2
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
