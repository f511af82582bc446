package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/prune"
)

func newPruneRequest(a *app) *cobra.Command {
	var unsafe, key string
	c := &cobra.Command{
		Use:   "request",
		Short: "Ask for the deletion of what the retention policies let go",
		Long: "Plan as `prune` does, check that plan (what is kept in the place of others must be signed\n" +
			"and whole, what goes neither locked nor held), and store it, signed, in the first\n" +
			"destination. Nothing is deleted.",
		Example: "  vapora-backup prune request --reason \"retention\"",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runPruneRequest(c.Context(), a, unsafe, key) },
	}
	f := c.Flags()
	f.StringVar(&unsafe, "unsafe-blast-radius", "", "`WHY` more may go at once than deletion.max_share and max_count")
	f.StringVar(&key, "key", "", "minisign key `FILE` of the requester, in place of signing.key; its owner cannot approve")
	return c
}

func runPruneRequest(ctx context.Context, a *app, unsafe, key string) error {
	if strings.TrimSpace(a.reason) == "" {
		return usagef("--reason: say why")
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	desk, err := a.desk(ctx, cfg, key)
	if err != nil {
		return err
	}
	engine, plan, err := a.checked(ctx, cfg)
	if err != nil {
		return err
	}
	r, err := desk.Submit(ctx, engine, plan, a.actor().String(), a.reason, unsafe)
	detail := fmt.Sprintf("%d backups, %s", len(r.Deletions), size(r.Bytes))
	if unsafe != "" {
		detail += "; blast radius overridden: " + unsafe
	}
	a.done(ctx, cfg, requestEntry(audit.Request, r.ID, detail, keyID(desk), err))
	if err != nil {
		return err
	}
	if unsafe != "" {
		a.warn("the blast radius is overridden: %s", unsafe)
		a.alert(ctx, cfg, "prune request", fmt.Sprintf("request %s: %s", r.ID, detail))
	}
	return a.print(requested{r, "waiting for approval", fmt.Sprintf("vapora-backup prune approve %s --key FILE", r.ID)})
}

// keyID is whose key acts.
func keyID(d prune.Desk) string {
	if d.Signer == nil {
		return ""
	}
	return d.Signer.KeyID()
}

// requested is the result of `prune request`.
type requested struct {
	prune.Request
	State string `json:"state"`
	Next  string `json:"next"`
}

func (r requested) Text(w io.Writer) {
	for _, d := range r.Deletions {
		fmt.Fprintf(w, "to go: %s\n", d.Name())
	}
	fmt.Fprintf(w, "request %s: %d backups, %d objects, %s; %s; next: %s\n", r.ID, len(r.Deletions), r.Objects, size(r.Bytes), r.State, r.Next)
}

func newPruneApprove(a *app) *cobra.Command {
	var key string
	c := &cobra.Command{
		Use:   "approve ID",
		Short: "Approve a request to delete, with an approver's key",
		Long: "Sign the request's very bytes with the key of an approver of deletion.approvers. Look at\n" +
			"it first: vapora-backup prune requests. Who requested cannot approve, and nobody counts\n" +
			"twice.",
		Example: "  vapora-backup prune approve 20261124T040000Z-abc234 --key security.key",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return runPruneApprove(c.Context(), a, args[0], key)
		},
	}
	c.Flags().StringVar(&key, "key", "", "minisign key `FILE` of the approver (needed)")
	return c
}

func runPruneApprove(ctx context.Context, a *app, id, key string) error {
	if key == "" {
		return usagef("--key: name the approver's key file")
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	desk, err := a.desk(ctx, cfg, key)
	if err != nil {
		return err
	}
	s, err := desk.Approve(ctx, id, a.reason)
	a.done(ctx, cfg, requestEntry(audit.Approve, id, s.Word(a.Now()), keyID(desk), err))
	if err != nil {
		return err
	}
	return a.print(newRequestList([]prune.State{s}, nil, desk.Need, a.Now()))
}

func newPruneWithdraw(a *app) *cobra.Command {
	var key string
	c := &cobra.Command{
		Use:     "withdraw ID",
		Short:   "End a request to delete, for good",
		Example: "  vapora-backup prune withdraw 20261124T040000Z-abc234 --reason \"INC-123\"",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return runPruneWithdraw(c.Context(), a, args[0], key)
		},
	}
	c.Flags().StringVar(&key, "key", "", "minisign key `FILE`, in place of signing.key")
	return c
}

func runPruneWithdraw(ctx context.Context, a *app, id, key string) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	desk, err := a.desk(ctx, cfg, key)
	if err != nil {
		return err
	}
	err = desk.Withdraw(ctx, id, a.reason)
	a.done(ctx, cfg, requestEntry(audit.Withdraw, id, "", keyID(desk), err))
	if err != nil {
		return err
	}
	return runPruneRequests(ctx, a)
}

func newPruneRequests(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "requests",
		Short:   "List requests to delete, and how far each has come",
		Example: "  vapora-backup prune requests --json",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runPruneRequests(c.Context(), a) },
	}
}

func runPruneRequests(ctx context.Context, a *app) error {
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
	return a.print(newRequestList(all, strange, desk.Need, a.Now()))
}

// requestList is the result of `prune requests`, approve and withdraw.
type requestList struct {
	Requests []requestRow `json:"requests"`
	Strange  []string     `json:"strange"` // that nobody vouches for
	need     int
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
			fmt.Fprintf(w, "%s\t%s\t%d of %d approvals (%s)\t%d backups, %s\t%s: %s\n", r.ID, r.State, len(r.Approvals), l.need,
				strings.Join(names, ", "), r.Backups, size(r.Bytes), r.Requester, r.Reason)
		}
	})
	for _, r := range l.Requests {
		for _, why := range r.Ignored {
			fmt.Fprintf(w, "%s: does not count: %s\n", r.ID, why)
		}
	}
	for _, s := range l.Strange {
		fmt.Fprintf(w, "not a request: %s\n", s)
	}
}
