package retention_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/retention"
)

// A history is what may have happened to a source: gaps, late runs, leap days, a
// clock that went back or ahead, failed runs, holds, locks, chains.
func history(r *rand.Rand, now time.Time) []retention.Item {
	items := make([]retention.Item, r.IntN(14))
	for i := range items {
		at := now.Add(-time.Duration(r.Int64N(int64(400 * day))))
		switch r.IntN(12) {
		case 0:
			at = now.Add(time.Duration(r.Int64N(int64(1000 * day)))) // the future
		case 1:
			at = time.Date(2024, 2, 29, r.IntN(24), r.IntN(60), 0, 0, time.UTC)
		case 2, 3, 4:
			at = now.Add(-time.Duration(r.Int64N(int64(2 * day)))).Truncate(time.Hour)
		case 5:
			if i > 0 {
				at = items[i-1].Time // two in one second
			}
		}
		items[i] = retention.Item{
			ID: string(rune('a' + i)), Time: at, Bad: r.IntN(5) == 0, Verified: r.IntN(4) == 0, Held: r.IntN(12) == 0,
		}
		if r.IntN(10) == 0 {
			items[i].Locked = now.Add(time.Duration(r.Int64N(int64(4*day))) - 2*day)
		}
		if i > 0 && r.IntN(8) == 0 {
			items[i].Base = items[r.IntN(i)].ID
		}
		if r.IntN(10) == 0 {
			items[i].Tags = tag
		}
		if items[i].Bad && r.IntN(2) == 0 {
			items[i].Doubt = "not signed"
		}
	}
	return items
}

var tag = []string{"before-upgrade"}

func policy(r *rand.Rand) retention.Policy {
	some := func(d time.Duration) time.Duration { return time.Duration(r.IntN(4)) * d }
	return retention.Policy{Hourly: some(day), Daily: some(20 * day), Weekly: some(60 * day), Monthly: some(300 * day), Tagged: some(100 * day), Last: r.IntN(4)}
}

// stricter is a policy none of whose rules keeps longer.
func stricter(r *rand.Rand, p retention.Policy) retention.Policy {
	for _, d := range []*time.Duration{&p.Hourly, &p.Daily, &p.Weekly, &p.Monthly, &p.Tagged} {
		if *d > 0 {
			*d = max(1, time.Duration(r.Int64N(int64(*d)+1)))
		}
	}
	p.Last = r.IntN(p.Last + 1)
	if p.IsZero() {
		p.Last = 1 // nothing is no policy, and keeps all
	}
	return p
}

// What must hold whatever happened, over a million random histories.
func TestProperties(t *testing.T) {
	t.Parallel()
	workers := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 7))
			for i := 0; i < histories/workers && !t.Failed(); i++ {
				now := time.Date(2024+r.IntN(3), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), r.IntN(60), 0, 0, time.UTC)
				items, p := history(r, now), policy(r)
				if fault := violated(r, items, p, now); fault != "" {
					t.Errorf("worker %d, history %d: %s\n%+v\nby %+v at %s", w, i, fault, items, p, now)
				}
			}
		})
	}
	wg.Wait()
}

// violated names the first property that does not hold, "" if all do.
func violated(r *rand.Rand, items []retention.Item, p retention.Policy, now time.Time) string {
	ds := p.Decide(items, now)
	if len(ds) != len(items) {
		return "an item is missing"
	}
	var newest, verified *retention.Decision
	keeps := 0
	for i := range ds {
		d := &ds[i]
		if d.Keep != (len(d.Reasons) > 0) {
			return "kept without a reason, or not kept with one: " + d.ID
		}
		if d.Keep {
			keeps++
		}
		switch future := d.Time.After(now); {
		case !d.Keep && (d.Held || d.Locked.After(now) || future || p.IsZero()):
			return "let go of what is held, locked, of the future, or under no policy: " + d.ID
		case !d.Bad && !future:
			newest = d
			if d.Verified {
				verified = d
			}
		}
	}
	switch {
	case newest != nil && !newest.Keep:
		return "the newest good one is let go"
	case verified != nil && !verified.Keep:
		return "the last verified one is let go"
	}
	for _, d := range ds {
		i := slices.IndexFunc(ds, func(b retention.Decision) bool { return b.ID == d.Base })
		if d.Keep && i >= 0 && !ds[i].Keep {
			return "the base of a kept one is let go: " + ds[i].ID
		}
	}
	return violatedAgain(r, ds, items, p, now, keeps)
}

// violatedAgain holds a decision against others of the same history.
func violatedAgain(r *rand.Rand, ds []retention.Decision, items []retention.Item, p retention.Policy, now time.Time, keeps int) string {
	left := kept(ds)
	again := p.Decide(left, now)
	for _, d := range again {
		if !d.Keep {
			return "after the deletion there is more to delete: " + d.ID
		}
	}
	// The order in which items are told does not count.
	shuffled := slices.Clone(items)
	r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	if got := kept(p.Decide(shuffled, now)); !slices.EqualFunc(got, left, sameID) {
		return "another order, another decision"
	}
	// Bad ones and those of the future displace nobody.
	var good []retention.Item
	for _, i := range items {
		if !i.Bad && !i.Time.After(now) {
			i.Base = ""
			good = append(good, i)
		}
	}
	for _, d := range kept(p.Decide(good, now)) {
		if !slices.ContainsFunc(left, func(i retention.Item) bool { return i.ID == d.ID }) {
			return "a bad one, or one of the future, displaced " + d.ID
		}
	}
	if !p.IsZero() && len(kept(stricter(r, p).Decide(items, now))) > keeps {
		return "a stricter policy keeps more"
	}
	// Time only lets go.
	later := kept(p.Decide(items, now.Add(time.Duration(r.Int64N(int64(100*day))))))
	for _, i := range later {
		if !i.Time.After(now) && !slices.ContainsFunc(left, func(k retention.Item) bool { return k.ID == i.ID }) && !p.IsZero() {
			return fmt.Sprintf("time brings %s back", i.ID)
		}
	}
	return ""
}
