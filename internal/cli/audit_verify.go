package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/audit"
)

func newAuditVerify(a *app) *cobra.Command {
	var heads []string
	c := &cobra.Command{
		Use:   "verify",
		Short: "Prove that nothing in the record was changed, removed or reordered",
		Long: "Read every entry and every signed head, and find any change, gap, reorder and cut. What\n" +
			"it cannot find it says: see docs/design.md.\n\n" +
			"Whoever can delete in the store can cut the record back to an older head, or empty it.\n" +
			"So keep the newest head that this prints in another place, and give it the next time.",
		Example: "  vapora-backup audit verify --json\n" +
			"  vapora-backup audit verify --head 64:$(cat /media/usb/head-64)",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runAuditVerify(c.Context(), a, heads) },
	}
	c.Flags().StringArrayVar(&heads, "head", nil, "a head that was kept elsewhere, `NUMBER:SHA256`: the record must have it still (may be repeated)")
	return c
}

func runAuditVerify(ctx context.Context, a *app, heads []string) error {
	known, err := parseHeads(heads)
	if err != nil {
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
	r, err := l.Verify(ctx, known...)
	if err != nil {
		return err
	}
	if err := a.print(auditReport{r, r.OK(), r.Limits()}); err != nil {
		return err
	}
	if !r.OK() {
		return fmt.Errorf("the record is not what was written: %d faults, from entry %d on", r.FaultCount, r.Broken)
	}
	return nil
}

// parseHeads reads heads as `audit verify` and `audit join` print them.
func parseHeads(texts []string) (out []audit.Head, err error) {
	for _, text := range texts {
		number, sum, _ := strings.Cut(text, ":")
		n, err := strconv.ParseInt(number, 10, 64)
		b, herr := hex.DecodeString(sum)
		if err != nil || herr != nil || n < 1 || len(b) != sha256.Size {
			return nil, usagef("--head %s: write NUMBER:SHA256, as audit verify prints it", text)
		}
		out = append(out, audit.Head{Number: n, SHA256: hex.EncodeToString(b)})
	}
	return out, nil
}

// auditReport is the result of `audit verify`.
type auditReport struct {
	audit.Report
	OK     bool     `json:"ok"`
	Limits []string `json:"limits"`
}

func (r auditReport) Text(w io.Writer) {
	state := "good"
	if !r.OK {
		state = "BROKEN"
	}
	linef(w, "%s: %d entries, %d signed heads, %d after the last one\n", state, r.Entries, r.Heads, r.Uncovered)
	if r.Head != nil {
		linef(w, "newest head: %d:%s\n", r.Head.Number, r.Head.SHA256)
	}
	for _, f := range r.Faults {
		linef(w, "  %s: %s %s\n", f.Kind, f.Text, f.Key)
	}
	for _, f := range r.Notes {
		linef(w, "  note: %s: %s\n", f.Kind, f.Text)
	}
	for _, l := range r.Limits {
		linef(w, "  not proved: %s\n", l)
	}
}
