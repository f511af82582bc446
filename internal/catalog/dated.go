package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// written is when the manifest and its signature were written, or later: the
// latest of their own word and the store's, zero if the store says nothing.
func (e Entry) written() time.Time {
	when := e.Time
	for _, suffix := range []string{ManifestSuffix, SignatureSuffix} {
		o, _ := e.Object(e.Key(suffix).String())
		if o.Modified.IsZero() {
			return time.Time{}
		}
		if o.Modified.After(when) {
			when = o.Modified
		}
	}
	return when
}

// dated returns an error if a signature counts by its age alone, as that of a key that
// was revoked does, and the age may be that of other bytes: the listing is older than
// what was read, and whoever has the key may have written in between.
func (e Entry) dated(ctx context.Context, s storage.Store, v Verifier, got loaded) error {
	if _, _, err := v.Verify(got.text, got.signature); err == nil {
		return nil // whatever its age
	}
	now := map[string]storage.Object{}
	for o, err := range s.List(ctx, e.Key("").String()) {
		if err != nil {
			return fmt.Errorf("list it again: %w", err)
		}
		now[o.Key] = o
	}
	for _, suffix := range []string{ManifestSuffix, SignatureSuffix} {
		key := e.Key(suffix).String()
		was, _ := e.Object(key)
		is, ok := now[stored(s, key)]
		if !ok || is.Size != was.Size || !is.Modified.Equal(was.Modified) {
			return fmt.Errorf("%w: by a key that was revoked, and written since it was listed: %s", ErrUntrusted, key)
		}
	}
	return nil
}

// stored is the key under which a store that has objects elsewhere keeps one.
func stored(s storage.Store, key string) string {
	for {
		e, ok := s.(*elsewhere)
		if !ok {
			return key
		}
		key, s = e.key(key), e.Store
	}
}
