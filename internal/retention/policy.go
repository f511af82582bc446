// Package retention decides which backups are kept, why, and until when, and
// which a destination lacks. It knows no clock and no store: whoever asks says
// what there is and what time it is.
package retention

import (
	"cmp"
	"slices"
	"time"
)

// A Policy says for how long what is kept, counted from the moment of the
// backup. The zero value keeps everything for ever. The strategy's own is
// {Hourly: 24 h, Daily: 30 d, Weekly: 90 d, Monthly: 7 y}.
type Policy struct {
	// Hourly is for every backup, also for several in an hour: one that was
	// taken by hand before a change must not be gone after it.
	Hourly time.Duration
	// Daily, Weekly and Monthly are for the first good one of each such slot.
	Daily, Weekly, Monthly time.Duration
}

// IsZero reports whether the policy keeps everything for ever.
func (p Policy) IsZero() bool { return p == Policy{} }

// rules are the parts of a policy.
func (p Policy) rules() []rule {
	var out []rule
	for _, r := range []rule{{Each, p.Hourly}, {Day, p.Daily}, {Week, p.Weekly}, {Month, p.Monthly}} {
		if r.keep > 0 {
			out = append(out, r)
		}
	}
	return out
}

type rule struct {
	slot Slot
	keep time.Duration
}

// name is the rule's key in the config.
func (r rule) name() string {
	if r.slot == Each {
		return "hourly"
	}
	return r.slot.String()
}

// An Item is one backup of one source at one destination.
type Item struct {
	ID   string
	Time time.Time
}

func older(x, y Item) int {
	return cmp.Or(x.Time.Compare(y.Time), cmp.Compare(x.ID, y.ID))
}

// A Decision is what a policy says of an item.
type Decision struct {
	Item
	Keep    bool
	Reasons []Reason // why it is kept; none if it is not
	// Until is when the last of the policy's rules ends for it, its own Time if
	// none is for it, and zero if there is no end.
	Until time.Time
}

// A Reason is one why an item is kept.
type Reason struct {
	Rule  string // "hourly", "daily", "weekly", "monthly"; "newest", "future", "no policy"
	Until time.Time
}

// Decide says for each item whether it is kept at the moment now, the oldest
// first. The newest is kept whatever its age. One whose time lies in the future
// is kept, and stands for no slot: a clock that was wrong must not displace
// what is right.
func (p Policy) Decide(items []Item, now time.Time) []Decision {
	sorted := slices.SortedFunc(slices.Values(items), older)
	out := make([]Decision, len(sorted))
	taken := map[Slot]time.Time{} // the start of the last slot that somebody stands for
	newest := -1
	for i, item := range sorted {
		out[i] = Decision{Item: item}
		if item.Time.After(now) {
			out[i].keep("future", time.Time{})
			continue
		}
		newest = i
		p.decide(&out[i], taken, now)
	}
	if newest >= 0 {
		out[newest].Keep = true
		out[newest].Reasons = append(out[newest].Reasons, Reason{Rule: "newest"})
	}
	return out
}

func (p Policy) decide(d *Decision, taken map[Slot]time.Time, now time.Time) {
	if p.IsZero() {
		d.keep("no policy", time.Time{})
		return
	}
	d.Until = d.Time // none of the rules may speak for it
	for _, r := range p.rules() {
		start := r.slot.Start(d.Time)
		if last, ok := taken[r.slot]; ok && last.Equal(start) && r.slot != Each {
			continue
		}
		taken[r.slot] = start
		until := d.Time.Add(r.keep)
		if until.After(d.Until) {
			d.Until = until
		}
		if until.After(now) {
			d.keep(r.name(), until)
		}
	}
}

func (d *Decision) keep(rule string, until time.Time) {
	d.Keep = true
	d.Reasons = append(d.Reasons, Reason{rule, until})
}

// RetainUntil says until when a backup of the moment t will be kept at a
// destination that holds the others, zero for ever. It is how long an object
// lock must last.
func (p Policy) RetainUntil(t time.Time, others []Item) time.Time {
	for _, d := range p.Decide(append(slices.Clone(others), Item{Time: t}), t) {
		if d.ID == "" {
			return d.Until
		}
	}
	return time.Time{}
}

// RetainUnseen is RetainUntil where nobody may say what the destination holds:
// the backup stands for a slot only if it lies in the slot's first hour.
func (p Policy) RetainUnseen(t time.Time) time.Time {
	if p.IsZero() {
		return time.Time{}
	}
	until := t
	for _, r := range p.rules() {
		if end := t.Add(r.keep); t.Sub(r.slot.Start(t)) < time.Hour && end.After(until) {
			until = end
		}
	}
	return until
}
