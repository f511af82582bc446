package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/prune"
	"github.com/vapora-platform/vapora-backup/internal/retention"
)

// planned is the result of `prune`.
type planned struct {
	At        time.Time      `json:"at"`
	Groups    []plannedGroup `json:"groups"`
	Deletions []deletion     `json:"deletions"`
	Objects   int            `json:"objects"`
	Bytes     int64          `json:"bytes"`
	// Excess is why so many are too many at once.
	Excess   string `json:"excess,omitempty"`
	NoPolicy bool   `json:"no_policy,omitempty"`
	// Unreachable could not be listed: what they hold is not in the plan.
	Unreachable []string `json:"unreachable"`
}

type plannedGroup struct {
	Destination string `json:"destination"`
	Kind        string `json:"kind"`
	Source      string `json:"source"`
	Kept        int    `json:"kept"`
	Gone        int    `json:"gone"`
	// Refused is why nothing of it goes.
	Refused string `json:"refused,omitempty"`
}

type deletion struct {
	retention.Deletion
	Bytes int64 `json:"bytes"`
}

func newPlanned(e prune.Engine, p retention.Plan) planned {
	out := planned{At: p.At, Groups: []plannedGroup{}, Deletions: []deletion{}, Excess: p.Excess(), NoPolicy: p.NoPolicy()}
	for _, g := range p.Groups {
		row := plannedGroup{Destination: g.Place, Kind: g.Kind, Source: g.Source, Refused: g.Refused}
		for _, d := range g.Decisions {
			if d.Keep {
				row.Kept++
			} else {
				row.Gone++
			}
		}
		out.Groups = append(out.Groups, row)
	}
	for _, d := range p.Deletions() {
		objects, bytes := e.Weigh(d)
		out.Deletions = append(out.Deletions, deletion{d, bytes})
		out.Objects, out.Bytes = out.Objects+objects, out.Bytes+bytes
	}
	return out
}

func (p planned) Text(w io.Writer) {
	table(w, func(w io.Writer) {
		for _, d := range p.Deletions {
			linef(w, "would go\t%s\t%s\t%s\t%s\n", d.ID, d.Kind+"/"+d.Source, d.Place, size(d.Bytes))
		}
	})
	table(w, func(w io.Writer) {
		for _, g := range p.Groups {
			linef(w, "%s\t%s/%s\t%d kept, %d would go\n", g.Destination, g.Kind, g.Source, g.Kept, g.Gone)
		}
	})
	for _, g := range p.Groups {
		if g.Refused != "" {
			linef(w, "refused: %s %s/%s: %s\n", g.Destination, g.Kind, g.Source, g.Refused)
		}
	}
	notListed(w, p.Unreachable)
	switch {
	case p.NoPolicy:
		fmt.Fprintln(w, "no destination has a keep: everything is kept for ever")
	case p.Excess != "":
		linef(w, "refused: %s\n", p.Excess)
	}
	linef(w, "%d backups, %d objects, %s would go; nothing was deleted\n", len(p.Deletions), p.Objects, size(p.Bytes))
}

// explain prints what is decided of one backup at each destination.
func (a *app) explain(e pruning, p retention.Plan, id string) error {
	out := explained{At: p.At, Decisions: []explainedAt{}, Unreachable: e.unreachable}
	for _, g := range p.Groups {
		for _, d := range g.Decisions {
			if !strings.HasPrefix(d.ID, id) {
				continue
			}
			at := explainedAt{ID: d.ID, Destination: g.Place, Kind: g.Kind, Source: g.Source, Kept: d.Keep || g.Refused != "", Until: d.Until, Bad: d.Bad && d.Doubt == "", Reasons: []string{}}
			for _, r := range d.Reasons {
				at.Reasons = append(at.Reasons, r.String())
			}
			if !d.Keep && g.Refused != "" {
				at.Reasons = append(at.Reasons, g.Refused)
			}
			out.Decisions = append(out.Decisions, at)
		}
	}
	if len(out.Decisions) == 0 {
		return fmt.Errorf("no backup %s in any destination", id)
	}
	return errors.Join(a.print(out), e.missed)
}

// explained is the result of `prune --explain`.
type explained struct {
	At        time.Time     `json:"at"`
	Decisions []explainedAt `json:"decisions"`
	// Unreachable could not be listed: whether they hold it is not known.
	Unreachable []string `json:"unreachable"`
}

type explainedAt struct {
	ID          string    `json:"id"`
	Destination string    `json:"destination"`
	Kind        string    `json:"kind"`
	Source      string    `json:"source"`
	Kept        bool      `json:"kept"`
	Bad         bool      `json:"bad,omitempty"`
	Until       time.Time `json:"until,omitzero"` // the end of the last rule; zero: none
	Reasons     []string  `json:"reasons"`
}

func (e explained) Text(w io.Writer) {
	notListed(w, e.Unreachable)
	for _, d := range e.Decisions {
		switch {
		case d.Kept:
			linef(w, "%s at %s is kept: %s\n", d.ID, d.Destination, strings.Join(d.Reasons, "; "))
		case d.Bad:
			linef(w, "%s at %s would go: it was verified and is bad\n", d.ID, d.Destination)
		default:
			linef(w, "%s at %s would go: the last rule for it ended %s\n", d.ID, d.Destination, stamp(d.Until))
		}
	}
}
