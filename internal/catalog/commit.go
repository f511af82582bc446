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
// one. It needs the right to write and no other.
func Commit(ctx context.Context, s storage.Store, m *Signed) error {
	err := s.Put(ctx, ReadmeKey, strings.NewReader(readme), storage.PutOptions{})
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("commit backup: %w", err)
	}
	o := storage.PutOptions{Kind: m.key.Kind}
	if m.signature != nil {
		key := m.key.With(SignatureSuffix).String()
		if err := s.Put(ctx, key, bytes.NewReader(m.signature), o); err != nil {
			return fmt.Errorf("commit backup: %w", err)
		}
	}
	if err := s.Put(ctx, m.key.String(), bytes.NewReader(m.manifest), o); err != nil {
		return fmt.Errorf("commit backup: %w", err)
	}
	return nil
}
