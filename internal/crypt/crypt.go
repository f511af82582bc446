// Package crypt knows keys: age recipients, for which archives are sealed, and
// identities, which open them; minisign keys that sign, and those that are
// trusted. It never prints a private key, and no error of it holds one.
package crypt

import (
	"errors"
	"strings"
)

var (
	// ErrNoMatch is wrapped when none of the identities opens an archive.
	ErrNoMatch = errors.New("no identity matches")

	// ErrUntrusted is wrapped when a signature is by none of the trusted keys.
	ErrUntrusted = errors.New("signed by a key that is not trusted")

	// ErrBadSignature is wrapped when a signature does not fit what it came
	// with, or is none.
	ErrBadSignature = errors.New("bad signature")
)

// Prompt asks a person for a secret, and says what for.
type Prompt func(what string) (string, error)

// looksPrivate reports whether s may be, or be part of, a private key.
func looksPrivate(s string) bool {
	s = strings.ToUpper(s)
	return strings.Contains(s, "AGE-SECRET-KEY-") || strings.Contains(s, "AGE-PLUGIN-") ||
		strings.Contains(s, "-----BEGIN") || strings.Contains(s, "PRIVATE KEY") ||
		strings.Contains(s, "ENCRYPTED SECRET KEY")
}
