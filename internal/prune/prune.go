// Package prune deletes what retention lets go of, in two phases: a plan, which
// deletes nothing; a request, which is stored; approvals by distinct people; a
// delay; and then a second plan, of which only that is deleted what both name.
//
// It decides over items, whatever they are, by way of a [Keeper]: objects of
// backups in a bucket ([Backups]), later snapshots of volumes and tags of images.
// A plan needs a listing only. Before anything is requested or deleted it is
// checked: what stands for a slot must be vouched for, and what would go must be
// neither locked nor held.
package prune

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/retention"
)

// A Place holds items.
type Place struct {
	Name   string
	Groups []retention.Group // by a listing; their Place is Name
	Keeper Keeper
}

// A Keeper knows the items of one place, which a [retention.Deletion] names.
type Keeper interface {
	// Judge reads what vouches for an item. An error says nothing of the item.
	Judge(ctx context.Context, d retention.Deletion) (Verdict, error)
	// Protection says until when an item is locked, and whether it is held.
	Protection(ctx context.Context, d retention.Deletion) (locked time.Time, held bool, err error)
	// Weigh says how much would go: objects and bytes.
	Weigh(d retention.Deletion) (objects int, bytes int64)
	// Delete removes an item whole, so that after its first step it is none any
	// more. It can be called again after it was interrupted.
	Delete(ctx context.Context, d retention.Deletion) error
}

// A Verdict is what is known of an item, and why it stands for nothing. The zero
// value is that of a good one.
type Verdict struct {
	Bad      string // somebody who is trusted says this, and it goes
	Doubt    string // nobody who is trusted says so: it may be good
	Verified bool   // somebody who is trusted found it good since it was taken
}

// ok reports whether the item is good.
func (v Verdict) ok() bool { return v.Bad == "" && v.Doubt == "" }

// An Engine plans and deletes.
type Engine struct {
	Places []Place
	Limits retention.Limits
}

// ErrNoPolicy is returned where nothing could ever go.
var ErrNoPolicy = errors.New("no retention policy, so nothing is ever deleted")

// ErrTooMany is wrapped where a plan goes over the blast radius.
var ErrTooMany = errors.New("too many deletions at once")

// Weigh says how much a deletion frees: objects and bytes.
func (e Engine) Weigh(d retention.Deletion) (objects int, bytes int64) {
	return e.keeper(d.Place).Weigh(d)
}

// Plan says what would go at a moment, by the listings alone.
func (e Engine) Plan(at time.Time) retention.Plan {
	var groups []retention.Group
	for _, p := range e.Places {
		groups = append(groups, p.Groups...)
	}
	return retention.NewPlan(groups, e.Limits, at)
}

// Check is Plan, with what a listing does not tell: it reads what vouches for
// the items that are kept in the place of others, and asks for locks and holds of
// those that would go. Whatever it learns is planned with again.
func (e Engine) Check(ctx context.Context, at time.Time) (retention.Plan, error) {
	seen := seen{map[retention.Deletion]bool{}, map[retention.Deletion]bool{}}
	groups := make([]retention.Group, 0, len(e.Places))
	keepers := map[string]Keeper{}
	for _, p := range e.Places {
		keepers[p.Name] = p.Keeper
		for _, g := range p.Groups {
			g.Items = append([]retention.Item(nil), g.Items...)
			groups = append(groups, g)
		}
	}
	for {
		plan := retention.NewPlan(groups, e.Limits, at)
		changed := false
		for i, g := range plan.Groups {
			if g.Refused != "" || len(g.Decisions) == 0 {
				continue
			}
			c, err := examine(ctx, keepers[g.Place], &groups[i], g, at, seen)
			if err != nil {
				return plan, fmt.Errorf("check %s: %w", g.Name(), err)
			}
			changed = changed || c
		}
		if !changed {
			return plan, nil
		}
	}
}

// seen are the items that were judged, and those whose locks were asked for.
type seen struct{ judged, asked map[retention.Deletion]bool }

// examine looks at the items of a group that it has not seen yet, and says
// whether one is not what the listing said.
func examine(ctx context.Context, k Keeper, into *retention.Group, g retention.GroupPlan, now time.Time, seen seen) (changed bool, err error) {
	gone := false
	for _, d := range g.Decisions {
		gone = gone || !d.Keep
	}
	if !gone {
		return false, nil
	}
	at := map[string]int{}
	for i, item := range into.Items {
		at[item.ID] = i
	}
	for _, d := range g.Decisions {
		ref := retention.Deletion{Place: g.Place, Kind: g.Kind, Source: g.Source, ID: d.ID}
		item := &into.Items[at[d.ID]]
		// What is kept in the place of others must be good; what goes because it is
		// bad must be so by somebody's signed word, and of what only looks so the
		// policy must know.
		if (d.Keep || d.Bad) && !seen.judged[ref] && !d.Time.After(now) {
			seen.judged[ref] = true
			v, err := k.Judge(ctx, ref)
			if err != nil {
				return false, err
			}
			if item.Bad == v.ok() || item.Doubt != v.Doubt || item.Verified != v.Verified {
				item.Bad, item.Doubt, item.Verified, changed = !v.ok(), v.Doubt, v.Verified, true
			}
		}
		if d.Keep {
			continue
		}
		if seen.asked[ref] {
			continue
		}
		seen.asked[ref] = true
		locked, held, err := k.Protection(ctx, ref)
		if err != nil {
			return false, err
		}
		if held || !locked.IsZero() {
			item.Held, item.Locked, changed = held, locked, true
		}
	}
	return changed, nil
}

// Excess refuses a plan that deletes too many at once, unless there is a reason
// why it may.
func Excess(p retention.Plan, reason string) error {
	if over := p.Excess(); over != "" && reason == "" {
		return hint.Wrap(fmt.Errorf("%w: %s", ErrTooMany, over),
			"look at the plan; if it is meant: --unsafe-blast-radius \"why so many\"")
	}
	return nil
}
