package prune

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// unproved reads every stored byte of a backup as readers see it, and says why it
// cannot stand in for what is to go; "" if it can. The signature of a manifest is good
// for any generation, and so proves nothing of what lies beside it.
func (b *Backups) unproved(ctx context.Context, e catalog.Entry) (why string, err error) {
	if b.Verifier == nil {
		return "nobody is trusted (signing.trusted), so that it cannot be told from a forged one", nil
	}
	v, err := b.judge(ctx, e)
	if err != nil || !v.ok() {
		return v.Bad + v.Doubt, err
	}
	seen, store := e.Repaired(b.Store)
	m, _, err := catalog.Load(ctx, store, seen, b.Verifier)
	if err != nil {
		return "", err
	}
	// An old generation that is planted again is whole and signed, and opens for those
	// only who may be gone.
	if b.Recipients != nil && !sameSet(m.Recipients, b.Recipients(e.Source)) {
		return "the newer one is not sealed for the recipients of today (vapora-backup keys rewrap)", nil
	}
	for _, o := range m.Objects {
		switch same, err := same(ctx, store, o); {
		case errors.Is(err, storage.ErrCold), errors.Is(err, fs.ErrNotExist):
			return fmt.Sprintf("%s: %v", o.Role, err), nil
		case err != nil:
			return "", err
		case !same:
			return o.Role + ": its bytes are not those of the manifest", nil
		}
	}
	return "", nil
}

func sameSet(a, b []string) bool {
	set := func(s []string) []string { return slices.Compact(slices.Sorted(slices.Values(s))) }
	return slices.Equal(set(a), set(b))
}

// same reports whether an object is stored as its manifest says.
func same(ctx context.Context, s storage.Store, o catalog.Object) (_ bool, err error) {
	r, err := s.Get(ctx, o.Key)
	if err != nil {
		return false, err
	}
	defer r.Close() // read only
	hash := sha256.New()
	n, err := io.Copy(hash, io.LimitReader(r, o.Stored.Size+1))
	if err != nil {
		return false, fmt.Errorf("read %s: %w", o.Key, err)
	}
	return n == o.Stored.Size && hex.EncodeToString(hash.Sum(nil)) == o.Stored.SHA256, nil
}
