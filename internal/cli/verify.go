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

// verified is the result of `verify`.
type verified struct {
	Level   string       `json:"level"`
	Backups []verifiedAt `json:"backups"`
	bad     int
	err     error // the last that kept a copy from being judged
}

type verifiedAt struct {
	ID          string   `json:"id"`
	Source      string   `json:"source"`
	Destination string   `json:"destination"`
	OK          bool     `json:"ok"`
	Cold        bool     `json:"cold,omitempty"` // not read, and no deeper than the signature
	Problems    []string `json:"problems,omitempty"`
	// Error is what kept the copy from being judged; it is no word against it.
	Error   string  `json:"error,omitempty"`
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
}

// check verifies what one place should hold. A place that lacks a wanted
// backup of its own is no fault here: cadences come with another release.
func (v *verified) check(ctx context.Context, a *app, p place, wanted []string, opt verify.Options) {
	var entries []catalog.Entry
	for _, e := range p.entries {
		if slices.Contains(wanted, e.ID) {
			entries = append(entries, e)
		}
	}
	opt.Store, opt.Entries = p.store, entries
	a.say("verifying %d backups at %s (%s)", len(entries), p.Name, v.Level)
	for i, o := range verify.Run(ctx, opt) {
		at := verifiedAt{
			ID: o.ID, Source: entries[i].Source, Destination: p.Name, OK: o.OK, Cold: o.Cold, Problems: o.Problems, Bytes: o.Bytes, Seconds: o.Took.Seconds(),
		}
		if o.Err != nil {
			at.Error = o.Err.Error()
			v.err = o.Err
		}
		v.Backups = append(v.Backups, at)
		if !o.OK {
			v.bad++
		}
	}
}

// warm has what is wanted at a place thawed, where that is asked for.
func (o *verifyOptions) warm(ctx context.Context, a *app, p place, wanted []string) error {
	if !o.thaw.asked {
		return nil
	}
	if err := o.thaw.check(); err != nil {
		return err
	}
	for _, e := range p.entries {
		if !slices.Contains(wanted, e.ID) {
			continue
		}
		z, err := freeze(ctx, p.Name, p.store, e.Keys())
		if err != nil {
			return fmt.Errorf("look whether %s at %s is cold: %w", e.ID, p.Name, err)
		}
		if len(z.keys) == 0 {
			continue
		}
		if _, err := a.melt(ctx, e.ID, z, &o.thaw); err != nil {
			return err
		}
	}
	return nil
}

func (v verified) cold() (n int) {
	for _, b := range v.Backups {
		if b.Cold {
			n++
		}
	}
	return n
}

func (v verified) Text(w io.Writer) {
	table(w, func(w io.Writer) {
		for _, b := range v.Backups {
			state := "good"
			switch {
			case b.Error != "":
				state = "UNKNOWN"
			case !b.OK:
				state = "BAD"
			case b.Cold:
				state = "cold"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s in %s\n", state, b.ID, b.Source, b.Destination, v.Level, size(b.Bytes), seconds(b.Seconds))
		}
	})
	for _, b := range v.Backups {
		for _, p := range b.Problems {
			fmt.Fprintf(w, "%s at %s: %s\n", b.ID, b.Destination, p)
		}
		if b.Error != "" {
			fmt.Fprintf(w, "%s at %s: not judged: %s\n", b.ID, b.Destination, b.Error)
		}
	}
}
