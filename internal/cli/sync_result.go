package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/replica"
)

// synced is the result of `sync`.
type synced struct {
	DryRun  bool         `json:"dry_run"`
	Bytes   int64        `json:"bytes"`
	Objects int          `json:"objects"`
	Debts   []syncedDebt `json:"debts"`
	// Unreachable could not be listed: what they hold or lack is not known.
	Unreachable []string `json:"unreachable"`
	unread      bool     // copies could not be judged
}

type syncedDebt struct {
	ID          string     `json:"id"`
	Kind        string     `json:"kind"`
	Source      string     `json:"source"`
	From        string     `json:"from,omitempty"`
	To          string     `json:"to"`
	Repaired    string     `json:"repaired,omitempty"` // the role of the object that was damaged
	Bytes       int64      `json:"bytes"`
	Objects     int        `json:"objects"`
	LockedUntil *time.Time `json:"locked_until,omitempty"`
	OK          bool       `json:"ok"`
	Error       string     `json:"error,omitempty"`
}

func (d *syncedDebt) take(p replica.Paid) {
	d.From = p.From
	if !p.Lock.IsZero() {
		d.LockedUntil = &p.Lock.Until
	}
}

func (s *synced) add(d syncedDebt) {
	s.Debts = append(s.Debts, d)
	if s.DryRun || d.OK {
		s.Bytes += d.Bytes
		s.Objects += d.Objects
	}
}

func (s *synced) paid() (n int) {
	for _, d := range s.Debts {
		if d.OK {
			n++
		}
	}
	return n
}

func (s synced) Text(w io.Writer) {
	notListed(w, s.Unreachable)
	switch {
	case len(s.Debts) > 0:
	case len(s.Unreachable) > 0 || s.unread:
		fmt.Fprintln(w, "nothing is known to be missing, but not everything could be looked at")
		return
	default:
		fmt.Fprintln(w, "nothing is missing")
		return
	}
	table(w, func(w io.Writer) {
		for _, d := range s.Debts {
			state := "copied"
			switch {
			case s.DryRun:
				state = "missing"
			case d.Error != "":
				state = "FAILED"
			}
			what := d.Kind + "/" + d.Source
			if d.Repaired != "" {
				state, what = strings.Replace(strings.Replace(state, "copied", "repaired", 1), "missing", "damaged", 1), what+" "+d.Repaired
			}
			linef(w, "%s\t%s\t%s\t%s\t%s\n", state, d.ID, what, d.route(), size(d.Bytes))
		}
	})
	verb := "copied"
	if s.DryRun {
		verb = "to copy"
	}
	linef(w, "%s: %s in %d objects\n", verb, size(s.Bytes), s.Objects)
}

func (d syncedDebt) route() string {
	if d.From == "" {
		return "at " + d.To
	}
	return d.From + " to " + d.To
}
