package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// reread lists one backup again.
func reread(ctx context.Context, p place, e catalog.Entry) (catalog.Entry, error) {
	l, err := catalog.List(ctx, p.store, catalog.Filter{Kind: e.Kind, Source: e.Source, From: e.Time, To: e.Time})
	if err != nil {
		return e, err
	}
	return catalog.Find(l.Entries, e.ID)
}

// holdAgain holds the new objects of a backup that was held, as the entry has it
// from before.
func holdAgain(ctx context.Context, p place, e catalog.Entry) error {
	locker, ok := p.store.(storage.Locker)
	if !ok {
		return nil
	}
	held, err := manifestHeld(ctx, locker, e)
	if err == nil && held {
		var fresh catalog.Entry
		if fresh, err = reread(ctx, p, e); err == nil {
			err = setHold(ctx, locker, fresh, true)
		}
	}
	if err != nil {
		return hint.Wrap(fmt.Errorf("it was sealed anew, but hold it again: %w", err),
			"if it is to be held: vapora-backup hold add %s --destination %s", e.ID, p.Name)
	}
	return nil
}

// manifestHeld reports whether any manifest of a backup is held, of whatever generation:
// of the older ones nothing may be left.
func manifestHeld(ctx context.Context, l storage.Locker, e catalog.Entry) (bool, error) {
	for _, key := range e.Keys() {
		if !strings.HasSuffix(key, catalog.ManifestSuffix) {
			continue
		}
		got, err := l.Protection(ctx, key)
		if got.Hold || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return got.Hold, err
		}
	}
	return false, nil
}
