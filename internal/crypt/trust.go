package crypt

import (
	"errors"
	"fmt"
	"strings"

	"aead.dev/minisign"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// Trusted are the public keys whose signatures count.
type Trusted struct{ keys []minisign.PublicKey }

// ParseTrusted reads minisign public keys: each the line that begins with RW, or
// the text of a public key file. Its error names every one that is wrong, counted
// from 1, and quotes none.
func ParseTrusted(keys []string) (*Trusted, error) {
	t := &Trusted{}
	var faults []error
	for i, text := range keys {
		text = strings.TrimSpace(text)
		var key minisign.PublicKey
		switch err := key.UnmarshalText([]byte(text)); {
		case err == nil:
			t.keys = append(t.keys, key)
		case isSigningKey(text):
			faults = append(faults, hint.Wrap(fmt.Errorf("trusted key %d: a private key; only its public half belongs here", i+1),
				"take it out; minisign -R writes the public half"))
		default:
			faults = append(faults, fmt.Errorf("trusted key %d: not a minisign public key", i+1))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return t, nil
}

func isSigningKey(text string) bool {
	var key minisign.PrivateKey
	return looksPrivate(text) || minisign.IsEncrypted([]byte(text)) || key.UnmarshalText([]byte(text)) == nil
}

// Len returns the number of keys.
func (t *Trusted) Len() int { return len(t.keys) }

// Verify checks a minisign signature file of message. It returns who signed and
// the comment that was signed with it. The error wraps [ErrUntrusted] if the
// signature names no key of t, and then nothing is known of the message; it wraps
// [ErrBadSignature] if the signature is not what the key that it names would
// have made of message.
func (t *Trusted) Verify(message, sig []byte) (id, trustedComment string, err error) {
	var s minisign.Signature
	if err := s.UnmarshalText(sig); err != nil {
		return "", "", fmt.Errorf("%w: not a minisign signature", ErrBadSignature)
	}
	id = keyID(s.KeyID)
	if s.Algorithm != minisign.HashEdDSA {
		return id, "", fmt.Errorf("%w: by key %s in minisign's legacy form", ErrBadSignature, id)
	}
	known := false
	for _, key := range t.keys {
		if key.ID() != s.KeyID {
			continue
		}
		if known = true; minisign.Verify(key, message, sig) {
			return id, s.TrustedComment, nil
		}
	}
	if !known {
		return id, "", fmt.Errorf("%w: %s", ErrUntrusted, id)
	}
	return id, "", fmt.Errorf("%w: by key %s, of other bytes", ErrBadSignature, id)
}
