package verify_test

import (
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/verify"
)

// So many runs as there are parts, or days, look at each backup once.
func TestParts(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const parts = 7
	seen, sizes := map[string]int{}, map[int]int{}
	for i := range 1000 {
		at := start.Add(time.Duration(i) * time.Hour)
		e := catalog.Entry{ID: at.Format("20060102T150405Z") + "-aaaaaa", Kind: "database", Source: "vapora", Time: at}
		for day := range parts {
			part := verify.OfDay(parts, start.AddDate(1, 0, day))
			if (verify.Choice{Part: part, Parts: parts}).Has(e) {
				seen[e.ID]++
				sizes[part]++
			}
		}
		if seen[e.ID] != 1 {
			t.Fatalf("%s was seen %d times", e.ID, seen[e.ID])
		}
	}
	for part, n := range sizes {
		if n < 100 || n > 190 || part < 1 || part > parts {
			t.Errorf("part %d has %d of 1000", part, n)
		}
	}
	old := catalog.Entry{Time: start}
	if (verify.Choice{Since: start.Add(time.Second)}).Has(old) || !(verify.Choice{Since: start}).Has(old) || !(verify.Choice{}).Has(old) {
		t.Error("since is wrong")
	}
}
