package retention

import "time"

// doubt keeps what may be bad, and may be good, for as long as it would be kept if
// it were good. It displaces nobody, and none of its like displaces it: whoever may
// write could plant one before each.
func (p Policy) doubt(d *Decision, taken map[Slot]time.Time, now time.Time) {
	var keep time.Duration
	for _, r := range p.rules() {
		if last, ok := taken[r.slot]; !ok || r.slot == Each || !last.Equal(r.slot.Start(d.Time)) {
			keep = max(keep, r.keep)
		}
	}
	if len(d.Tags) > 0 {
		keep = max(keep, p.Tagged)
	}
	if keep > 0 {
		d.rule(RuleDoubt, keep, now)
	}
}

// doubtNewest is doubt for what is kept whatever its age. newer is how many good
// ones are newer, verified whether one of them was verified.
func (p Policy) doubtNewest(d *Decision, newer int, verified bool) {
	if !d.Keep && (newer < max(1, p.Last) || d.Verified && !verified) {
		d.keep(Reason{Rule: RuleDoubt})
	}
}
