package retention

import (
	"slices"
	"time"
)

// Due reports whether a destination that takes one backup a slot, and holds
// these, lacks one for the slot that now is in. One that is known to be bad stands
// for nothing.
func (s Slot) Due(have []Item, now time.Time) bool {
	if s == Each {
		return true
	}
	start := s.Start(now)
	return !slices.ContainsFunc(have, func(i Item) bool {
		return !i.Bad && !i.Time.After(now) && s.Start(i.Time).Equal(start)
	})
}

// Missing says which of all backups a destination lacks that takes one a slot,
// keeps by p, and holds have: for each slot without one the first of all that
// p would still keep there, with until when. The newest come first.
func (s Slot) Missing(have, all []Item, p Policy, now time.Time) []Decision {
	held := map[string]bool{}
	stood := map[time.Time]bool{}
	for _, i := range have {
		held[i.ID] = true
		if !i.Bad {
			stood[s.Start(i.Time)] = true
		}
	}
	candidates := map[string]bool{}
	both := slices.Clone(have)
	for _, i := range slices.SortedFunc(slices.Values(all), older) {
		start := s.Start(i.Time)
		if held[i.ID] || i.Bad || i.Time.After(now) || s != Each && stood[start] {
			continue
		}
		held[i.ID], stood[start], candidates[i.ID] = true, true, true
		both = append(both, i)
	}
	var out []Decision
	for _, d := range p.Decide(both, now) {
		if candidates[d.ID] && d.Keep {
			out = append(out, d)
		}
	}
	slices.Reverse(out)
	return out
}
