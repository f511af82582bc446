package trial

import (
	"context"

	"github.com/vapora-platform/vapora-backup/internal/db"
)

// After lets a test do harm to what was restored, before it is looked at.
func (d *Database) After(harm func(ctx context.Context, c *db.Client) error) { d.after = harm }
