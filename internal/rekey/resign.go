package rekey

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
)

// Resign signs the manifest of a backup, whose signature still counts, with the
// signer's key, and reports whether it had to: not if that key has signed it. The
// manifest stays as it is to the last byte. The new signature lies beside the old
// one as a repair of it, so that one write does it, and one that fails leaves
// what was.
//
// This is for a key that is to be revoked, or was: a copy that is made after the
// moment of the revocation is too young for the old signature to count. So the
// backups that the key signed are signed again where they have lain since before
// that, and then copied. Whoever does it vouches for them with the new key.
func Resign(ctx context.Context, e catalog.Entry, o Options) (bool, error) {
	did, err := o.resign(ctx, e)
	if err != nil {
		return false, fmt.Errorf("sign %s again: %w", e.ID, err)
	}
	return did, nil
}

func (o Options) resign(ctx context.Context, e catalog.Entry) (bool, error) {
	id, err := o.signerID()
	if err != nil {
		return false, err
	}
	if id == "" {
		return false, errors.New("no signing key")
	}
	seen, store := e.Repaired(o.Store)
	_, sig, err := catalog.Load(ctx, store, seen, o.Verifier)
	if err != nil {
		return false, err
	}
	if sig.KeyID == id {
		return false, nil
	}
	old, err := fetch(ctx, store, seen, o.Verifier)
	if err != nil {
		return false, err
	}
	again, err := old.signed.Again(o.Signer)
	if err != nil {
		return false, err
	}
	key, err := e.NextRepair(e.Key(catalog.SignatureSuffix).String())
	if err != nil {
		return false, err
	}
	return true, o.Store.Put(ctx, key.String(), bytes.NewReader(again.Signature()), o.put(old.manifest, ""))
}
