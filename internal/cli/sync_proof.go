package cli

import (
	"context"
	"fmt"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/verify"
)

// proveRepairs verifies the backups that were repaired, as they are now. A signed
// record may say that they are bad, and until another says that they are not, they
// stand for nothing and `prune` lets them go.
func (s *syncing) proveRepairs(ctx context.Context, cfg *config.Config, f catalog.Filter) error {
	repaired := map[string][]string{}
	for _, d := range s.out.Debts {
		if d.Repaired != "" && d.OK {
			repaired[d.To] = append(repaired[d.To], d.ID)
		}
	}
	opt, err := s.app.verifyOptions(cfg, verify.Sums, nil)
	if err != nil {
		return err
	}
	recorder, err := s.app.recorder(cfg, opt.Verifier)
	if err != nil {
		return err
	}
	places, err := s.app.places(ctx, cfg, f)
	if err != nil {
		return err
	}
	for _, p := range places {
		if len(repaired[p.Name]) == 0 {
			continue
		}
		var v verified
		v.check(ctx, s.app, p, repaired[p.Name], opt, recorder)
		if err := v.verdict(); err != nil {
			s.failed = append(s.failed, fmt.Errorf("verify what was repaired at %s: %w", p.Name, err))
		}
	}
	return nil
}
