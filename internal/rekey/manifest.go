package rekey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// written is a manifest with its signature, and the bytes of both as stored.
type written struct {
	manifest        *catalog.Manifest
	signed          *catalog.Signed
	text, signature []byte // no signature: not signed
}

func fetch(ctx context.Context, s storage.Store, e catalog.Entry, v catalog.Verifier) (written, error) {
	m, signed, err := catalog.Fetch(ctx, s, e, v)
	if err != nil {
		return written{}, err
	}
	return keep(ctx, m, signed)
}

// keep takes the bytes out of a Signed, which gives them to a store only.
func keep(ctx context.Context, m *catalog.Manifest, signed *catalog.Signed) (written, error) {
	k := &keeper{kept: map[string][]byte{}}
	if err := catalog.Commit(ctx, k, signed, storage.PutOptions{}); err != nil {
		return written{}, err
	}
	return written{m, signed, k.kept[m.Key(catalog.ManifestSuffix).String()], k.kept[m.Key(catalog.SignatureSuffix).String()]}, nil
}

// A keeper is as much of a store as Commit needs.
type keeper struct {
	storage.Store // none: nothing else is asked of it
	kept          map[string][]byte
}

func (k *keeper) Put(_ context.Context, key string, r io.Reader, _ storage.PutOptions) (err error) {
	k.kept[key], err = io.ReadAll(r)
	return err
}

// check returns an error if the manifest cannot be written anew without a loss.
func (w written) check(signer catalog.Signer) error {
	if w.signature != nil && signer == nil {
		return hint.Wrap(errors.New("it is signed, and there is no signing key"),
			"set signing.key and signing.trusted in the config: what is signed must not lose its signature")
	}
	dec := json.NewDecoder(bytes.NewReader(w.text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&catalog.Manifest{}); err != nil {
		return hint.Wrap(fmt.Errorf("its manifest holds what this program does not know, and would lose: %w", err),
			"upgrade vapora-backup")
	}
	return nil
}
