package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/prune"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// pruneOptions are the flags of `prune`.
type pruneOptions struct {
	filter      catalog.Filter
	at, explain string
}

func newPrune(a *app) *cobra.Command {
	o := &pruneOptions{}
	c := &cobra.Command{
		Use:   "prune",
		Short: "Say which backups the retention policies let go; delete nothing",
		Long: "Plan, from the listings alone, what each destination's keep lets go. Nothing is deleted\n" +
			"and nothing is read. What goes is deleted by a request, which is checked and stored,\n" +
			"two approvals by distinct people, a day, and then a second plan: only what both plans\n" +
			"name goes.\n\n" +
			"Never deleted: the newest good backup, the last that was verified, what is locked or\n" +
			"held, what another backup needs, anything where backups have stopped or where there is\n" +
			"no policy, and no more than deletion.max_share and max_count at once, unless a request's\n" +
			"--unsafe-blast-radius says why.\n\n" +
			"--explain says of one backup why it is kept and until when; --at plans for another day,\n" +
			"as if backups went on until then.",
		Example: "  vapora-backup prune\n" +
			"  vapora-backup prune --explain 20261123T140000Z-7f3k2m\n" +
			"  vapora-backup prune request --reason \"retention\"\n" +
			"  vapora-backup prune approve 20261124T040000Z-abc234 --key security.key\n" +
			"  vapora-backup prune apply 20261124T040000Z-abc234",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runPrune(c.Context(), a, o) },
	}
	f := c.Flags()
	f.StringVar(&o.filter.Source, "source", "", "only backups of the source `NAME`")
	f.StringVar(&o.filter.Kind, "kind", "", "only backups of the `KIND`, such as database")
	f.StringVar(&o.at, "at", "", "plan for a `DATE` to come: 2026-12-24 or 2026-12-24T03:00:00Z")
	f.StringVar(&o.explain, "explain", "", "why the backup with this `ID` is kept, and until when")
	c.AddCommand(newPruneRequest(a), newPruneApprove(a), newPruneWithdraw(a), newPruneRequests(a), newPruneApply(a), newPruneOrphans(a))
	return c
}

