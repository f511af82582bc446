package audit

import (
	"context"
	"maps"
	"slices"
)

// A survey is what one listing of the whole log tells, without the names of
// entries and heads, of which there may be many.
type survey struct {
	folders []int64  // the first number of each that holds entries or heads, in order
	claims  []string // keys
	pending int64
}

// survey lists the log once, and hands on the keys that are none of a log's.
func (l *Log) survey(ctx context.Context, foreign func(key string)) (survey, error) {
	var out survey
	folders := map[int64]struct{}{}
	for o, err := range l.Store.List(ctx, Prefix) {
		if err != nil {
			return survey{}, err
		}
		if n, ok := parseEntryKey(o.Key); ok {
			folders[n-n%perFolder] = struct{}{}
		} else if n, _, ok := parseHeadKey(o.Key); ok {
			folders[n-n%perFolder] = struct{}{}
		} else if _, _, ok := parseClaimKey(o.Key); ok {
			out.claims = append(out.claims, o.Key)
		} else if key, ok := parsePendingKey(o.Key); !ok {
			foreign(o.Key)
		} else if key == o.Key {
			out.pending++
		}
	}
	out.folders = slices.Sorted(maps.Keys(folders))
	slices.Sort(out.claims)
	return out, nil
}

// headsIn returns the keys of the heads of a folder by their numbers, also of
// those whose signature alone is there.
func (l *Log) headsIn(ctx context.Context, at int64) (map[int64][]string, error) {
	out := map[int64][]string{}
	for o, err := range l.Store.List(ctx, headsPrefix+folder(at)) {
		if err != nil {
			return nil, err
		}
		if n, key, ok := parseHeadKey(o.Key); ok && !slices.Contains(out[n], key) {
			out[n] = append(out[n], key)
		}
	}
	for _, keys := range out {
		slices.Sort(keys)
	}
	return out, nil
}
