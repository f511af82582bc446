package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A record is a small JSON value that is written once and signed as manifests
// are: what was verified, the result of a restore test, a request to delete. Its
// signature lies beside it, written first, under the same key with MinisigSuffix,
// so that the record exists only when it can be trusted.
const (
	RecordSuffix  = ".json"
	MinisigSuffix = ".minisig"

	maxRecord = 16 << 20
)

// Kinds of what lies in a destination and is no backup.
const (
	RestoreTests = "restore-tests"
	Deletions    = "deletions"
	Keys         = "keys" // canaries, which are no JSON and not signed
)

// isRecord reports whether a kind is one of records.
func isRecord(kind string) bool { return kind == RestoreTests || kind == Deletions || kind == Keys }

// PutRecord signs a value and stores it under a key whose suffix ends in
// RecordSuffix. Without a signer it is an error: a record that nobody vouches for
// is worth nothing. An existing one is fs.ErrExist, and stays.
func PutRecord(ctx context.Context, s storage.Store, key Key, v any, signer Signer, o storage.PutOptions) error {
	if err := putRecord(ctx, s, key, v, signer, o); err != nil {
		return fmt.Errorf("put record %s: %w", key, err)
	}
	return nil
}

func putRecord(ctx context.Context, s storage.Store, key Key, v any, signer Signer, o storage.PutOptions) error {
	if err := key.Check(); err != nil {
		return err
	}
	if signer == nil {
		return hint.Wrap(errors.New("no signing key"), "set signing.key in the config: vapora-backup keys generate makes one")
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	signature, err := signer.Sign(text, recordComment(key))
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	o.Kind = key.Kind
	sig := key.With(key.Suffix + MinisigSuffix)
	if err := s.Put(ctx, sig.String(), bytes.NewReader(signature), o); err != nil {
		// A run that was interrupted may have left this one, or one of another moment.
		there, rerr := read(ctx, s, sig, maxSignature)
		if !errors.Is(err, fs.ErrExist) || rerr != nil {
			return err
		}
		if !bytes.Equal(there, signature) {
			if err := resign(ctx, s, key, sig, signature, o); err != nil {
				return err
			}
		}
	}
	return s.Put(ctx, key.String(), bytes.NewReader(text), o)
}

// resign replaces the signature of a record that was never written. The signature of
// one that was stays, and so does the record.
func resign(ctx context.Context, s storage.Store, key, sig Key, signature []byte, o storage.PutOptions) error {
	if _, err := read(ctx, s, key, maxRecord); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fs.ErrExist, err)
	}
	if err := s.Delete(ctx, sig.String()); err != nil {
		return err
	}
	return s.Put(ctx, sig.String(), bytes.NewReader(signature), o)
}

// LoadRecord reads a record into a value, once its signature is good. An error
// wraps ErrInvalid, ErrUnsigned, ErrUntrusted or fs.ErrNotExist; any other is the
// store's. Without a verifier nothing is read: there are no unsigned records.
func LoadRecord(ctx context.Context, s storage.Store, key Key, v Verifier, into any) (Signature, error) {
	sig, err := loadRecord(ctx, s, key, v, into)
	if err != nil {
		return Signature{}, fmt.Errorf("read record %s: %w", key, err)
	}
	return sig, nil
}

func loadRecord(ctx context.Context, s storage.Store, key Key, v Verifier, into any) (Signature, error) {
	if err := key.Check(); err != nil {
		return Signature{}, err
	}
	if v == nil {
		return Signature{}, hint.Wrap(fmt.Errorf("%w: nobody is trusted", ErrUntrusted), "set signing.trusted in the config")
	}
	text, err := read(ctx, s, key, maxRecord)
	if err != nil {
		return Signature{}, err
	}
	if len(text) > maxRecord {
		return Signature{}, fmt.Errorf("%w: longer than %d bytes", ErrInvalid, maxRecord)
	}
	sig, _, err := vouch(ctx, s, key.With(key.Suffix+MinisigSuffix), recordComment(key), text, v)
	if err != nil {
		return Signature{}, err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return Signature{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return sig, nil
}

// recordComment binds a signature to its place: a record that was moved does not
// count.
func recordComment(k Key) string { return "vapora-backup record " + k.String() }

// Records are the keys of the records among an entry's objects.
func (e Entry) Records() []Key {
	var out []Key
	for _, o := range e.Objects {
		key, err := ParseKey(o.Key)
		if _, _, isPart := part(o); err == nil && !isPart && strings.HasSuffix(key.Suffix, RecordSuffix) {
			out = append(out, key)
		}
	}
	return out
}
