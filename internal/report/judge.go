package report

import (
	"fmt"
	"slices"
	"time"
)

// What the strategy says, beside the objectives.
const (
	day = 24 * time.Hour

	// window is the time over which availability is measured, and how far back a
	// verified backup is looked for.
	window = 30 * day
	// provedWithin is how old the newest verified backup may be: verification is on
	// the strategy's weekly list.
	provedWithin = 7 * day
	// trialWithin is how old the last restore test may be: from a first Sunday of a
	// month to the next are five weeks at most, and a day to look.
	trialWithin = 36 * day

	// mostRead is of how many backups of a source the manifests are read, if need be:
	// the first good one ends it.
	mostRead = 10
)

// late is the age from which a newest backup is late. A run takes its time, so one
// more RPO passes before anybody is called: two hours for one, as in the strategy.
func (o Objectives) late() time.Duration { return 2 * o.RPO }

// Judge holds what was found against the objectives, at the moment now.
func Judge(in Input, o Objectives, now time.Time) Health {
	h := Health{At: now.UTC(), Problems: []Problem{}, Sources: []SourceHealth{}, Destinations: in.Destinations, Requests: in.Requests}
	blind := slices.ContainsFunc(in.Destinations, func(d Destination) bool { return d.Unreachable != "" })
	for _, s := range in.Sources {
		h.source(s, o, blind, now)
	}
	for _, d := range in.Destinations {
		h.destination(d)
	}
	for _, r := range in.Requests {
		if r.Unsafe != "" {
			h.problem(Medium, "request "+r.ID, "vapora-backup prune withdraw "+r.ID, "it overrides the blast radius: %s", r.Unsafe)
		}
	}
	for _, s := range in.Strange {
		h.problem(High, "request "+s, "vapora-backup prune requests", "nobody vouches for this request to delete")
	}
	order := []Severity{Critical, High, Medium}
	slices.SortStableFunc(h.Problems, func(x, y Problem) int { return slices.Index(order, x.Severity) - slices.Index(order, y.Severity) })
	h.Healthy = len(h.Problems) == 0 || h.Problems[0].Severity == Medium
	return h
}

// source judges one. blind says that not every destination could be looked at.
func (h *Health) source(s Source, o Objectives, blind bool, now time.Time) {
	out := SourceHealth{Kind: s.Kind, Name: s.Name, Configured: s.Configured, Backups: len(s.Backups), Destinations: []string{}}
	var times []time.Time
	read := 0
	for _, b := range slices.Backward(s.Backups) {
		if b.Time.After(now) || !b.good() {
			continue
		}
		if out.Newest == "" {
			if read++; read > mostRead {
				break
			}
			if b = h.read(s, b); !b.good() {
				continue
			}
		}
		times = append(times, b.Time)
		if out.Newest == "" {
			out.Newest, out.Taken, out.AtRisk = b.ID, b.Time, now.Sub(b.Time).Seconds()
			for _, c := range b.Copies {
				if !c.Bad {
					out.Destinations = append(out.Destinations, c.Destination)
				}
			}
		}
		if now.Sub(b.Time) <= window {
			out.prove(b)
		}
	}
	slices.Reverse(times)
	if n := len(s.Trials); n > 0 {
		out.Trial = &s.Trials[n-1]
	}
	out.Availability = availability(times, o.late(), s.Thinned, now)
	h.Sources = append(h.Sources, out)
	if s.Configured {
		h.age(out, read, s.Command, o, blind, now)
		h.proof(out, s, o, now)
	}
	h.bad(s)
}

// prove notes the newest backup that was verified, and the newest that was verified deep.
func (s *SourceHealth) prove(b Backup) {
	if s.Proved == "" {
		if c, ok := b.proved(); ok {
			s.Proved, s.ProvedTaken, s.ProvedAt, s.ProvedLevel = b.ID, b.Time, c.Verified, c.Level
		}
	}
	if s.Deep == "" {
		if at := b.deep(); !at.IsZero() {
			s.Deep, s.DeepTaken, s.DeepAt = b.ID, b.Time, at
		}
	}
}

// read is the backup without the copies whose manifests do not count, which are said.
func (h *Health) read(s Source, b Backup) Backup {
	b.Copies = slices.Clone(b.Copies)
	for i, c := range b.Copies {
		if c.Bad || c.Read == nil {
			continue
		}
		if err := c.Read(); err != nil {
			b.Copies[i].Bad = true
			h.problem(High, s.Kind+"/"+s.Name, "vapora-backup verify "+b.ID+" --destination "+c.Destination, "the copy of %s at %s does not count: %v", b.ID, c.Destination, err)
		}
	}
	return b
}

