package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/verify"
)

// verifyOptions are the flags of `verify`.
type verifyOptions struct {
	pick              picked
	latest, all, deep bool
	level             string
	thaw              thawOptions
	since, sample     string
	parallel          int
	noRecord          bool
	identities        []string
}

func newVerify(a *app) *cobra.Command {
	o := &verifyOptions{}
	c := &cobra.Command{
		Use:   "verify [ID…]",
		Short: "Prove stored backups against their manifests, in every destination",
		Long: "Verify the named backups, the newest of each source (--latest, the default) or all, in\n" +
			"every destination that holds them; `list` says what is missing where. Without a private\n" +
			"key: presence, sizes, the SHA-256 of every stored byte, and the signature. With --deep\n" +
			"also: decrypt, decompress, read the dump to its end and compare it with the inventory.\n" +
			"--level exists looks at presence and sizes only. Of what lies in cold storage no more\n" +
			"than presence, sizes and the signature are looked at, unless --thaw has it thawed first.\n\n" +
			"What came of it is stored beside each backup, as a small signed record, so that reports\n" +
			"and retention know what was verified, when, how deep and where.",
		Example: "  vapora-backup verify --all\n  vapora-backup verify --since 90d --sample day/30\n  vapora-backup verify --latest --deep --identity /media/usb/identity.txt",
		RunE: func(c *cobra.Command, args []string) error {
			return a.told(c, func() error { return runVerify(c.Context(), a, o, args) })
		},
	}
	f := c.Flags()
	f.StringVar(&o.pick.source, "source", "", "only backups of the source `NAME`")
	f.BoolVar(&o.latest, "latest", false, "the newest backup of each source")
	f.BoolVar(&o.all, "all", false, "every backup")
	f.BoolVar(&o.deep, "deep", false, "open the backups and read them to their end")
	f.StringVar(&o.level, "level", "sums", "how deep: `exists|sums|deep`")
	f.StringArrayVar(&o.identities, "identity", nil, "with --deep: private key `FILE`, over the config's (may be repeated)")
	f.StringVar(&o.since, "since", "", "backups since a `DATE`, or not older than a duration such as 7d")
	f.StringVar(&o.sample, "sample", "", "of those the `N/T` part: T runs with N from 1 to T cover all; day/T takes another part each day")
	f.IntVar(&o.parallel, "parallel", 2, "how many backups to read at once, of each destination; its max_bandwidth bounds them all")
	c.MarkFlagsMutuallyExclusive("deep", "level")
	f.BoolVar(&o.noRecord, "no-record", false, "do not store what came of it beside the backups")
	o.thaw.readerFlags(f)
	c.MarkFlagsMutuallyExclusive("latest", "all")
	return c
}

var verifyLevels = map[string]verify.Level{"exists": verify.Exists, "sums": verify.Sums, "deep": verify.Deep}

func runVerify(ctx context.Context, a *app, o *verifyOptions, args []string) error {
	level, ok := verifyLevels[o.level]
	if !ok {
		return usagef("--level %s: exists, sums or deep", o.level)
	}
	if o.deep {
		level = verify.Deep
	}
	if err := o.contradiction(args); err != nil {
		return err
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	opt, err := a.verifyOptions(cfg, level, o.identities)
	if err != nil {
		return err
	}
	places, missed, err := a.everyPlace(ctx, cfg, catalog.Filter{Source: o.pick.source})
	if err != nil {
		return err
	}
	choice, err := o.choice(a)
	if err != nil {
		return err
	}
	wanted, err := o.wanted(places, args, choice)
	if err != nil {
		return err
	}
	var recorder *recorder
	if !o.noRecord {
		recorder = a.recorderAtHand(ctx, cfg, opt.Verifier)
	}
	if o.parallel < 1 {
		return usagef("--parallel %d: at least 1", o.parallel)
	}
	out := verified{Level: level.String(), Backups: []verifiedAt{}}
	opt.Parallel = o.parallel
	for _, p := range places {
		if err := o.warm(ctx, a, p, wanted); err != nil {
			return err
		}
	}
	out.checkAll(ctx, a, places, wanted, opt, recorder)
	if n := out.cold(); n > 0 {
		a.warn("%d copies lie in cold storage: only their presence, sizes and signatures were looked at; --thaw reads them", n)
	}
	if err = out.verdict(); err == nil {
		err = missed
	}
	a.done(ctx, cfg, verifyEntries(out, err)...)
	if perr := a.print(out); err == nil {
		err = perr
	}
	return errors.Join(err, storage.Ended(ctx))
}

// verdict is the error of copies that are not proved good.
func (out verified) verdict() error {
	if out.bad > 0 {
		err := fmt.Errorf("%d of %d copies are not proved good", out.bad, len(out.Backups))
		if out.err != nil {
			err = fmt.Errorf("%w: %w", err, out.err)
		}
		if at := out.mendable(); len(at) > 0 {
			return hint.Wrap(err, "vapora-backup sync --repair --destination %s writes a good copy beside what is bad there", strings.Join(at, " --destination "))
		}
		if out.cure != "" && hint.Of(err) == "" {
			err = hint.Wrap(err, "%s", out.cure)
		}
		return err
	}
	return nil
}

func (a *app) verifyOptions(cfg *config.Config, level verify.Level, files []string) (verify.Options, error) {
	opt := verify.Options{Level: level, Inspectors: inspectors(), Now: a.Now}
	trust, err := trusted(cfg)
	if err != nil {
		return opt, err
	}
	opt.Verifier = verifier(trust)
	if trust == nil {
		a.warn("nobody is trusted (signing.trusted in %s): signatures are not checked", cfg.File())
	}
	if level == verify.Deep {
		ids, err := a.identities(cfg, files)
		if err != nil {
			return opt, err
		}
		opt.Opener = archive.Opener(ids)
	}
	return opt, nil
}

// contradiction says which flags say different things of what to look at, and how.
func (o *verifyOptions) contradiction(args []string) error {
	some := o.since != "" || o.sample != ""
	switch {
	case len(args) > 0 && (some || o.all || o.latest):
		return usagef("name backups, or let --latest, --all, --since and --sample choose; not both")
	case o.latest && (some || o.all):
		return usagef("--latest is one backup of each source: --all, --since and --sample would choose others")
	}
	return nil
}

// wanted returns the IDs that are meant, over all places.
func (o *verifyOptions) wanted(places []place, args []string, choice verify.Choice) ([]string, error) {
	newest := map[string]string{}
	var all []catalog.Entry
	for _, p := range places {
		for _, e := range p.entries {
			all = append(all, e)
			of := e.Kind + "/" + e.Source
			newest[of] = max(newest[of], e.ID)
		}
	}
	var ids []string
	switch {
	case len(args) > 0:
		var err error
		if ids, err = namedIDs(places, args); err != nil {
			return nil, err
		}
	case o.all || o.since != "" || o.sample != "":
		for _, e := range all {
			if choice.Has(e) {
				ids = append(ids, e.ID)
			}
		}
		if len(ids) == 0 && len(all) > 0 {
			return nil, nil // a part that is empty today
		}
	default:
		for _, id := range newest {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, errors.New("no backup to verify in any destination")
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}
