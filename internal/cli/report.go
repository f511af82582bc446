package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/replica"
	"github.com/vapora-platform/vapora-backup/internal/report"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func newReport(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "report",
		Short: "Say how well all is protected, and what to do where it is not",
		Long: "Hold what lies in the destinations against the objectives: how old the newest good backup\n" +
			"of each source is, which was verified and when, the last restore test, what each\n" +
			"destination holds and lacks, and which requests to delete are on their way. Listings, the\n" +
			"newest manifests and a few small signed records are all that is read; no key and no\n" +
			"server is needed. Manifests are read of the newest backups of a source until one is good,\n" +
			"ten at most; of older backups their last verification must do.\n\n" +
			"A source is late when its newest good backup is older than twice the RPO. What is\n" +
			"critical or high is exit code 4; what is medium is only said.",
		Example: "  vapora-backup report\n  vapora-backup report --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.told(c, func() error { return runReport(c.Context(), a) })
		},
	}
}

func runReport(ctx context.Context, a *app) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	in, err := a.findings(ctx, cfg)
	if err != nil {
		return err
	}
	h := report.Judge(in, report.Objectives{
		RPO: time.Duration(cfg.Objectives.RPO), RTO: time.Duration(cfg.Objectives.RTO), Availability: cfg.Objectives.Availability.Share(),
	}, a.Now())
	if err := storage.Ended(ctx); err != nil {
		return err // what could not be read for that is no news
	}
	for i := range h.Problems {
		h.Problems[i].Next = a.pasted(h.Problems[i].Next)
	}
	if err := a.print(healthResult{h, a.Now()}); err != nil {
		return err
	}
	if !h.Healthy {
		p := h.Problems[0]
		return shownError{unhealthyError{fmt.Errorf("%d problems; the first: %s: %s", len(h.Problems), p.Where, p.Problem)}}
	}
	return nil
}

// findings gathers what a report judges.
func (a *app) findings(ctx context.Context, cfg *config.Config) (report.Input, error) {
	var in report.Input
	trust, err := trusted(cfg)
	if err != nil {
		return in, err
	}
	open := a.open(ctx, cfg)
	places, failed := survey(ctx, open, catalog.Filter{})
	in.Destinations = reported(open, places, failed, a.Now())
	in.Sources = a.reportedSources(ctx, cfg, places, verifier(trust))
	desk, err := a.readingDesk(cfg, a.openAll(ctx, cfg)[0].store)
	if err != nil {
		return in, err
	}
	all, strange, err := desk.Requests(ctx)
	if err != nil {
		a.warn("requests to delete are not known: %v", err)
	}
	in.Requests, in.Strange = []report.Request{}, strange
	for _, s := range all {
		word := s.Word(a.Now())
		if word == "applied" || word == "withdrawn" || word == "expired" {
			continue
		}
		r := report.Request{ID: s.ID, Time: s.Time, Requester: s.Requester, Reason: s.Reason, Unsafe: s.Unsafe,
			Backups: len(s.Deletions), Bytes: s.Bytes, State: word, Approvals: []string{}}
		for _, x := range s.Approvals {
			r.Approvals = append(r.Approvals, x.Name)
		}
		in.Requests = append(in.Requests, r)
	}
	return in, nil
}

// reported describes the destinations. Errors stand in the order of those that
// could not be listed.
func reported(open []destination, places []place, failed []error, now time.Time) []report.Destination {
	var out []report.Destination
	var replicas []replica.Place
	for _, d := range open {
		r := report.Destination{Name: d.Name, Required: d.Required, Bytes: map[string]int64{}}
		i := slices.IndexFunc(places, func(p place) bool { return p.Name == d.Name })
		if i < 0 {
			r.Unreachable, failed = errors.Unwrap(failed[0]).Error(), failed[1:] // without the name, which stands before it
			out = append(out, r)
			continue
		}
		p := places[i]
		r.Absent, r.Backups, r.Unfinished = p.absent, len(p.entries), len(p.orphans)
		for _, e := range p.entries {
			for _, o := range e.Objects {
				r.Bytes[e.Kind] += o.Size
			}
		}
		replicas = append(replicas, p.replica(now))
		out = append(out, r)
	}
	for _, debt := range replica.Debts(replicas, now) {
		i := slices.IndexFunc(out, func(d report.Destination) bool { return d.Name == debt.To })
		out[i].Lacks, out[i].LacksBytes = out[i].Lacks+1, out[i].LacksBytes+debt.Bytes()
	}
	return out
}
