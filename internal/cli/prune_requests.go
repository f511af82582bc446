package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/prune"
	"github.com/vapora-platform/vapora-backup/internal/retention"
)

func newPruneRequests(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "requests [ID]",
		Short: "List requests to delete, and how far each has come",
		Long: "List the requests to delete, and how far each has come. Of the one that is named also\n" +
			"every backup that would go: look at it before you approve.",
		Example: "  vapora-backup prune requests\n  vapora-backup prune requests 20261124T040000Z-abc234",
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return runPruneRequests(c.Context(), a, args) },
	}
}

func runPruneRequests(ctx context.Context, a *app, args []string) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	desk, err := a.desk(ctx, cfg, "")
	if err != nil {
		return err
	}
	all, strange, err := desk.Requests(ctx)
	if err != nil {
		return err
	}
	if len(args) > 0 {
		all = slices.DeleteFunc(all, func(s prune.State) bool { return args[0] == "" || !strings.HasPrefix(s.ID, args[0]) })
		if len(all) != 1 {
			return hint.Wrap(fmt.Errorf("%w: %s", prune.ErrNoRequest, args[0]), "vapora-backup prune requests lists them")
		}
		strange = nil
	}
	out := newRequestList(all, strange, desk.Need, a.Now())
	out.whole = len(args) > 0
	return a.print(out)
}

// requestList is the result of `prune requests`, approve and withdraw.
type requestList struct {
	Requests []requestRow `json:"requests"`
	Strange  []string     `json:"strange"` // that nobody vouches for
	need     int
	whole    bool // name every backup
}

type requestRow struct {
	ID        string            `json:"id"`
	Time      time.Time         `json:"time"`
	Requester string            `json:"requester"`
	Reason    string            `json:"reason"`
	State     string            `json:"state"`
	Approvals []requestApproval `json:"approvals"`
	Ignored   []string          `json:"ignored"`
	Due       time.Time         `json:"due,omitzero"`
	Expires   time.Time         `json:"expires"`
	Backups   int               `json:"backups"`
	Objects   int               `json:"objects"`
	Bytes     int64             `json:"bytes"`
	// Unsafe is why more may go than the blast radius.
	Unsafe    string               `json:"unsafe_blast_radius,omitempty"`
	Deletions []retention.Deletion `json:"deletions"`
}

type requestApproval struct {
	Name string    `json:"name"`
	Key  string    `json:"key"`
	Time time.Time `json:"time"`
}

func newRequestList(all []prune.State, strange []string, need int, now time.Time) requestList {
	out := requestList{Requests: []requestRow{}, Strange: append([]string{}, strange...), need: need}
	for _, s := range all {
		row := requestRow{
			ID: s.ID, Time: s.Time, Requester: s.Requester, Reason: s.Reason, State: s.Word(now), Due: s.Due, Expires: s.Expires,
			Backups: len(s.Deletions), Objects: s.Objects, Bytes: s.Bytes, Approvals: []requestApproval{}, Ignored: append([]string{}, s.Ignored...),
			Unsafe: s.Unsafe, Deletions: append([]retention.Deletion{}, s.Deletions...),
		}
		for _, x := range s.Approvals {
			row.Approvals = append(row.Approvals, requestApproval{x.Name, x.KeyID, x.At})
		}
		out.Requests = append(out.Requests, row)
	}
	return out
}

func (l requestList) Text(w io.Writer) {
	if len(l.Requests) == 0 {
		fmt.Fprintln(w, "no requests")
	}
	table(w, func(w io.Writer) {
		for _, r := range l.Requests {
			var names []string
			for _, x := range r.Approvals {
				names = append(names, x.Name)
			}
			linef(w, "%s\t%s\t%d of %d approvals (%s)\t%d backups, %s\t%s: %s\n", r.ID, r.State, len(r.Approvals), l.need,
				strings.Join(names, ", "), r.Backups, size(r.Bytes), r.Requester, r.Reason)
		}
	})
	for _, r := range l.Requests {
		if r.Unsafe != "" {
			linef(w, "%s: the blast radius is overridden: %s\n", r.ID, r.Unsafe)
		}
		for _, d := range r.Deletions {
			if l.whole {
				linef(w, "to go: %s\n", d.Name())
			}
		}
		for _, why := range r.Ignored {
			linef(w, "%s: does not count: %s\n", r.ID, why)
		}
	}
	for _, s := range l.Strange {
		linef(w, "not a request: %s\n", s)
	}
}
