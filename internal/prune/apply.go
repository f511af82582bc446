package prune

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// An Outcome is what became of the deletions of a request, or of a plan.
type Outcome struct {
	Deleted []retention.Deletion `json:"deleted"`
	Skipped []Skipped            `json:"skipped"`
	// Refused are the groups of a plan of which nothing was deleted.
	Refused []Refusal `json:"refused"`
	Objects int       `json:"objects"`
	Bytes   int64     `json:"bytes"`
	Time    time.Time `json:"time"`
}

// A Skipped deletion was requested and did not take place.
type Skipped struct {
	retention.Deletion
	Why string `json:"why"`
}

// A Refusal is a group of which nothing goes, though its policy lets some of it go.
type Refusal struct {
	Place  string `json:"destination"`
	Kind   string `json:"kind"`
	Source string `json:"source"`
	Why    string `json:"why"`
}

// Apply carries out a request: it plans again, with a check, and deletes only what
// both plans name. After an error the same call goes on where it stopped.
func (d Desk) Apply(ctx context.Context, e Engine, id string) (Outcome, error) {
	s, err := d.find(ctx, id)
	if err == nil && s.Word(d.Now()) != "ready" {
		err = hint.Wrap(fmt.Errorf("%w: it is %s", ErrNotReady, s.Word(d.Now())),
			"it takes %d approvals of distinct approvers, and %s after them", d.Need, strings.TrimSuffix(d.Delay.String(), "0m0s"))
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("apply request: %w", err)
	}
	plan, err := e.Check(ctx, d.Now())
	if err == nil && len(s.Deletions) > 0 {
		err = Excess(plan.Only(s.Deletions), s.Unsafe)
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("apply request %s: %w", s.ID, err)
	}
	out, err := e.delete(ctx, plan, s.Deletions, d.Now)
	if err != nil {
		return out, fmt.Errorf("apply request %s: %w", s.ID, err)
	}
	if err := d.put(ctx, s.ID, appliedSuffix, out); err != nil {
		return out, fmt.Errorf("apply request %s: %w", s.ID, err)
	}
	return out, nil
}

// Scheduled deletes what a checked plan names, without a request: for those whose
// config says that retention needs no approval. All refusals hold.
func (e Engine) Scheduled(ctx context.Context, now func() time.Time, unsafe string) (Outcome, error) {
	plan, err := e.Check(ctx, now())
	switch {
	case err != nil:
	case plan.NoPolicy():
		err = ErrNoPolicy
	default:
		err = Excess(plan, unsafe)
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("apply retention: %w", err)
	}
	out, err := e.delete(ctx, plan, plan.Deletions(), now)
	for _, g := range plan.Groups {
		if g.Refused != "" {
			out.Refused = append(out.Refused, Refusal{g.Place, g.Kind, g.Source, g.Refused})
		}
	}
	return out, err
}

// delete deletes what is wanted and planned, and what an interrupted deletion
// left of what is wanted.
func (e Engine) delete(ctx context.Context, plan retention.Plan, wanted []retention.Deletion, now func() time.Time) (Outcome, error) {
	out := Outcome{Deleted: []retention.Deletion{}, Skipped: []Skipped{}, Refused: []Refusal{}}
	plans := plan.Lookup()
	var errs []error
	for _, d := range wanted {
		if end := storage.Ended(ctx); end != nil {
			return out, end
		}
		i := slices.IndexFunc(e.Places, func(p Place) bool { return p.Name == d.Place })
		switch {
		case i < 0:
			out.skip(d, "the destination is not in the config, or was not reached")
			errs = append(errs, fmt.Errorf("%s: no such destination", d.Name()))
			continue
		}
		// What the plan does not know is what an interrupted deletion left.
		if decision, refused, known := plans.Decision(d); known {
			if why := decision.Why(refused); why != "" {
				out.skip(d, why)
				continue
			}
		}
		objects, bytes := e.Places[i].Keeper.Weigh(d)
		switch err := e.Places[i].Keeper.Delete(ctx, d); {
		case errors.Is(err, storage.ErrLocked):
			out.skip(d, err.Error())
		case err != nil:
			errs = append(errs, fmt.Errorf("delete %s: %w", d.Name(), err))
		default:
			out.Deleted = append(out.Deleted, d)
			out.Objects, out.Bytes = out.Objects+objects, out.Bytes+bytes
		}
	}
	out.Time = now().UTC().Truncate(time.Second)
	return out, errors.Join(errs...)
}

func (o *Outcome) skip(d retention.Deletion, why string) {
	o.Skipped = append(o.Skipped, Skipped{d, why})
}
