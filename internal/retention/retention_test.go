package retention_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/retention"
)

const day = 24 * time.Hour

// strategy is the backup strategy's own policy ("Backup Retention Policy").
var strategy = retention.Policy{Hourly: day, Daily: 30 * day, Weekly: 90 * day, Monthly: 7 * 365 * day}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// hours are n items, one every so often, whose ID says when.
func every(d time.Duration, from time.Time, n int) []retention.Item {
	var out []retention.Item
	for i := range n {
		t := from.Add(time.Duration(i) * d)
		out = append(out, retention.Item{ID: t.Format("2006-01-02 15:04"), Time: t})
	}
	return out
}

func sameID(a, b retention.Item) bool { return a.ID == b.ID }

func kept(ds []retention.Decision) []retention.Item {
	var out []retention.Item
	for _, d := range ds {
		if d.Keep {
			out = append(out, d.Item)
		}
	}
	return out
}

// A whole year of hourly backups, at its end: what the strategy's table says.
func TestStrategy(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-01-01 00:30")
	rules := map[string]int{}
	for _, d := range strategy.Decide(every(time.Hour, at(t, "2025-01-01 00:00"), 365*24+1), now) {
		for _, r := range d.Reasons {
			rules[r.Rule]++
		}
		if len(d.Reasons) > 0 != d.Keep {
			t.Errorf("%s: kept %v for the reasons %v", d.ID, d.Keep, d.Reasons)
		}
		if midnight := d.Time.Hour() == 0; d.Keep && now.Sub(d.Time) > day && !midnight {
			t.Errorf("%s is kept, and is older than a day and not of midnight", d.ID)
		}
	}
	for rule, want := range map[string]int{"hourly": 24, "daily": 30, "weekly": 13, "monthly": 13, "newest": 1} {
		if rules[rule] != want {
			t.Errorf("%s: got %d kept, want %d", rule, rules[rule], want)
		}
	}
}

// The two examples, and what lies between them.
func TestRetainUntil(t *testing.T) {
	t.Parallel()
	for taken, want := range map[string]time.Duration{
		"2026-09-01 00:00": 7 * 365 * day, // a midnight of the first of a month
		"2026-09-02 14:00": day,
		"2026-09-03 00:00": 30 * day, // a Thursday
		"2026-09-06 00:00": 90 * day, // a Sunday
	} {
		// All before it were taken too, hour by hour.
		then := at(t, taken)
		others := every(time.Hour, then.Add(-40*day), 40*24)
		if got := strategy.RetainUntil(then, others).Sub(then); got != want {
			t.Errorf("%s: got %s, want %s", taken, got, want)
		}
		if got := strategy.RetainUnseen(then, retention.Each).Sub(then); got != want {
			t.Errorf("%s, unseen: got %s, want %s", taken, got, want)
		}
	}
	// Where one a day comes, at any hour, each stands for its day, and Sunday's for its week.
	for taken, want := range map[string]time.Duration{"2026-09-03 03:00": 30 * day, "2026-09-06 23:00": 90 * day, "2026-09-01 12:00": 7 * 365 * day} {
		then := at(t, taken)
		if got := strategy.RetainUnseen(then, retention.Day).Sub(then); got != want {
			t.Errorf("%s, unseen, daily: got %s, want %s", taken, got, want)
		}
	}
	// The first of its slot stands for it, however late.
	late := at(t, "2026-09-10 17:00")
	if got := strategy.RetainUntil(late, nil).Sub(late); got != 7*365*day {
		t.Errorf("the first ever: got %s, want seven years", got)
	}
	// A tag holds one longer, and so does its lock.
	tagging := retention.Policy{Hourly: day, Tagged: 60 * day}
	for _, got := range []time.Time{tagging.RetainUntil(late, nil, "before-upgrade"), tagging.RetainUnseen(late, retention.Each, "before-upgrade")} {
		if got.Sub(late) != 60*day {
			t.Errorf("tagged: got %s, want 60 days", got.Sub(late))
		}
	}
	if got := (retention.Policy{}).RetainUntil(late, nil); !got.IsZero() {
		t.Errorf("no policy: got %s, want no end", got)
	}
}

// Whatever a lock was given when a backup was written is what the policy says
// of it ever after: it neither ends early nor outlives its backup.
func TestRetainUntilIsWhatDecideSays(t *testing.T) {
	t.Parallel()
	items := every(time.Hour, at(t, "2025-01-27 05:00"), 24*100)
	for i, d := range strategy.Decide(items, items[len(items)-1].Time) {
		if got := strategy.RetainUntil(d.Time, items[:i]); !got.Equal(d.Until) {
			t.Fatalf("%s: locked until %s, kept until %s", d.ID, got, d.Until)
		}
	}
}

func TestTheNewestStays(t *testing.T) {
	t.Parallel()
	items := every(day, at(t, "2010-05-04 03:00"), 3)
	got := kept(strategy.Decide(items, at(t, "2026-01-01 00:00")))
	if len(got) != 1 || got[0].ID != items[2].ID {
		t.Errorf("got %v, want the newest alone", got)
	}
}

// A clock that was wrong must not displace what is right.
func TestTheFutureStandsForNothing(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-03-10 12:00")
	items := append(every(day, at(t, "2026-01-01 00:00"), 69), retention.Item{ID: "wrong", Time: at(t, "2031-01-01 00:00")})
	with, without := kept(strategy.Decide(items, now)), kept(strategy.Decide(items[:69], now))
	if want := append(without, items[69]); !slices.EqualFunc(with, want, sameID) {
		t.Errorf("got %v, want %v", with, want)
	}
}

