package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/audit"
)

func newAudit(a *app) *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "The record of what was done: read it, prove it, hand it over"}
	c.AddCommand(newAuditLog(a), newAuditVerify(a), newAuditExport(a), newAuditJoin(a))
	return c
}

func newAuditExport(a *app) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "export",
		Short: "Write the whole record for an auditor, with what proves it",
		Long: "Write a tar of all entries, heads and signatures as they are stored, and a README.txt that\n" +
			"tells how to check them with sha256sum and minisign. A new head is signed first, so that\n" +
			"it covers all.",
		Example: "  vapora-backup audit export --output audit.tar",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runAuditExport(c.Context(), a, output) },
	}
	c.Flags().StringVarP(&output, "output", "o", "-", "`FILE` to write; - is stdout")
	return c
}

func runAuditExport(ctx context.Context, a *app, output string) error {
	if err := free(output); err != nil {
		return err
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	l, err := a.auditLog(ctx, cfg)
	if err != nil {
		return err
	}
	if l.Signer != nil {
		if _, err := l.Head(ctx); err != nil {
			a.warn("the export ends in no head of its own: %v", err)
		}
	}
	write := func(w io.Writer) error { return l.Export(ctx, w) }
	if output == "-" {
		return write(a.Out)
	}
	n, err := writeProved(output, write)
	if err != nil {
		return err
	}
	return a.print(exported{output, n})
}

// exported is the result of `audit export` into a file.
type exported struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}

func (e exported) Text(w io.Writer) { linef(w, "%s  %s\n", e.File, size(e.Bytes)) }

func newAuditJoin(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "join",
		Short: "Take over what could not be recorded in time, and sign the end of the record",
		Long: "Take over the entries that were kept beside the backups, and sign the end of the record.\n" +
			"One that cannot be taken, such as one that a revoked key signed, is named; all others\n" +
			"come, and the exit code is 3.",
		Example: "  vapora-backup audit join",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runAuditJoin(c.Context(), a) },
	}
}

func runAuditJoin(ctx context.Context, a *app) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	l, err := a.auditLog(ctx, cfg)
	if err != nil {
		return err
	}
	var out joined
	var refused []error
	for _, d := range a.openAll(ctx, cfg) {
		n, err := l.Join(ctx, d.store)
		if err != nil { // what one holds back hurts no other, and not the head
			refused = append(refused, fmt.Errorf("from %s: %w", d.Name, err))
		}
		out.Joined += n
	}
	if l.Signer != nil {
		h, err := l.Head(ctx)
		if err != nil {
			return errors.Join(append(refused, err)...)
		}
		out.Head = &h
	}
	if err := a.print(out); err != nil {
		return err
	}
	if len(refused) > 0 {
		return partialError{errors.Join(refused...)}
	}
	return nil
}

// joined is the result of `audit join`.
type joined struct {
	Joined int         `json:"joined"`
	Head   *audit.Head `json:"head,omitempty"`
}

func (j joined) Text(w io.Writer) {
	linef(w, "joined %d\n", j.Joined)
	if j.Head != nil {
		linef(w, "signed up to entry %d: %s\n", j.Head.Number, j.Head.SHA256)
	}
}
