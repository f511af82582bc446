package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/config"
)

func newAuditLog(a *app) *cobra.Command {
	var since, actor, action string
	c := &cobra.Command{
		Use:   "log",
		Short: "Print the record of what was done",
		Long: "Print who did what, when, with what result. Actions are what was done, not the names\n" +
			"of commands:\n  " + actionNames() + "\n\n" +
			"It proves nothing: `audit verify` does.",
		Example: "  vapora-backup audit log --since 90d --actor alice --json",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runAuditLog(c.Context(), a, since, actor, action) },
	}
	c.Flags().StringVar(&since, "since", "", "since a `DATE`, or for a duration such as 7d")
	c.Flags().StringVar(&actor, "actor", "", "only what `WHO` did: a user, a host, a service account, a CI job")
	c.Flags().StringVar(&action, "action", "", "only one `ACTION` of those above")
	return c
}

func runAuditLog(ctx context.Context, a *app, since, actor, action string) error {
	from, err := a.parseSince(since)
	if err != nil {
		return err
	}
	if action != "" && !slices.Contains(audit.Actions(), audit.Action(action)) {
		return usagef("--action %s: no such action; there are %s", action, actionNames())
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	l, err := a.auditLog(ctx, cfg)
	if err != nil {
		return err
	}
	out := auditEntries{Entries: []audit.Entry{}, filtered: since+actor+action != ""}
	var bad []error
	for e, err := range l.All(ctx, from) {
		switch {
		case err != nil && e.Number == 0:
			return err
		case err != nil:
			bad = append(bad, err)
		case actor != "" && !e.Actor.Is(actor), action != "" && string(e.Action) != action:
		default:
			out.Entries = append(out.Entries, e)
		}
	}
	return errors.Join(append([]error{a.print(out)}, bad...)...)
}

// parseSince reads a date, or a duration before now; "" is the beginning of time.
func (a *app) parseSince(s string) (time.Time, error) {
	var d config.Duration
	switch {
	case s == "":
		return time.Time{}, nil
	case d.UnmarshalText([]byte(s)) == nil:
		return a.Now().Add(-time.Duration(d)), nil
	}
	return parseMoment(s)
}

// actionNames are all that --action may be.
func actionNames() string {
	var names []string
	for _, a := range audit.Actions() {
		names = append(names, string(a))
	}
	return strings.Join(names, " ")
}

// auditEntries is the result of `audit log`.
type auditEntries struct {
	Entries  []audit.Entry `json:"entries"`
	filtered bool
}

func (l auditEntries) Text(w io.Writer) {
	switch {
	case len(l.Entries) == 0 && l.filtered:
		fmt.Fprintln(w, "no entry matches")
		return
	case len(l.Entries) == 0:
		fmt.Fprintln(w, "nothing is recorded")
		return
	}
	table(w, func(w io.Writer) {
		for _, e := range l.Entries {
			s := e.Subject
			var what []string
			for _, part := range []string{strings.Trim(s.Kind+"/"+s.Source, "/"), s.Backup, s.Destination, s.Request, s.Key} {
				if part != "" {
					what = append(what, part)
				}
			}
			detail := e.Detail
			if e.Reason != "" {
				detail = strings.TrimSpace("(" + e.Reason + ") " + detail)
			}
			linef(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Number, stamp(e.Time), e.Action, e.Result, e.Actor, strings.Join(what, " "), detail)
		}
	})
}
