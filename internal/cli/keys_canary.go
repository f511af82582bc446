package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/rekey"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A canarySet is what a canary tells of a set of recipients.
type canarySet struct {
	Recipients []string `json:"recipients"`
	Current    bool     `json:"current"` // the config seals for it
	Backups    int      `json:"backups"` // that are sealed for it
	State      string   `json:"state"`
	Canary     string   `json:"canary,omitempty"`
	Absent     []string `json:"absent"` // whose private key is not at hand
	Problems   []string `json:"problems"`
	Lost       bool     `json:"lost"`
	Single     bool     `json:"single"`
}

// canaries opens a canary of each set in the first destination, and plants those
// that are missing where that is wanted.
func (k *checkedKeys) canaries(ctx context.Context, a *app, cfg *config.Config, ids *crypt.Identities, plant bool) error {
	home := a.openAll(ctx, cfg)[0]
	trust, err := trusted(cfg)
	if err != nil {
		return err
	}
	sets, err := a.recipientSets(cfg)
	if err != nil {
		return err
	}
	listing, err := catalog.List(ctx, home.store, catalog.Filter{})
	if err != nil {
		return fmt.Errorf("look for canaries at %s (--offline looks at the keys only): %w", home.Name, err)
	}
	used, failed := rekey.Used(ctx, home.store, listing.Entries, verifier(trust))
	for _, err := range failed {
		a.warn("for whom it is sealed is not known: %v", err)
	}
	opt := rekey.CheckOptions{Store: home.store, Sets: sets, Used: used, Identities: ids}
	got, err := rekey.Check(ctx, opt)
	if err != nil {
		return err
	}
	if plant {
		if got, err = plantMissing(ctx, a, cfg, home, sets, got, opt); err != nil {
			return err
		}
	}
	for _, s := range got {
		k.Canaries = append(k.Canaries, canarySet{
			Recipients: s.Recipients, Current: s.Current, Backups: s.Backups, State: string(s.State), Canary: s.Canary,
			Absent: append([]string{}, s.Absent...), Problems: append([]string{}, s.Problems...), Lost: s.Lost(), Single: s.Single(),
		})
		k.bad = k.bad || s.Lost() || s.State == rekey.Broken
	}
	return nil
}

// plantMissing seals a canary for each set of the config that has none, and looks
// again.
func plantMissing(ctx context.Context, a *app, cfg *config.Config, home destination, sets []*crypt.Recipients, got []rekey.Set, opt rekey.CheckOptions) ([]rekey.Set, error) {
	states := map[string]rekey.State{}
	for _, s := range got {
		states[rekey.SetName(s.Recipients)] = s.State
	}
	for _, r := range sets {
		name := rekey.SetName(r.Fingerprints())
		if states[name] != rekey.NoCanary {
			continue
		}
		states[name] = rekey.Untried
		key, err := rekey.Plant(ctx, home.store, r, a.Now(), a.Random, storage.PutOptions{})
		a.done(ctx, cfg, audit.Entry{
			Action: audit.KeyUse, Result: outcome(err), Detail: "planted a canary " + key.String(),
			Subject: audit.Subject{Destination: home.Name, Key: strings.Join(r.Fingerprints(), ", ")},
		})
		if err != nil {
			return nil, err
		}
	}
	return rekey.Check(ctx, opt)
}

// recipientSets are the sets that the config seals for.
func (a *app) recipientSets(cfg *config.Config) ([]*crypt.Recipients, error) {
	lines := [][]string{cfg.Encryption.Recipients}
	for _, d := range cfg.Databases {
		lines = append(lines, d.Recipients)
	}
	var out []*crypt.Recipients
	for _, l := range lines {
		if len(l) == 0 {
			continue
		}
		r, err := a.recipients(l)
		if err != nil {
			return nil, usageError{fmt.Errorf("read recipients: %w", err)}
		}
		out = append(out, r)
	}
	return out, nil
}

func (c canarySet) text(w io.Writer) {
	whose := "of the config"
	if !c.Current {
		whose = "of old backups only"
	}
	linef(w, "canary %s, %d backups: %s\n", whose, c.Backups, c.State)
	for _, p := range c.Problems {
		linef(w, "  BROKEN: %s\n", p)
	}
	for _, r := range c.Absent {
		linef(w, "  not at hand: %s\n", r)
	}
	if c.Lost {
		fmt.Fprintln(w, "  LOST: no identity at hand opens what is sealed for it")
	}
}
