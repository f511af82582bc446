package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// maxManifest is how long a manifest may be, in bytes.
const maxManifest = 64 << 20

var (
	// ErrInvalid is wrapped by errors that say that a manifest is not what this
	// program writes: cut, changed, of another backup, or contradicting itself.
	ErrInvalid = errors.New("invalid manifest")

	// ErrNewer is wrapped when a manifest is of a format that this program does
	// not know. It says nothing about the backup.
	ErrNewer = errors.New("manifest of a newer format")
)

// Decode reads a manifest. It returns only one that Encode could have written,
// save for fields that it does not know.
func Decode(data []byte) (*Manifest, error) {
	if len(data) > maxManifest {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrInvalid, maxManifest)
	}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%w: not UTF-8", ErrInvalid)
	}
	var head struct{ Format int }
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if head.Format > Format {
		return nil, hint.Wrap(fmt.Errorf("%w: %d, this program reads up to %d", ErrNewer, head.Format, Format),
			"upgrade vapora-backup; docs/restore-by-hand.md needs none")
	}
	m := &Manifest{}
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return m, nil
}

// Encode writes a manifest: equal ones to equal bytes. It refuses what Decode
// would refuse.
func Encode(m *Manifest) ([]byte, error) {
	out := *m
	// Lists without members are written as such, and not as null.
	out.Recipients = append([]string{}, m.Recipients...)
	out.Warnings = append([]string{}, m.Warnings...)
	if err := out.check(); err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	if b.Len() > maxManifest {
		return nil, fmt.Errorf("write manifest: %d bytes, at most %d", b.Len(), maxManifest)
	}
	return b.Bytes(), nil
}