func runPrune(ctx context.Context, a *app, o *pruneOptions) error {
	now := a.Now()
	if o.at != "" {
		var err error
		if now, err = parseMoment(o.at); err != nil {
			return err
		}
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	engine, err := a.engine(ctx, cfg, o.filter)
	if err != nil {
		return err
	}
	if o.at != "" {
		engine.Limits.StaleAfter = 0 // the backups of that day are not there yet
	}
	plan := engine.Plan(now)
	a.doubts(plan)
	if o.explain != "" {
		return a.explain(engine, plan, o.explain)
	}
	out := newPlanned(engine.Engine, plan)
	out.Unreachable = engine.unreachable
	return errors.Join(a.print(out), engine.missed)
}

// parseMoment reads a day or a moment in UTC.
func parseMoment(s string) (time.Time, error) {
	t, err := config.ParseMoment(s)
	if err != nil {
		return t, usagef("%v: write 2026-12-24 or 2026-12-24T03:00:00Z", err)
	}
	return t, nil
}

// A pruning is an engine over what could be listed.
type pruning struct {
	prune.Engine
	unreachable []string // what they hold is in no plan
	missed      error    // the partial failure of that, to end with
}

// engine is what plans and deletes, over the destinations of this run.
func (a *app) engine(ctx context.Context, cfg *config.Config, filter catalog.Filter) (pruning, error) {
	e := pruning{Engine: prune.Engine{Limits: limits(cfg.Deletion)}}
	trust, err := trusted(cfg)
	if err != nil {
		return e, err
	}
	places, missed, err := a.everyPlace(ctx, cfg, filter)
	if err != nil {
		return e, err
	}
	e.unreachable, e.missed = unlisted(a.open(ctx, cfg), places), missed
	for _, p := range places {
		if p.absent {
			a.say("%s is offline, and left out", p.Name)
			continue
		}
		b := &prune.Backups{Store: p.store, Verifier: verifier(trust)}
		e.Places = append(e.Places, prune.NewPlace(p.Name, b, catalog.Listing{Entries: p.entries, Orphans: p.orphans}, p.takes(), p.keeps))
	}
	return e, nil
}

func limits(d config.Deletion) retention.Limits {
	return retention.Limits{StaleAfter: time.Duration(d.StaleAfter), MaxShare: d.MaxShare.Share(), MaxCount: d.MaxCount}
}

// checked is the engine's plan of now, looked at closely enough to delete by it.
func (a *app) checked(ctx context.Context, cfg *config.Config) (pruning, retention.Plan, error) {
	if len(cfg.Signing.Trusted) == 0 {
		return pruning{}, retention.Plan{}, usageError{hint.Wrap(errors.New("nobody is trusted, so no backup can be told from a forged one, and nothing is deleted"),
			"set signing.trusted in %s", cfg.File())}
	}
	engine, err := a.engine(ctx, cfg, catalog.Filter{})
	if err != nil {
		return engine, retention.Plan{}, err
	}
	plan, err := engine.Check(ctx, a.Now())
	if err == nil {
		a.doubts(plan)
	}
	return engine, plan, err
}

// mostDoubts is how many doubts are said one by one of each group.
const mostDoubts = 5

// doubts says what a plan keeps though it stands for nothing, and why.
func (a *app) doubts(p retention.Plan) {
	for _, g := range p.Groups {
		n := 0
		for _, d := range g.Decisions {
			if !d.Keep || d.Doubt == "" {
				continue
			}
			if n++; n <= mostDoubts {
				a.warn("%s at %s stands for nothing, and %s: %s", d.ID, g.Place, d.Why(""), d.Doubt)
			}
		}
		if n > mostDoubts {
			a.warn("%s: %d more stand for nothing and are kept; if a key was replaced, signing.trusted must name the old one too", g.Name(), n-mostDoubts)
		}
	}
}

// desk is where requests and approvals lie: in the first destination. keyFile is
// the signing key of who acts, "" for the config's.
func (a *app) desk(ctx context.Context, cfg *config.Config, keyFile string) (prune.Desk, error) {
	d, err := a.readingDesk(cfg, a.openAll(ctx, cfg)[0].store)
	if err != nil {
		return d, err
	}
	signer, err := a.signerOf(cfg, keyFile)
	if signer != nil {
		d.Signer = signer
	}
	return d, err
}

// readingDesk is a desk for who only looks: it needs no key.
func (a *app) readingDesk(cfg *config.Config, home storage.Store) (prune.Desk, error) {
	d := prune.Desk{
		Home: home, Need: cfg.Deletion.Approvals,
		Delay: time.Duration(cfg.Deletion.Delay), Expires: time.Duration(cfg.Deletion.Expires), Now: a.Now, Random: a.Random,
	}
	trust, err := trusted(cfg)
	if err != nil {
		return d, err
	}
	d.Trusted = verifier(trust)
	for _, p := range cfg.Deletion.Approvers {
		key, err := crypt.ParseTrusted([]string{p.Key})
		if err != nil {
			return d, usageError{fmt.Errorf("read deletion.approvers[%s].key: %w", p.Name, err)}
		}
		d.Approvers = append(d.Approvers, prune.Approver{Name: p.Name, Key: key})
	}
	return d, nil
}

// signerOf reads the signing key in a file, or the config's.
func (a *app) signerOf(cfg *config.Config, keyFile string) (*crypt.Signer, error) {
	if keyFile == "" {
		return a.signer(cfg)
	}
	text, err := (config.Secret{File: keyFile}).Value(a.getenv)
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	signer, err := crypt.ParseSigner(text, a.ask)
	if err != nil {
		return nil, fmt.Errorf("read signing key %s: %w", keyFile, err)
	}
	return signer, nil
}
