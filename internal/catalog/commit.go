package catalog

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// ReadmeKey is where a destination tells people how to restore by hand.
const ReadmeKey = "README.txt"

//go:embed readme.txt
var readme string

// Commit makes a backup exist, whose other objects are all stored: it puts the
// signature, and last the manifest. A destination that has no README.txt gets
// one, unless the credentials may write backups only. It needs the right to
// write and no other.
func Commit(ctx context.Context, s storage.Store, m *Signed, o storage.PutOptions) error {
	err := s.Put(ctx, ReadmeKey, strings.NewReader(readme), storage.PutOptions{})
	if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("commit backup: %w", err)
	}
	if m.signature != nil {
		if err := put(ctx, s, m.key.With(SignatureSuffix), m.signature, o); err != nil {
			return fmt.Errorf("commit backup: %w", err)
		}
	}
	if m.base != "" {
		// Planning reads no manifest, and must not let the base go.
		if err := putMarker(ctx, s, m.key.With(baseMark+strings.ToLower(m.base)), o); err != nil {
			return fmt.Errorf("commit backup: %w", err)
		}
	}
	if err := put(ctx, s, m.key, m.manifest, o); err != nil {
		return fmt.Errorf("commit backup: %w", err)
	}
	return nil
}

// CommitBeside puts a good manifest and its signature beside those of an entry,
// which readers then take in their place.
func CommitBeside(ctx context.Context, s storage.Store, e Entry, m *Signed, o storage.PutOptions) error {
	for _, part := range []struct {
		suffix string
		text   []byte
	}{{SignatureSuffix, m.signature}, {ManifestSuffix, m.manifest}} {
		if part.text == nil {
			continue
		}
		key, err := e.NextRepair(e.Key(part.suffix).String())
		if err == nil {
			err = s.Put(ctx, key.String(), bytes.NewReader(part.text), o)
		}
		if err != nil {
			return fmt.Errorf("put a good manifest beside the bad one: %w", err)
		}
	}
	return nil
}

// put stores a text. The very same may lie there: a copy that was interrupted, or
// another run that makes it at the same time, may have come this far.
func put(ctx context.Context, s storage.Store, key Key, text []byte, o storage.PutOptions) error {
	err := s.Put(ctx, key.String(), bytes.NewReader(text), o)
	if errors.Is(err, fs.ErrExist) {
		if there, rerr := read(ctx, s, key, int64(len(text))); rerr == nil && bytes.Equal(there, text) {
			return nil
		}
	}
	return err
}
