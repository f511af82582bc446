package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/verify"
)

// verifyOptions are the flags of `verify`.
type verifyOptions struct {
	pick              picked
	latest, all, deep bool
	level             string
	thaw              thawOptions
	identities        []string
}

func newVerify(a *app) *cobra.Command {
	o := &verifyOptions{}
	c := &cobra.Command{
		Use:   "verify [ID…]",
		Short: "Prove stored backups against their manifests, in every destination",
		Long: "Verify the named backups, the newest of each source (--latest, the default) or all, in\n" +
			"every destination that should hold them. Without a private key: presence, sizes, the\n" +
			"SHA-256 of every stored byte, and the signature. With --deep also: decrypt, decompress,\n" +
			"read the dump to its end and compare it with the inventory. --level exists looks at\n" +
			"presence and sizes only. Of what lies in cold storage no more than presence, sizes and\n" +
			"the signature are looked at, unless --thaw has it thawed first.",
		Example: "  vapora-backup verify --all\n  vapora-backup verify --latest --deep --identity /media/usb/identity.txt",
		RunE:    func(c *cobra.Command, args []string) error { return runVerify(c.Context(), a, o, args) },
	}
	f := c.Flags()
	f.StringVar(&o.pick.source, "source", "", "only backups of the source `NAME`")
	f.BoolVar(&o.latest, "latest", false, "the newest backup of each source")
	f.BoolVar(&o.all, "all", false, "every backup")
	f.BoolVar(&o.deep, "deep", false, "open the backups and read them to their end")
	f.StringVar(&o.level, "level", "sums", "how deep: `exists|sums|deep`")
	f.StringArrayVar(&o.identities, "identity", nil, "with --deep: private key `FILE`, over the config's (may be repeated)")
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
	if len(args) > 0 && (o.latest || o.all) {
		return usagef("name backups, or give --latest or --all; not both")
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	opt, err := a.verifyOptions(cfg, level, o.identities)
	if err != nil {
		return err
	}
	places, err := a.places(ctx, cfg, catalog.Filter{Kind: "database", Source: o.pick.source})
	if err != nil {
		return err
	}
	wanted, err := o.wanted(places, args)
	if err != nil {
		return err
	}
	out := verified{Level: level.String(), Backups: []verifiedAt{}}
	for _, p := range places {
		if err := o.warm(ctx, a, p, wanted); err != nil {
			return err
		}
		out.check(ctx, a, p, wanted, opt)
	}
	if n := out.cold(); n > 0 {
		a.warn("%d copies lie in cold storage: only their presence, sizes and signatures were looked at; --thaw reads them", n)
	}
	if err := a.print(out); err != nil {
		return err
	}
	if out.bad > 0 {
		err := fmt.Errorf("%d of %d copies are not proved good", out.bad, len(out.Backups))
		if out.err != nil {
			err = fmt.Errorf("%w: %w", err, out.err)
		}
		return err
	}
	return ctx.Err()
}

func (a *app) verifyOptions(cfg *config.Config, level verify.Level, files []string) (verify.Options, error) {
	opt := verify.Options{Level: level, Inspect: inspect, Now: a.Now}
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

// inspect reads a dump to its end and compares it with its inventory.
func inspect(_ context.Context, m *catalog.Manifest, plain io.Reader) error {
	var inv db.Inventory
	if err := json.Unmarshal(m.Inventory, &inv); err != nil {
		return fmt.Errorf("read the inventory: %w", err)
	}
	return inv.Inspect(plain)
}

// wanted returns the IDs that are meant, over all places.
func (o *verifyOptions) wanted(places []place, args []string) ([]string, error) {
	newest := map[string]string{}
	var all []catalog.Entry
	for _, p := range places {
		for _, e := range p.entries {
			all = append(all, e)
			newest[e.Source] = max(newest[e.Source], e.ID)
		}
	}
	var ids []string
	switch {
	case len(args) > 0:
		for _, arg := range args {
			e, err := catalog.Find(all, arg)
			if err != nil {
				return nil, err
			}
			ids = append(ids, e.ID)
		}
	case o.all:
		for _, e := range all {
			ids = append(ids, e.ID)
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
