package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/prune"
)

func newPruneRequest(a *app) *cobra.Command {
	var unsafe, key string
	c := &cobra.Command{
		Use:   "request",
		Short: "Ask for the deletion of what the retention policies let go",
		Long: "Plan as `prune` does, check that plan (what is kept in the place of others must be signed,\n" +
			"and every object of it there in its size; what goes neither locked nor held), and store\n" +
			"it, signed, in the first destination. Nothing is deleted.",
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
	r, err := desk.Submit(ctx, engine.Engine, plan, a.actor().String(), a.reason, unsafe)
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
	return errors.Join(a.print(requested{r, "waiting for approval", a.pasted(fmt.Sprintf("vapora-backup prune approve %s --key FILE", r.ID))}), engine.missed)
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
		linef(w, "to go: %s\n", d.Name())
	}
	linef(w, "request %s: %d backups, %d objects, %s; %s; next: %s\n", r.ID, len(r.Deletions), r.Objects, size(r.Bytes), r.State, r.Next)
}

func newPruneApprove(a *app) *cobra.Command {
	var key string
	c := &cobra.Command{
		Use:   "approve ID",
		Short: "Approve a request to delete, with an approver's key",
		Long: "Sign the request's very bytes with the key of an approver of deletion.approvers. Look\n" +
			"first at what would go: `vapora-backup prune requests ID` names every backup. Who\n" +
			"requested cannot approve, and nobody counts twice.",
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
	return runPruneRequests(ctx, a, nil)
}
