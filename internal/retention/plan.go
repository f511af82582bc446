package retention

import (
	"fmt"
	"strings"
	"time"
)

// A Group is what one destination holds of one source.
type Group struct {
	Place, Kind, Source string

	Policy Policy
	Takes  Slot // how often the place takes one
	Items  []Item
}

// Name is the group for a person: "primary database/vapora".
func (g Group) Name() string { return g.Place + " " + g.Kind + "/" + g.Source }

// Limits bound what a plan may delete. The zero value bounds nothing.
type Limits struct {
	// StaleAfter is how old the newest good item of a group may be, beyond the
	// length of its slot. Where backups have stopped, time alone would delete
	// the history that is left.
	StaleAfter time.Duration
	// MaxShare of all items, and MaxCount of them, may go at once: the blast
	// radius of a mistake. 0: any.
	MaxShare float64
	MaxCount int
}

// A Plan says what a policy keeps and lets go at a moment.
type Plan struct {
	At     time.Time
	Groups []GroupPlan
	limits Limits
}

// A GroupPlan is the plan of one group.
type GroupPlan struct {
	Group
	Decisions []Decision // the oldest first
	// Refused is why nothing of the group is deleted, "" if it may be.
	Refused string
}

// NewPlan decides over all groups at the moment now.
func NewPlan(groups []Group, l Limits, now time.Time) Plan {
	p := Plan{At: now, limits: l}
	for _, g := range groups {
		gp := GroupPlan{Group: g, Decisions: g.Policy.Decide(g.Items, now)}
		gp.Refused = l.refuse(gp, now)
		p.Groups = append(p.Groups, gp)
	}
	return p
}

// refuse says why nothing may be deleted of a group from which something would.
func (l Limits) refuse(g GroupPlan, now time.Time) string {
	if g.gone() == 0 {
		return ""
	}
	var newest time.Time
	for _, d := range g.Decisions {
		if !d.Bad && !d.Time.After(now) {
			newest = d.Time // the oldest come first
		}
	}
	if newest.IsZero() {
		return "there is no good backup"
	}
	allowed := l.StaleAfter + g.Takes.length()
	if age := now.Sub(newest); l.StaleAfter > 0 && age > allowed {
		return fmt.Sprintf("backups have stopped: the newest good one is %s old, and pruning now would eat history", age.Round(time.Minute))
	}
	return ""
}

// gone is how many the policy lets go.
func (g GroupPlan) gone() (n int) {
	for _, d := range g.Decisions {
		if !d.Keep {
			n++
		}
	}
	return n
}

// length is how long the slot lasts at most.
func (s Slot) length() time.Duration {
	const day = 24 * time.Hour
	return [...]time.Duration{Each: 0, Hour: time.Hour, Day: day, Week: 7 * day, Month: 31 * day}[s]
}

// A Deletion is one item that a plan lets go.
type Deletion struct {
	Place  string `json:"destination"`
	Kind   string `json:"kind"`
	Source string `json:"source"`
	ID     string `json:"id"`
}

// Name is the deletion for a person.
func (d Deletion) Name() string { return strings.Join([]string{d.Place, d.Kind, d.Source, d.ID}, "/") }

// Deletions are all that the plan lets go and does not refuse.
func (p Plan) Deletions() []Deletion {
	var out []Deletion
	for _, g := range p.Groups {
		if g.Refused != "" {
			continue
		}
		for _, d := range g.Decisions {
			if !d.Keep {
				out = append(out, Deletion{g.Place, g.Kind, g.Source, d.ID})
			}
		}
	}
	return out
}

// Excess is the reason for which so many deletions are too many at once, "" if
// they are not.
func (p Plan) Excess() string {
	gone, all := len(p.Deletions()), 0
	for _, g := range p.Groups {
		all += len(g.Items)
	}
	return p.limits.Excess(gone, all)
}

// Excess is the reason for which so many deletions, of so many items, are too many at
// once, "" if they are not.
func (l Limits) Excess(gone, all int) string {
	switch {
	case l.MaxCount > 0 && gone > l.MaxCount:
		return fmt.Sprintf("%d deletions, at most %d at once", gone, l.MaxCount)
	case l.MaxShare > 0 && float64(gone) > l.MaxShare*float64(all):
		return fmt.Sprintf("%d of %d backups would go, at most %.0f %% at once", gone, all, l.MaxShare*100)
	}
	return ""
}

// NoPolicy reports whether there is nothing that could ever let go. Where there are no
// backups yet, nobody can tell, and nothing is lost by it.
func (p Plan) NoPolicy() bool {
	for _, g := range p.Groups {
		if !g.Policy.IsZero() {
			return false
		}
	}
	return len(p.Groups) > 0
}

// A Lookup finds what a plan says of single items.
type Lookup struct {
	plan Plan
	at   map[Deletion][2]int
}

// Lookup indexes the plan.
func (p Plan) Lookup() Lookup {
	l := Lookup{p, map[Deletion][2]int{}}
	for i, g := range p.Groups {
		for j, d := range g.Decisions {
			l.at[Deletion{g.Place, g.Kind, g.Source, d.ID}] = [2]int{i, j}
		}
	}
	return l
}

// Decision returns what is decided of an item, and why nothing of its group is
// deleted, if so. It says whether the plan knows the item.
func (l Lookup) Decision(d Deletion) (_ Decision, refused string, known bool) {
	at, known := l.at[d]
	if !known {
		return Decision{}, "", false
	}
	g := l.plan.Groups[at[0]]
	return g.Decisions[at[1]], g.Refused, true
}

// Why says for a person why an item stays. "" means that it goes.
func (d Decision) Why(refused string) string {
	if !d.Keep {
		return refused
	}
	var reasons []string
	for _, r := range d.Reasons {
		reasons = append(reasons, r.String())
	}
	return "kept: " + strings.Join(reasons, "; ")
}

// Only is the plan with no deletions but these.
func (p Plan) Only(these []Deletion) Plan {
	wanted := map[Deletion]bool{}
	for _, d := range these {
		wanted[d] = true
	}
	out := Plan{At: p.At, limits: p.limits}
	for _, g := range p.Groups {
		ds := make([]Decision, len(g.Decisions))
		for i, d := range g.Decisions {
			d.Keep = d.Keep || !wanted[Deletion{g.Place, g.Kind, g.Source, d.ID}]
			ds[i] = d
		}
		g.Decisions = ds
		out.Groups = append(out.Groups, g)
	}
	return out
}
