package retention_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/retention"
)

var update = flag.Bool("update", false, "write the golden files anew")

// A story is a history that somebody can follow by hand, and what is made of it.
func stories(t *testing.T) map[string]struct {
	policy retention.Policy
	now    time.Time
	items  []retention.Item
} {
	t.Helper()
	type story = struct {
		policy retention.Policy
		now    time.Time
		items  []retention.Item
	}
	year := every(time.Hour, at(t, "2023-11-01 00:00"), 24*550)
	gaps := every(6*time.Hour, at(t, "2024-02-20 00:00"), 80)
	gaps = append(gaps[:30:30], gaps[51:]...) // five days without any, over the leap day
	late := every(day, at(t, "2026-03-01 00:47"), 40)
	bad := every(6*time.Hour, at(t, "2026-03-01 00:00"), 40)
	for i := range bad {
		bad[i].Bad = i%4 == 0 // the one at midnight failed, each day
	}
	bad[38].Verified, bad[21].Verified = true, true
	bad[2].Held, bad[3].Locked, bad[5].Tags = true, at(t, "2026-05-01 00:00"), []string{"before-upgrade"}
	chain := every(12*time.Hour, at(t, "2026-03-01 00:00"), 30)
	for i := range chain {
		if i%7 != 0 {
			chain[i].Base = chain[i-1].ID
		}
	}
	back := every(time.Hour, at(t, "2026-03-28 20:00"), 12)
	back = append(back, every(time.Hour, at(t, "2026-03-28 22:30"), 12)...) // the clock went back
	back = append(back, retention.Item{ID: "2031 (wrong clock)", Time: at(t, "2031-01-01 00:00")})
	return map[string]story{
		"a year and a half, hourly": {strategy, at(t, "2025-05-04 00:30"), year},
		"gaps and a leap day":       {retention.Policy{Daily: 10 * day, Weekly: 60 * day}, at(t, "2024-03-12 00:00"), gaps},
		"late runs":                 {retention.Policy{Daily: 7 * day, Weekly: 30 * day, Monthly: 365 * day}, at(t, "2026-04-10 12:00"), late},
		"failed, held, locked":      {retention.Policy{Daily: 4 * day, Tagged: 365 * day, Last: 2}, at(t, "2026-03-11 00:00"), bad},
		"chains":                    {retention.Policy{Weekly: 30 * day}, at(t, "2026-03-16 00:00"), chain},
		"a clock that went back":    {retention.Policy{Hourly: 4 * time.Hour, Daily: 30 * day}, at(t, "2026-03-29 11:00"), back},
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, s := range stories(t) {
		var b strings.Builder
		kept := 0
		for _, d := range s.policy.Decide(s.items, s.now) {
			if !d.Keep {
				continue
			}
			kept++
			var reasons []string
			for _, r := range d.Reasons {
				reasons = append(reasons, r.String())
			}
			fmt.Fprintf(&b, "%s  %s\n", d.ID, strings.Join(reasons, "; "))
		}
		got := fmt.Sprintf("%d of %d kept at %s\n\n%s", kept, len(s.items), s.now.Format("2006-01-02 15:04"), b.String())
		path := filepath.Join("testdata", "golden", strings.ReplaceAll(name, " ", "-")+".txt")
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

// Ten years of hourly backups and a prune each day, in seconds.
func TestTenYears(t *testing.T) {
	t.Parallel()
	start := at(t, "2020-01-01 00:00")
	var have []retention.Item
	for d := range 3653 {
		today := start.AddDate(0, 0, d)
		have = append(have, every(time.Hour, today, 24)...)
		have = kept(strategy.Decide(have, today.Add(day)))
		if len(have) > 24+30+14+85 {
			t.Fatalf("%s: %d are kept", today, len(have))
		}
	}
	months := map[string]bool{}
	for _, i := range have {
		if i.Time.Day() == 1 && i.Time.Hour() == 0 {
			months[i.Time.Format("2006-01")] = true
		}
	}
	if len(months) != 83 { // seven years of 365 days lack the days of leap years
		t.Errorf("got the firsts of %d months, want those of seven times 365 days", len(months))
	}
}
