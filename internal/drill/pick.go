package drill

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
)

// Picks of a backup.
const (
	Latest = "latest"
	Random = "random"
)

// Pick picks the newest backup, or one at random, of those that are no older than
// within; 0 is any age. The same seed picks the same one of the same backups, and
// 0 is another one each time. The entries stand in the order of time.
func Pick(entries []catalog.Entry, how string, within time.Duration, seed uint64, now time.Time) (catalog.Entry, error) {
	var young []catalog.Entry
	for _, e := range entries {
		if age := now.Sub(e.Time); age >= 0 && (within <= 0 || age <= within) {
			young = append(young, e)
		}
	}
	if len(young) == 0 {
		if within > 0 && len(entries) > 0 {
			return catalog.Entry{}, fmt.Errorf("no backup of the last %s", within)
		}
		return catalog.Entry{}, errors.New("no backup to try")
	}
	if how == Latest {
		return young[len(young)-1], nil
	}
	if seed == 0 {
		return young[rand.IntN(len(young))], nil
	}
	return young[rand.New(rand.NewPCG(seed, 0)).IntN(len(young))], nil
}

// Due reports whether a day is one of those that a rule names, in UTC: cron cannot
// say "the first Sunday of each month". Rules are the days of the week ("sunday"),
// the first to fourth or last of them in a month ("first-sunday", "last-friday"),
// and "first-day" of the month.
func Due(rule string, now time.Time) (bool, error) {
	now = now.UTC()
	if rule == "first-day" {
		return now.Day() == 1, nil
	}
	which, name, ok := strings.Cut(rule, "-")
	if !ok {
		which, name = "", rule
	}
	day, err := weekday(name)
	if err != nil {
		return false, err
	}
	nth := map[string]int{"first": 1, "second": 2, "third": 3, "fourth": 4}[which]
	switch {
	case which == "":
		return now.Weekday() == day, nil
	case which == "last":
		return now.Weekday() == day && now.AddDate(0, 0, 7).Month() != now.Month(), nil
	case nth > 0:
		return now.Weekday() == day && (now.Day()+6)/7 == nth, nil
	}
	return false, fmt.Errorf("%q is no rule for a day: write sunday, first-sunday, last-friday or first-day", rule)
}

func weekday(name string) (time.Weekday, error) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), name) {
			return d, nil
		}
	}
	return 0, fmt.Errorf("%q is no day: write sunday, first-sunday, last-friday or first-day", name)
}
