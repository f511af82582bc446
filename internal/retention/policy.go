// Package retention decides which backups are kept, why, and until when, and
// which a destination lacks. It knows no clock and no store: whoever asks says
// what there is and what time it is. It decides over items, whatever they are:
// objects in a bucket, volume snapshots, tags of images.
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
	// Tagged is for those with a tag.
	Tagged time.Duration
	// Last is how many of the newest good ones are kept whatever their age. One
	// always is.
	Last int
}

// IsZero reports whether the policy keeps everything for ever.
func (p Policy) IsZero() bool { return p == Policy{} }

// An Item is one backup of one source at one destination.
type Item struct {
	ID   string
	Time time.Time

	Base string   // ID of the item without which this one cannot be restored; "": none
	Tags []string // that people gave it

	// Bad ones failed, were not proved, or are vouched for by nobody: they stand
	// for no slot, and no rule keeps them unless there is a Doubt.
	Bad bool
	// Doubt is why a bad one is, where nobody who is trusted says that it is: it may
	// be good, and goes only when it would go if it were.
	Doubt string
	// Verified ones were read and found good since they were taken.
	Verified bool
	// Held ones are kept until the hold is lifted, and Locked ones until then.
	Held   bool
	Locked time.Time
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

// Rules that keep items.
const (
	RuleHourly   = "hourly"
	RuleDaily    = "daily"
	RuleWeekly   = "weekly"
	RuleMonthly  = "monthly"
	RuleTagged   = "tagged"
	RuleLast     = "last"
	RuleNewest   = "newest"
	RuleVerified = "last verified"
	RuleFuture   = "future"
	RuleNone     = "no policy"
	RuleHeld     = "held"
	RuleLocked   = "locked"
	RuleBase     = "base"
	RuleDoubt    = "nobody vouches for it"
)

// A Reason is one why an item is kept.
type Reason struct {
	Rule  string    // one of the Rules
	Until time.Time // zero: as long as it is so
	For   string    // of RuleBase: the ID of the item that needs this one
}

// String is the reason for a person.
func (r Reason) String() string {
	out := r.Rule
	if r.For != "" {
		out += " of " + r.For
	}
	if !r.Until.IsZero() {
		out += " until " + r.Until.UTC().Format("2006-01-02 15:04Z")
	}
	return out
}

// rules are the parts of a policy that know a slot.
func (p Policy) rules() []rule {
	var out []rule
	for _, r := range []rule{{Each, p.Hourly, RuleHourly}, {Day, p.Daily, RuleDaily}, {Week, p.Weekly, RuleWeekly}, {Month, p.Monthly, RuleMonthly}} {
		if r.keep > 0 {
			out = append(out, r)
		}
	}
	return out
}

type rule struct {
	slot Slot
	keep time.Duration
	name string
}

// Decide says for each item whether it is kept at the moment now, the oldest
// first. Whatever the policy says, it keeps the newest good one, the last that was
// verified, what is held or locked, and what another kept one needs. One whose
// time lies in the future is kept, and stands for no slot: a clock that was wrong
// must not displace what is right.
func (p Policy) Decide(items []Item, now time.Time) []Decision {
	sorted := slices.SortedFunc(slices.Values(items), older)
	out := make([]Decision, len(sorted))
	taken := map[Slot]time.Time{} // the start of the last slot that somebody stands for
	for i, item := range sorted {
		out[i] = Decision{Item: item}
		if item.Time.After(now) {
			out[i].keep(Reason{Rule: RuleFuture})
		} else {
			p.decide(&out[i], taken, now)
		}
	}
	p.keepNewest(out, now)
	keepBases(out)
	return out
}

func (p Policy) decide(d *Decision, taken map[Slot]time.Time, now time.Time) {
	if d.Held {
		d.keep(Reason{Rule: RuleHeld})
	}
	if d.Locked.After(now) {
		d.keep(Reason{Rule: RuleLocked, Until: d.Locked})
	}
	if p.IsZero() {
		d.keep(Reason{Rule: RuleNone})
		return
	}
	d.Until = d.Time // none of the rules may speak for it
	if d.Bad {
		if d.Doubt != "" {
			p.doubt(d, taken, now)
		}
		return
	}
	for _, r := range p.rules() {
		start := r.slot.Start(d.Time)
		if last, ok := taken[r.slot]; ok && last.Equal(start) && r.slot != Each {
			continue
		}
		taken[r.slot] = start
		d.rule(r.name, r.keep, now)
	}
	if len(d.Tags) > 0 && p.Tagged > 0 {
		d.rule(RuleTagged, p.Tagged, now)
	}
}

// rule applies one that speaks for the item.
func (d *Decision) rule(name string, keep time.Duration, now time.Time) {
	until := d.Time.Add(keep)
	if until.After(d.Until) {
		d.Until = until
	}
	if until.After(now) {
		d.keep(Reason{Rule: name, Until: until})
	}
}

func (d *Decision) keep(r Reason) {
	d.Keep = true
	d.Reasons = append(d.Reasons, r)
}

// keepNewest keeps the newest good ones, as many as the policy wants, and the last
// that was verified.
func (p Policy) keepNewest(out []Decision, now time.Time) {
	n, verified := 0, false
	for i := range slices.Backward(out) {
		d := &out[i]
		if d.Bad || d.Time.After(now) {
			if d.Doubt != "" {
				p.doubtNewest(d, n, verified)
			}
			continue
		}
		if n++; n == 1 {
			d.keep(Reason{Rule: RuleNewest})
		} else if n <= p.Last {
			d.keep(Reason{Rule: RuleLast})
		}
		if d.Verified && !verified {
			verified = true
			d.keep(Reason{Rule: RuleVerified})
		}
	}
}

// keepBases keeps what kept ones need, and what that needs in its turn.
func keepBases(out []Decision) {
	at := make(map[string]int, len(out))
	for i, d := range out {
		at[d.ID] = i
	}
	for i := range out {
		if !out[i].Keep {
			continue
		}
		// A chain that bites its tail ends where it was kept already.
		for id, base := out[i].ID, out[i].Base; base != ""; {
			j, ok := at[base]
			if !ok || j == i {
				break
			}
			kept := out[j].Keep
			out[j].keep(Reason{Rule: RuleBase, For: id})
			if kept {
				break // and so are its own bases, now or in their turn
			}
			id, base = out[j].ID, out[j].Base
		}
	}
}

// RetainUntil says until when a backup of the moment t, with those tags, will be
// kept at a destination that holds the others, zero for ever. It is how long an
// object lock must last.
func (p Policy) RetainUntil(t time.Time, others []Item, tags ...string) time.Time {
	for _, d := range p.Decide(append(slices.Clone(others), Item{Time: t, Tags: tags}), t) {
		if d.ID == "" {
			return d.Until
		}
	}
	return time.Time{}
}

// RetainUnseen is RetainUntil where nobody may say what the destination holds,
// which takes one backup a slot: the backup stands for a longer slot if it lies so
// near to its start that none before it need be there, and within the first hour.
func (p Policy) RetainUnseen(t time.Time, takes Slot, tags ...string) time.Time {
	if p.IsZero() {
		return time.Time{}
	}
	until, near := t, max(time.Hour, takes.length())
	for _, r := range p.rules() {
		if end := t.Add(r.keep); t.Sub(r.slot.Start(t)) < near && end.After(until) {
			until = end
		}
	}
	if end := t.Add(p.Tagged); len(tags) > 0 && end.After(until) {
		until = end
	}
	return until
}
