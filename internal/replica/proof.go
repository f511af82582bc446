package replica

import (
	"context"
	"errors"
	"io"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Same reports whether an object is what its sum says.
func Same(ctx context.Context, s storage.Store, key string, want archive.Sum) (bool, error) {
	body, err := s.Get(ctx, key)
	if err != nil {
		return false, err
	}
	defer body.Close() // read only
	if _, err = io.Copy(io.Discard, &archive.Proved{From: body, Want: want}); errors.Is(err, archive.ErrDamaged) {
		return false, nil
	}
	return err == nil, err
}
