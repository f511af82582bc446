package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/report"
)

// healthResult is the result of `report`.
type healthResult struct {
	report.Health
	now time.Time
}

func (h healthResult) Text(w io.Writer) {
	for _, p := range h.Problems {
		linef(w, "%s: %s: %s\n", strings.ToUpper(string(p.Severity)), p.Where, p.Problem)
		if p.Next != "" {
			linef(w, "  next: %s\n", p.Next)
		}
	}
	for _, s := range h.Sources {
		h.source(w, s)
	}
	table(w, func(w io.Writer) {
		for _, d := range h.Destinations {
			var total int64
			for _, n := range d.Bytes {
				total += n
			}
			state := fmt.Sprintf("%d backups\t%s", d.Backups, size(total))
			switch {
			case d.Unreachable != "":
				state = "cannot be listed"
			case d.Absent:
				state = "offline, not there now"
			case d.Lacks > 0:
				state += fmt.Sprintf("\tlacks %d, %s", d.Lacks, size(d.LacksBytes))
			}
			linef(w, "%s\t%s\n", d.Name, state)
		}
	})
	for _, r := range h.Requests {
		linef(w, "request %s by %s: %d backups, %s; %s; %d approvals; %s\n", r.ID, r.Requester, r.Backups, size(r.Bytes), r.State, len(r.Approvals), r.Reason)
	}
	if h.Healthy {
		fmt.Fprintln(w, "healthy")
	} else {
		fmt.Fprintln(w, "NOT healthy")
	}
}

func (h healthResult) source(w io.Writer, s report.SourceHealth) {
	name := s.Kind + "/" + s.Name
	if !s.Configured {
		name += " (not in the config)"
	}
	if s.Newest == "" {
		linef(w, "%s: no good backup is known\n", name)
		return
	}
	linef(w, "%s: newest good backup %s, %s, at %s; %d in all, at hand %.2f %% of the time\n",
		name, s.Newest, age(h.now.Sub(s.Taken)), strings.Join(s.Destinations, ", "), s.Backups, 100*s.Availability)
	verified := func(level, id string, taken, at time.Time) {
		linef(w, "  verified (%s): %s, taken %s, looked at %s\n", level, id, age(h.now.Sub(taken)), age(h.now.Sub(at)))
	}
	if s.Proved != "" {
		verified(s.ProvedLevel, s.Proved, s.ProvedTaken, s.ProvedAt)
	}
	if s.Deep != "" && (s.Deep != s.Proved || s.ProvedLevel != "deep") {
		verified("deep", s.Deep, s.DeepTaken, s.DeepAt)
	}
	if t := s.Trial; t != nil {
		verdict := "failed"
		if t.Passed {
			verdict = "passed"
		}
		linef(w, "  restore test %s %s: back in %s\n", verdict, age(h.now.Sub(t.At)), seconds(t.Seconds))
	}
}
