package crypt

import (
	"fmt"
	"time"

	"filippo.io/age"
)

// A Kind is a kind of age key that can be made.
type Kind string

// The kinds of keys.
const (
	X25519      Kind = "x25519"
	PostQuantum Kind = "pq" // a hybrid of ML-KEM-768 and X25519; age 1.3 or later opens it
)

// GenerateIdentity makes a key pair. It returns the text of an identity file as
// age-keygen writes it, dated now, and the recipient for which to seal.
func GenerateIdentity(kind Kind, now time.Time) (file, recipient string, err error) {
	var private string
	switch kind {
	case X25519:
		key, err := age.GenerateX25519Identity()
		if err != nil {
			return "", "", fmt.Errorf("generate identity: %w", err)
		}
		private, recipient = key.String(), key.Recipient().String()
	case PostQuantum:
		key, err := age.GenerateHybridIdentity()
		if err != nil {
			return "", "", fmt.Errorf("generate identity: %w", err)
		}
		private, recipient = key.String(), key.Recipient().String()
	default:
		return "", "", fmt.Errorf("generate identity: unknown kind %q, want %q or %q", kind, X25519, PostQuantum)
	}
	file = fmt.Sprintf("# created: %s\n# public key: %s\n%s\n", now.UTC().Format(time.RFC3339), recipient, private)
	return file, recipient, nil
}
