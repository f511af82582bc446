package audit

import (
	"context"
	"fmt"
)

// tail returns the end of the chain as far as this Log knows it, and looks for
// it only where it knows none.
func (l *Log) tail(ctx context.Context) (tail, error) {
	if t := l.advance(tail{}); t.number > 0 {
		return t, nil
	}
	return l.find(ctx)
}

// find looks in the store for the end of the chain. What this Log knows of it
// already is not forgotten, even if the store does.
func (l *Log) find(ctx context.Context) (tail, error) {
	known := l.advance(tail{})
	n, err := l.highest(ctx, known.number)
	if err != nil || n <= known.number {
		return known, err
	}
	_, hash, err := readSum(ctx, l.Store, entryKey(n), maxEntry)
	if err != nil {
		return tail{}, fmt.Errorf("read the last entry: %w", err)
	}
	return l.advance(tail{n, hash}), nil
}

// highest finds the highest number with few listings: a folder that is not full
// is the last one, and of full ones it looks in twice as many at each step, and
// then in half as many.
func (l *Log) highest(ctx context.Context, known int64) (int64, error) {
	at := known / perFolder
	best, err := l.highestIn(ctx, entriesPrefix+folder(at*perFolder))
	if err != nil || best > 0 && !full(best) {
		return best, err
	}
	if best == 0 {
		// Nothing yet, or the oldest entries are gone: then the rest counts.
		return l.highestIn(ctx, entriesPrefix)
	}
	grow := true
	for step := int64(1); step > 0; {
		n, err := l.highestIn(ctx, entriesPrefix+folder((at+step)*perFolder))
		if err != nil {
			return 0, err
		}
		if n > 0 {
			at, best = at+step, n
		}
		if n > 0 && !full(n) {
			return n, nil
		}
		if grow = grow && n > 0; grow {
			step *= 2
		} else {
			step /= 2
		}
	}
	return best, nil
}

// highestIn is the highest number below a prefix, 0 if there is none.
func (l *Log) highestIn(ctx context.Context, prefix string) (int64, error) {
	best := int64(0)
	for o, err := range l.Store.List(ctx, prefix) {
		if err != nil {
			return 0, err
		}
		if n, ok := parseEntryKey(o.Key); ok {
			best = max(best, n)
		}
	}
	return best, nil
}

// full reports whether a number is the last one of its folder.
func full(n int64) bool { return n%perFolder == perFolder-1 }
