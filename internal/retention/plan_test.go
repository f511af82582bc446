package retention_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/retention"
)

func TestPlan(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-03-11 00:30")
	daily := retention.Policy{Daily: 5 * day}
	good := every(day, at(t, "2026-03-01 00:00"), 11)
	old := every(day, at(t, "2025-03-01 00:00"), 11)
	allBad := every(day, at(t, "2026-03-01 00:00"), 11)
	for i := range allBad {
		allBad[i].Bad = true
	}
	limits := retention.Limits{StaleAfter: day, MaxShare: 0.6, MaxCount: 8}
	for name, x := range map[string]struct {
		groups    []retention.Group
		deletions int
		refused   string
		excess    string
		none      bool
	}{
		"a plain one":     {[]retention.Group{{Policy: daily, Items: good}}, 6, "", "", false},
		"no policy":       {[]retention.Group{{Items: good}}, 0, "", "", true},
		"no backups":      {nil, 0, "", "", false},
		"one has one":     {[]retention.Group{{Items: good}, {Policy: daily, Items: good}}, 6, "", "", false},
		"stopped":         {[]retention.Group{{Policy: daily, Items: old}}, 0, "backups have stopped", "", false},
		"one has stopped": {[]retention.Group{{Policy: daily, Items: old}, {Policy: daily, Items: good}}, 6, "backups have stopped", "", false},
		"monthly is not stopped": {[]retention.Group{{Policy: daily, Takes: retention.Month, Items: every(31*day, at(t, "2025-11-09 00:00"), 4)}}, 3, "",
			"3 of 4 backups would go, at most 60 % at once", false},
		"none is good": {[]retention.Group{{Policy: daily, Items: allBad}}, 0, "no good backup", "", false},
		"too large a share": {[]retention.Group{{Policy: retention.Policy{Daily: 2 * day}, Items: good}}, 9, "",
			"9 deletions, at most 8 at once", false},
	} {
		p := retention.NewPlan(x.groups, limits, now)
		if got := len(p.Deletions()); got != x.deletions {
			t.Errorf("%s: got %d deletions, want %d", name, got, x.deletions)
		}
		refused := ""
		for _, g := range p.Groups {
			refused += g.Refused
		}
		if !strings.Contains(refused, x.refused) || (refused == "") != (x.refused == "") {
			t.Errorf("%s: got refused %q, want %q", name, refused, x.refused)
		}
		if got := p.Excess(); got != x.excess {
			t.Errorf("%s: got excess %q, want %q", name, got, x.excess)
		}
		if p.NoPolicy() != x.none {
			t.Errorf("%s: got no policy: %v", name, p.NoPolicy())
		}
	}
}

// The speed that `make bench` measures at a million.
func BenchmarkDecide(b *testing.B) {
	items := every(time.Hour, at(b, "2000-01-01 00:00"), 100_000)
	for b.Loop() {
		strategy.Decide(items, at(b, "2011-06-01 00:00"))
	}
}
