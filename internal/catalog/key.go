package catalog

import (
	"errors"
	"fmt"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Suffixes of keys.
const (
	ManifestSuffix  = ".manifest.json"
	SignatureSuffix = ".manifest.json.minisig"
	SealedSuffix    = ".zst.age" // of every archive: ".surql.zst.age"
	SecretsSuffix   = ".secrets.json" + SealedSuffix
)

// A Key says where in a destination an object of a backup lies.
type Key struct {
	Kind, Source, ID string
	Suffix           string // with its leading dot
}

// String returns the key as the stores know it: kind/source/date/ID.suffix.
// It means something only where Check returns nil.
func (k Key) String() string {
	date := "no-date"
	if t, err := ParseID(k.ID); err == nil {
		date = t.Format("2006-01-02")
	}
	return k.Kind + "/" + k.Source + "/" + date + "/" + k.ID + k.Suffix
}

// Check returns an error unless the key stays in its place, and is the only
// spelling of that place.
func (k Key) Check() error {
	suffix, dotted := strings.CutPrefix(k.Suffix, ".")
	switch {
	case !isName(k.Kind):
		return fmt.Errorf("%q cannot be a kind of backup", k.Kind)
	case !isName(k.Source):
		return fmt.Errorf("%q cannot be the name of a source", k.Source)
	case !dotted || !isName(suffix):
		return fmt.Errorf("%q cannot be a suffix", k.Suffix)
	}
	if _, err := ParseID(k.ID); err != nil {
		return err
	}
	return storage.CheckKey(k.String())
}

// With returns the key of another object of the same backup.
func (k Key) With(suffix string) Key {
	k.Suffix = suffix
	return k
}

// ParseKey is the inverse of String. What it refuses is foreign.
func ParseKey(s string) (Key, error) {
	parts := strings.Split(s, "/")
	if len(parts) != 4 {
		return Key{}, fmt.Errorf("key %q: want kind/source/date/id.suffix", s)
	}
	id, suffix, _ := strings.Cut(parts[3], ".")
	k := Key{Kind: parts[0], Source: parts[1], ID: id, Suffix: "." + suffix}
	err := k.Check()
	if err == nil && k.String() != s {
		err = errors.New("its date is not that of its id")
	}
	if err != nil {
		return Key{}, fmt.Errorf("key %q: %w", s, err)
	}
	return k, nil
}

// isName reports whether s can be a kind, a source or a suffix.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case i > 0 && (c == '.' || c == '_' || c == '-'):
		default:
			return false
		}
	}
	return s != ""
}
