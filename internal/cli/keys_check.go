package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
)

func newKeysCheck(a *app) *cobra.Command {
	var identities []string
	var offline, plant bool
	c := &cobra.Command{
		Use:   "check",
		Short: "Show that the keys in the config can seal, open and sign",
		Long: "Seal a probe to every set of recipients in the config, open it with the identities,\n" +
			"sign with the signing key and check that against the trusted ones. Without an\n" +
			"identity at hand only sealing and signing are checked, and the result says so.\n" +
			"In the first destination a canary for each set is opened, also for sets that only old\n" +
			"backups are sealed for; --plant seals one where there is none. A set that nobody at\n" +
			"hand can open is an error.\n" +
			"Fewer than two recipients are a warning: one lost key would lose all backups.",
		Example: "  vapora-backup keys check --identity /media/usb/identity.txt",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runKeysCheck(c.Context(), a, identities, offline, plant)
		},
	}
	c.Flags().StringArrayVar(&identities, "identity", nil, "private key `FILE`, over the config's (may be repeated)")
	c.Flags().BoolVar(&offline, "offline", false, "look at the keys only, at no destination")
	c.Flags().BoolVar(&plant, "plant", false, "seal a canary for each set of the config that has none")
	c.MarkFlagsMutuallyExclusive("offline", "plant")
	return c
}

func runKeysCheck(ctx context.Context, a *app, files []string, offline, plant bool) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	var ids *crypt.Identities
	if len(files)+len(cfg.Encryption.Identities) > 0 {
		if ids, err = a.identities(cfg, files); err != nil {
			return err
		}
	}
	var out checkedKeys
	out.add(a, "encryption.recipients", cfg.Encryption.Recipients, ids)
	for _, d := range cfg.Databases {
		out.add(a, "databases["+d.Name+"].recipients", d.Recipients, ids)
	}
	if !offline {
		if err := out.canaries(ctx, a, cfg, ids, plant); err != nil {
			return err
		}
	}
	if err := out.signing(a, cfg); err != nil {
		out.Signing, out.bad = err.Error(), true
	}
	if err := a.print(out); err != nil {
		return err
	}
	if out.bad {
		return errors.New("a key does not do its work; see above")
	}
	return nil
}

// checkedKeys is the result of `keys check`.
type checkedKeys struct {
	Recipients []checkedSet `json:"recipients"`
	Canaries   []canarySet  `json:"canaries"`
	Signing    string       `json:"signing"`
	bad        bool
}

type checkedSet struct {
	Where        string   `json:"where"`
	Fingerprints []string `json:"fingerprints"`
	Sealed       bool     `json:"sealed"`
	Opened       *bool    `json:"opened"` // null: no identity at hand
	Problem      string   `json:"problem,omitempty"`
	Warning      string   `json:"warning,omitempty"`
}

func (k *checkedKeys) add(a *app, where string, lines []string, ids *crypt.Identities) {
	if len(lines) == 0 {
		return
	}
	set := checkedSet{Where: where}
	if len(lines) == 1 {
		set.Warning = "only one recipient: whoever loses that key loses every backup"
	}
	if err := set.probe(a, lines, ids); err != nil {
		set.Problem, k.bad = err.Error(), true
	}
	k.Recipients = append(k.Recipients, set)
}

// probe seals a few bytes and opens them.
func (s *checkedSet) probe(a *app, lines []string, ids *crypt.Identities) error {
	recipients, err := a.recipients(lines)
	if err != nil {
		return err
	}
	s.Fingerprints = recipients.Fingerprints()
	probe := []byte("can somebody still open this?")
	var sealed bytes.Buffer
	w, err := recipients.Seal(&sealed)
	if err != nil {
		return err
	}
	if _, err := w.Write(probe); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	s.Sealed = true
	if ids == nil {
		return nil
	}
	opened := false
	s.Opened = &opened
	r, err := ids.Open(&sealed)
	if err != nil {
		return err
	}
	got, err := io.ReadAll(r)
	if err == nil && !bytes.Equal(got, probe) {
		err = errors.New("what was opened is not what was sealed")
	}
	opened = err == nil
	return err
}

// signing signs a probe and looks for the key among the trusted ones.
func (k *checkedKeys) signing(a *app, cfg *config.Config) error {
	signer, err := a.signer(cfg)
	if err != nil {
		return err
	}
	trust, err := trusted(cfg)
	if err != nil {
		return err
	}
	switch {
	case signer == nil && trust == nil:
		k.Signing = "no key and nobody trusted: backups are neither signed nor checked"
	case signer == nil:
		k.Signing = "no key here; signatures of the trusted keys are checked"
	case trust == nil:
		k.Signing = "signs; nobody is trusted, so signatures are not checked"
	default:
		probe := []byte("probe")
		sig, err := signer.Sign(probe, "probe")
		if err != nil {
			return err
		}
		if _, _, err := trust.Verify(probe, sig); err != nil {
			return fmt.Errorf("signing.key is not among signing.trusted: %w", err)
		}
		k.Signing = "signs, and is trusted"
	}
	return nil
}

func (k checkedKeys) Text(w io.Writer) {
	for _, s := range k.Recipients {
		state := "seals; no identity here to open it with"
		switch {
		case s.Problem != "":
			state = "FAILS: " + s.Problem
		case s.Opened != nil:
			state = "seals and opens"
		}
		linef(w, "%s: %s\n", s.Where, state)
		for _, f := range s.Fingerprints {
			linef(w, "  %s\n", f)
		}
		if s.Warning != "" {
			linef(w, "  warning: %s\n", s.Warning)
		}
	}
	for _, c := range k.Canaries {
		c.text(w)
	}
	linef(w, "signing: %s\n", k.Signing)
}
