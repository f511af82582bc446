package s3

import (
	"context"
	"fmt"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage/transport"
)

// Time implements storage.Clock.
func (s *Store) Time(ctx context.Context) (time.Time, error) {
	url := s.o.Endpoint
	if url == "" {
		url = fmt.Sprintf("https://s3.%s.amazonaws.com/", s.client.Options().Region)
	}
	t, err := transport.Time(ctx, s.web, url)
	if err != nil {
		return t, s.explain(ctx, err)
	}
	return t, nil
}
