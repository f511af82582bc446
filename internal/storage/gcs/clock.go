package gcs

import (
	"context"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage/transport"
)

// Time implements storage.Clock.
func (s *Store) Time(ctx context.Context) (time.Time, error) {
	t, err := transport.Time(ctx, s.plain, s.o.Endpoint+"/")
	if err != nil {
		return t, s.explain(ctx, err)
	}
	return t, nil
}
