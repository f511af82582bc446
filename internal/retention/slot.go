package retention

import "time"

// A Slot is a stretch of time in UTC that one backup can stand for. The first
// good backup in a slot does.
type Slot int

// The slots. Each stands for the next longer one too, if it is the first there.
const (
	Each  Slot = iota // no stretch: every backup stands for itself
	Hour              // from the full hour
	Day               // from midnight
	Week              // from midnight on Sunday
	Month             // from midnight on the first
)

// String is the word of the config for one backup a slot.
func (s Slot) String() string {
	switch s {
	case Hour:
		return "hourly"
	case Day:
		return "daily"
	case Week:
		return "weekly"
	case Month:
		return "monthly"
	}
	return "all"
}

// ParseSlot is the inverse of String.
func ParseSlot(word string) (Slot, bool) {
	for s := Each; s <= Month; s++ {
		if s.String() == word {
			return s, true
		}
	}
	return Each, false
}

// Start returns when the slot that t is in began; t itself for Each.
func (s Slot) Start(t time.Time) time.Time {
	t = t.UTC()
	y, m, d := t.Date()
	switch s {
	case Hour:
		return time.Date(y, m, d, t.Hour(), 0, 0, 0, time.UTC)
	case Day:
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	case Week:
		return time.Date(y, m, d-int(t.Weekday()), 0, 0, 0, 0, time.UTC)
	case Month:
		return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
	}
	return t
}
