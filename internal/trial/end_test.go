package trial_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/trial"
)

// What was restored is removed however long that takes, and where the run was
// interrupted within ten seconds.
func TestRemovalTakesItsTime(t *testing.T) {
	t.Parallel()
	slow := func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Minute):
			return nil
		}
	}
	synctest.Test(t, func(t *testing.T) {
		if err := trial.End(t.Context(), slow); err != nil {
			t.Errorf("got %v, want it removed", err)
		}
		for _, after := range []time.Duration{0, 5 * time.Second} {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			begin := time.Now()
			err := trial.End(ctx, slow)
			if took := time.Since(begin); err == nil || took != after+10*time.Second {
				t.Errorf("ended after %s: got %v after %s, want it given up after ten seconds more", after, err, took)
			}
			cancel()
		}
	})
}