// age judges whether there is a backup, and how much would be lost now.
func (h *Health) age(s SourceHealth, read int, next string, o Objectives, blind bool, now time.Time) {
	switch at := now.Sub(s.Taken); {
	case s.Newest == "" && read > mostRead:
		h.problem(Critical, s.where(), next, "none of the newest %d of its %d backups is good", mostRead, s.Backups)
	case s.Newest == "" && s.Backups > 0:
		h.problem(Critical, s.where(), next, "none of its %d backups is good", s.Backups)
	case s.Newest == "" && blind:
		h.problem(Critical, s.where(), "", "no backup is known: not every destination can be listed")
	case s.Newest == "":
		h.problem(Critical, s.where(), next, "there is no backup")
	case at > o.late():
		h.problem(High, s.where(), next, "backups have stopped: the newest good one is %s old, the RPO is %s", about(at), about(o.RPO))
	case s.Availability < o.Availability:
		h.problem(Medium, s.where(), "vapora-backup audit log --json", "a good backup was at hand %.2f %% of the time, promised are %.2f %%", 100*s.Availability, 100*o.Availability)
	}
}

// proof judges what is known of the backups.
func (h *Health) proof(s SourceHealth, in Source, o Objectives, now time.Time) {
	if s.Newest == "" {
		return
	}
	first := in.Backups[0].Time
	if at := now.Sub(later(s.ProvedTaken, first)); at > provedWithin {
		h.problem(Medium, s.where(), "vapora-backup verify --latest", "no backup of the last %s is verified", about(provedWithin))
	}
	next := "vapora-backup restore-test --source " + s.Name
	switch {
	case s.Trial != nil && !s.Trial.Passed:
		h.problem(Critical, s.where(), next, "the last restore test, %s of backup %s, failed", s.Trial.ID, s.Trial.Backup)
	case s.Trial == nil && now.Sub(first) > trialWithin:
		h.problem(High, s.where(), next, "no backup was ever tried")
	case s.Trial != nil && now.Sub(s.Trial.At) > trialWithin:
		h.problem(High, s.where(), next, "the last restore test was %s ago", about(now.Sub(s.Trial.At)))
	case s.Trial != nil && s.Trial.Seconds > o.RTO.Seconds():
		h.problem(High, s.where(), next, "the last restore test took %s, the RTO is %s", about(time.Duration(s.Trial.Seconds)*time.Second), about(o.RTO))
	}
}

// bad names copies that were found bad.
func (h *Health) bad(s Source) {
	for _, b := range s.Backups {
		for _, c := range b.Copies {
			if c.Bad {
				h.problem(High, s.Kind+"/"+s.Name, "vapora-backup sync --repair --destination "+c.Destination, "the copy of %s at %s was found bad", b.ID, c.Destination)
			}
		}
	}
}

func (h *Health) destination(d Destination) {
	severity := Medium
	if d.Required {
		severity = High
	}
	if d.Unreachable != "" {
		h.problem(severity, d.Name, "vapora-backup list --destination "+d.Name, "it cannot be listed: %s", d.Unreachable)
	}
	if d.Lacks > 0 && !d.Absent {
		h.problem(Medium, d.Name, "vapora-backup sync", "it lacks %d backups that it should hold by now", d.Lacks)
	}
}

// availability is the share of the window in which the newest of the times, which
// stand in order, was no older than late. The window does not reach into the age
// at which retention leaves gaps of its own.
func availability(times []time.Time, late, thinned time.Duration, now time.Time) float64 {
	if len(times) == 0 {
		return 0
	}
	begin := later(now.Add(-window), times[0])
	if thinned > 0 {
		begin = later(begin, now.Add(-thinned))
	}
	whole := now.Sub(begin)
	if whole <= 0 {
		return 1
	}
	var covered time.Duration
	for i, t := range times {
		end := now
		if i+1 < len(times) {
			end = times[i+1]
		}
		if until := t.Add(late); until.Before(end) {
			end = until
		}
		if from := later(t, begin); end.After(from) {
			covered += end.Sub(from)
		}
	}
	return float64(covered) / float64(whole)
}

func later(x, y time.Time) time.Time {
	if x.After(y) {
		return x
	}
	return y
}

// about is a duration for a person.
func about(d time.Duration) string {
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%dd", d/day)
	case d >= time.Hour && d%time.Hour < time.Minute:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}
