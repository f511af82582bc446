package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/drill"
	"github.com/vapora-platform/vapora-backup/internal/verify"
)

// inspectors are the deep checks, by kind of backup. A kind that comes later adds
// its own here, and its restore test in kinds.
func inspectors() map[string]verify.Inspector {
	return map[string]verify.Inspector{"database": databaseInspector{}}
}

// databaseInspector reads a dump to its end and compares it with its inventory.
type databaseInspector struct{}

func (databaseInspector) Inspect(_ context.Context, m *catalog.Manifest, plain io.Reader) error {
	var inv db.Inventory
	if err := json.Unmarshal(m.Inventory, &inv); err != nil {
		return fmt.Errorf("read the inventory: %w", err)
	}
	return inv.Inspect(plain)
}

// known lists what a table of kinds knows.
func known[V any](kinds map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(kinds)), ", ")
}

// kinds are the restore tests, by kind of backup.
func (a *app) kinds(cfg *config.Config, o *drillOptions, f *found) (map[string]drill.Kind, error) {
	database, err := a.databaseTrial(cfg, o, f)
	if err != nil {
		return nil, err
	}
	return map[string]drill.Kind{"database": database}, nil
}
