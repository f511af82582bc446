package rekey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// written is a manifest, and what of it is stored.
type written struct {
	manifest *catalog.Manifest
	signed   *catalog.Signed
}

func fetch(ctx context.Context, s storage.Store, e catalog.Entry, v catalog.Verifier) (written, error) {
	m, signed, err := catalog.Fetch(ctx, s, e, v)
	if err != nil {
		return written{}, err
	}
	return written{m, signed}, nil
}

// check returns an error if the manifest cannot be written anew without a loss.
func (w written) check(signer catalog.Signer) error {
	if w.signed.Signature() != nil && signer == nil {
		return hint.Wrap(errors.New("it is signed, and there is no signing key"),
			"set signing.key and signing.trusted in the config: what is signed must not lose its signature")
	}
	dec := json.NewDecoder(bytes.NewReader(w.signed.Text()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&catalog.Manifest{}); err != nil {
		return hint.Wrap(fmt.Errorf("its manifest holds what this program does not know, and would lose: %w", err),
			"upgrade vapora-backup")
	}
	return nil
}
