package trial

import (
	"context"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/drill"
)

// End removes a scratch database.
func End(ctx context.Context, remove func(context.Context) error) error {
	return (&Database{}).end(ctx, &Scratch{Close: remove}, &drill.Report{})
}

// After lets a test do harm to what was restored, before it is looked at.
func (d *Database) After(harm func(ctx context.Context, c *db.Client) error) { d.after = harm }
