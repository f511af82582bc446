package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/drill"
	"github.com/vapora-platform/vapora-backup/internal/replica"
	"github.com/vapora-platform/vapora-backup/internal/report"
)

func newReport(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "report",
		Short: "Say how well all is protected, and what to do where it is not",
		Long: "Hold what lies in the destinations against the objectives: how old the newest good backup\n" +
			"of each source is, which was verified and when, the last restore test, what each\n" +
			"destination holds and lacks, and which requests to delete are on their way. Listings and\n" +
			"a few small signed records are all that is read; no key and no server is needed.\n\n" +
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
	desk, err := a.desk(ctx, cfg, "")
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
			r.Unreachable, failed = failed[0].Error(), failed[1:]
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

// reportedSources are those that the config names, and what else there are backups of.
func (a *app) reportedSources(ctx context.Context, cfg *config.Config, places []place, v catalog.Verifier) []report.Source {
	trials := a.trials(ctx, places, v)
	var out []report.Source
	at, backups := map[string]int{}, map[catalog.Key]int{}
	source := func(kind, name string, configured bool) *report.Source {
		of := kind + "/" + name
		if _, ok := at[of]; !ok {
			at[of] = len(out)
			out = append(out, report.Source{Kind: kind, Name: name, Configured: configured, Trials: trials[of]})
		}
		return &out[at[of]]
	}
	for _, d := range cfg.Databases {
		if !d.AllDatabases {
			source("database", d.Name, true)
		}
	}
	for _, p := range places {
		for _, e := range p.entries {
			configured := e.Kind == "database" && slices.ContainsFunc(cfg.Databases, func(d config.Database) bool {
				return d.Name == e.Source || d.AllDatabases && strings.HasPrefix(e.Source, d.Name+".")
			})
			s := source(e.Kind, e.Source, configured)
			i, ok := backups[e.Key(catalog.ManifestSuffix)]
			if !ok {
				i = len(s.Backups)
				backups[e.Key(catalog.ManifestSuffix)] = i
				s.Backups = append(s.Backups, report.Backup{ID: e.ID, Time: e.Time})
			}
			c := report.Copy{Destination: p.Name}
			if seen, ok := e.Verified(); ok {
				c.Verified, c.Level, c.Bad = seen.At, seen.Level, !seen.Good
				c.Vouched = func() bool {
					var record map[string]any
					_, err := catalog.LoadRecord(ctx, p.store, seen.Key, v, &record)
					return err == nil
				}
			}
			s.Backups[i].Copies = append(s.Backups[i].Copies, c)
		}
	}
	for i := range out {
		slices.SortFunc(out[i].Backups, func(x, y report.Backup) int { return x.Time.Compare(y.Time) })
	}
	return out
}

// trialsRead is how many results of restore tests are read of each source: a
// year of monthly ones.
const trialsRead = 12

// trials are the last restore tests by kind and source, the oldest first. One that
// nobody vouches for is none.
func (a *app) trials(ctx context.Context, places []place, v catalog.Verifier) map[string][]report.Trial {
	out, seen := map[string][]report.Trial{}, map[string]bool{}
	for _, p := range places {
		bySource := map[string][]catalog.Entry{}
		for _, e := range p.records {
			if e.Kind == catalog.RestoreTests {
				bySource[e.Source] = append(bySource[e.Source], e)
			}
		}
		for _, entries := range bySource {
			slices.SortFunc(entries, func(x, y catalog.Entry) int { return x.Time.Compare(y.Time) })
			for _, e := range entries[max(0, len(entries)-trialsRead):] {
				if seen[e.ID] {
					continue
				}
				r, err := drill.Load(ctx, p.store, e, v)
				if err != nil {
					a.warn("restore test %s at %s does not count: %v", e.ID, p.Name, err)
					continue
				}
				seen[e.ID] = true
				of := r.Kind + "/" + r.Source
				out[of] = append(out[of], report.Trial{ID: r.ID, Backup: r.Backup, Destination: r.Destination, At: r.Started, Passed: r.OK(), Seconds: r.Restore})
			}
		}
	}
	for of := range out {
		slices.SortFunc(out[of], func(x, y report.Trial) int { return x.At.Compare(y.At) })
	}
	return out
}

// healthResult is the result of `report`.
type healthResult struct {
	report.Health
	now time.Time
}

func (h healthResult) Text(w io.Writer) {
	for _, p := range h.Problems {
		fmt.Fprintf(w, "%s: %s: %s\n", strings.ToUpper(string(p.Severity)), p.Where, p.Problem)
		if p.Next != "" {
			fmt.Fprintf(w, "  next: %s\n", p.Next)
		}
	}
	for _, s := range h.Sources {
		h.source(w, s)
	}
	table(w, func(w io.Writer) {
		for _, d := range h.Destinations {
			var total int64
			for _, n := range d.Bytes {
				total += n
			}
			state := fmt.Sprintf("%d backups\t%s", d.Backups, size(total))
			switch {
			case d.Unreachable != "":
				state = "cannot be listed"
			case d.Absent:
				state = "offline, not there now"
			case d.Lacks > 0:
				state += fmt.Sprintf("\tlacks %d, %s", d.Lacks, size(d.LacksBytes))
			}
			fmt.Fprintf(w, "%s\t%s\n", d.Name, state)
		}
	})
	for _, r := range h.Requests {
		fmt.Fprintf(w, "request %s by %s: %d backups, %s; %s; %d approvals; %s\n", r.ID, r.Requester, r.Backups, size(r.Bytes), r.State, len(r.Approvals), r.Reason)
	}
	if h.Healthy {
		fmt.Fprintln(w, "healthy")
	} else {
		fmt.Fprintln(w, "NOT healthy")
	}
}

func (h healthResult) source(w io.Writer, s report.SourceHealth) {
	name := s.Kind + "/" + s.Name
	if !s.Configured {
		name += " (not in the config)"
	}
	if s.Newest == "" {
		fmt.Fprintf(w, "%s: no good backup\n", name)
		return
	}
	fmt.Fprintf(w, "%s: newest good backup %s, %s, at %s; %d in all, at hand %.2f %% of the time\n",
		name, s.Newest, age(h.now.Sub(s.Taken)), strings.Join(s.Destinations, ", "), s.Backups, 100*s.Availability)
	if s.Proved != "" {
		fmt.Fprintf(w, "  verified (%s): %s, taken %s\n", s.ProvedLevel, s.Proved, age(h.now.Sub(s.ProvedTaken)))
	}
	if t := s.Trial; t != nil {
		verdict := "failed"
		if t.Passed {
			verdict = "passed"
		}
		fmt.Fprintf(w, "  restore test %s %s: back in %s\n", verdict, age(h.now.Sub(t.At)), seconds(t.Seconds))
	}
}
