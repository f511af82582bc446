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
func (k Key) Check() error { return k.check(len(k.String())) }

// check is Check of a key whose String is so long. Names hold nothing that a
// store could take for something else.
func (k Key) check(length int) error {
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
	if length > storage.MaxKey {
		return fmt.Errorf("%w: %d bytes, at most %d", storage.ErrKey, length, storage.MaxKey)
	}
	return nil
}

// With returns the key of another object of the same backup.
func (k Key) With(suffix string) Key {
	k.Suffix = suffix
	return k
}

// ParseKey is the inverse of String. What it refuses is foreign.
func ParseKey(s string) (Key, error) {
	kind, rest, _ := strings.Cut(s, "/")
	source, rest, _ := strings.Cut(rest, "/")
	date, name, ok := strings.Cut(rest, "/")
	if !ok || strings.Contains(name, "/") {
		return Key{}, fmt.Errorf("key %q: want kind/source/date/id.suffix", s)
	}
	id := name
	if dot := strings.IndexByte(name, '.'); dot >= 0 {
		id = name[:dot]
	}
	k := Key{Kind: kind, Source: source, ID: id, Suffix: name[len(id):]}
	err := k.check(len(s))
	if err == nil && !isDateOf(date, id) {
		err = errors.New("its date is not that of its id")
	}
	if err != nil {
		return Key{}, fmt.Errorf("key %q: %w", s, err)
	}
	return k, nil
}

// Ours reports whether a key is one that this program writes.
func Ours(key string) bool {
	_, err := ParseKey(key)
	return err == nil || key == ReadmeKey || strings.HasPrefix(key, AuditPrefix)
}

// isDateOf reports whether date is the day of an ID, as keys have it.
func isDateOf(date, id string) bool {
	return len(date) == 10 && date[:4] == id[:4] && date[4] == '-' && date[5:7] == id[4:6] && date[7] == '-' && date[8:] == id[6:8]
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