func TestSlots(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"hourly": "2026-11-24 13:00", "daily": "2026-11-24 00:00", "weekly": "2026-11-22 00:00", "monthly": "2026-11-01 00:00",
		"all": "2026-11-24 13:45",
	} {
		s, ok := retention.ParseSlot(word)
		if !ok || s.String() != word {
			t.Errorf("%s: got %q, %v", word, s, ok)
		}
		zone := time.FixedZone("far", 14*3600)
		if got := s.Start(at(t, "2026-11-24 13:45").In(zone)); !got.Equal(at(t, want)) {
			t.Errorf("%s: got %s, want %s", word, got, want)
		}
	}
	if _, ok := retention.ParseSlot("yearly"); ok {
		t.Error("yearly is a slot")
	}
	// A week may begin in the month, and the year, before.
	if got := retention.Week.Start(at(t, "2026-01-01 00:00")); !got.Equal(at(t, "2025-12-28 00:00")) {
		t.Errorf("got %s", got)
	}
}

func TestDue(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-11-24 13:45")
	for _, x := range []struct {
		slot retention.Slot
		have string
		want bool
	}{
		{retention.Each, "2026-11-24 13:45", true},
		{retention.Hour, "2026-11-24 13:00", false}, {retention.Hour, "2026-11-24 12:59", true},
		{retention.Day, "2026-11-24 00:00", false}, {retention.Day, "2026-11-23 23:59", true},
		{retention.Week, "2026-11-22 00:00", false}, {retention.Week, "2026-11-21 23:59", true},
		{retention.Month, "2026-11-01 00:00", false}, {retention.Month, "2026-10-31 23:59", true},
		// One of the future is of this slot, and no backup for it.
		{retention.Day, "2026-11-24 14:00", true},
	} {
		if got := x.slot.Due([]retention.Item{{Time: at(t, x.have)}}, now); got != x.want {
			t.Errorf("%s, with one of %s: got %v, want %v", x.slot, x.have, got, x.want)
		}
		if !x.slot.Due([]retention.Item{{Time: at(t, x.have), Bad: true}}, now) {
			t.Errorf("%s, with a bad one of %s: it is not due", x.slot, x.have)
		}
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-11-24 13:45")
	all := every(6*time.Hour, at(t, "2026-11-20 00:00"), 19) // to the 24th, 12:00
	ids := func(ds []retention.Decision) string {
		var out []string
		for _, d := range ds {
			out = append(out, strings.TrimPrefix(d.ID, "2026-11-"))
		}
		return strings.Join(out, ", ")
	}
	keep := retention.Policy{Daily: 3 * day}
	bad := slices.Clone(all[8:9]) // the 22nd, 00:00
	bad[0].Bad = true
	for name, x := range map[string]struct {
		have []retention.Item
		slot retention.Slot
		keep retention.Policy
		want string
	}{
		"nothing there":         {nil, retention.Day, retention.Policy{}, "24 00:00, 23 00:00, 22 00:00, 21 00:00, 20 00:00"},
		"old ones are let go":   {nil, retention.Day, keep, "24 00:00, 23 00:00, 22 00:00"},
		"a later one stands":    {all[10:11], retention.Day, keep, "24 00:00, 23 00:00"}, // the 22nd, 12:00
		"a bad one does not":    {bad, retention.Day, keep, "24 00:00, 23 00:00, 22 06:00"},
		"nothing is missing":    {all, retention.Each, retention.Policy{}, ""},
		"all, and a hole":       {append(slices.Clone(all[:3]), all[4:]...), retention.Each, retention.Policy{}, "20 18:00"},
		"all, by what it keeps": {nil, retention.Each, retention.Policy{Hourly: 12 * time.Hour, Daily: 2 * day}, "24 12:00, 24 06:00, 24 00:00, 23 00:00"},
		"a month":               {nil, retention.Month, retention.Policy{Monthly: 365 * day}, "20 00:00"},
	} {
		if got := ids(x.slot.Missing(x.have, all, x.keep, now)); got != x.want {
			t.Errorf("%s: got %s, want %s", name, got, x.want)
		}
	}
}

// What nobody vouches for is kept for as long as it would be if it were good, and
// displaces nobody; what somebody says is bad goes.
func TestDoubt(t *testing.T) {
	t.Parallel()
	p := retention.Policy{Daily: 10 * day}
	now := at(t, "2026-03-20 12:00")
	items := []retention.Item{
		{ID: "old", Time: at(t, "2026-03-09 01:00"), Bad: true, Doubt: "not signed"},
		{ID: "doubted", Time: at(t, "2026-03-15 01:00"), Bad: true, Doubt: "not signed"},
		{ID: "another", Time: at(t, "2026-03-15 02:00"), Bad: true, Doubt: "not signed"},
		{ID: "good", Time: at(t, "2026-03-15 03:00")},
		{ID: "displaced", Time: at(t, "2026-03-15 04:00"), Bad: true, Doubt: "not signed"},
		{ID: "bad", Time: at(t, "2026-03-16 03:00"), Bad: true},
		{ID: "last", Time: at(t, "2026-03-17 03:00")},
		{ID: "newest", Time: at(t, "2026-03-17 04:00"), Bad: true, Doubt: "not signed"},
	}
	want := map[string]string{
		"old": "", "displaced": "", "bad": "",
		"doubted": "kept: nobody vouches for it until 2026-03-25 01:00Z", "another": "kept: nobody vouches for it until 2026-03-25 02:00Z",
		"good": "kept: daily until 2026-03-25 03:00Z", "last": "kept: daily until 2026-03-27 03:00Z; newest", "newest": "kept: nobody vouches for it",
	}
	for _, d := range p.Decide(items, now) {
		if got := d.Why(""); got != want[d.ID] {
			t.Errorf("%s: got %q, want %q", d.ID, got, want[d.ID])
		}
	}
}
