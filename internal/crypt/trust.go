package crypt

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"aead.dev/minisign"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// Trusted are the public keys whose signatures count.
type Trusted struct{ keys []trustedKey }

type trustedKey struct {
	minisign.PublicKey
	revoked time.Time // from when on it counts no more; zero: it counts
}

// ParseTrusted reads minisign public keys: each the line that begins with RW, or
// the text of a public key file. Its error names every one that is wrong, counted
// from 1, and quotes none.
func ParseTrusted(keys []string) (*Trusted, error) {
	t := &Trusted{}
	var faults []error
	for i, text := range keys {
		key, err := parsePublicKey(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("trusted key %d: %w", i+1, err))
			continue
		}
		t.keys = append(t.keys, trustedKey{PublicKey: key})
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return t, nil
}

// CheckTrusted returns why a text is no public key that could be trusted, nil if it is one.
func CheckTrusted(key string) error {
	_, err := parsePublicKey(key)
	return err
}

func parsePublicKey(text string) (minisign.PublicKey, error) {
	var key minisign.PublicKey
	text = strings.TrimSpace(text)
	switch err := key.UnmarshalText([]byte(text)); {
	case err == nil:
		return key, nil
	case isSigningKey(text):
		return key, hint.Wrap(errors.New("a private key; only its public half belongs here"),
			"take it out; minisign -R writes the public half")
	default:
		return key, errors.New("not a minisign public key")
	}
}

func isSigningKey(text string) bool {
	var key minisign.PrivateKey
	return looksPrivate(text) || minisign.IsEncrypted([]byte(text)) || key.UnmarshalText([]byte(text)) == nil
}

// Len returns the number of keys, revoked ones among them.
func (t *Trusted) Len() int { return len(t.keys) }

// Verify checks a minisign signature file of message. It returns who signed and
// the comment that was signed with it. The error wraps [ErrUntrusted] if the
// signature names no key of t, and then nothing is known of the message; it wraps
// [ErrBadSignature] if the signature is not what the key that it names would
// have made of message. As it knows no time, a key that was revoked, from
// whatever moment, does not count: see [Trusted.VerifyAt].
func (t *Trusted) Verify(message, sig []byte) (id, trustedComment string, err error) {
	return t.VerifyAt(message, sig, time.Time{})
}

// check is Verify, and returns the moment from which the key is revoked.
func (t *Trusted) check(message, sig []byte) (id, trustedComment string, revoked time.Time, err error) {
	var s minisign.Signature
	if err := s.UnmarshalText(sig); err != nil {
		return "", "", time.Time{}, fmt.Errorf("%w: not a minisign signature", ErrBadSignature)
	}
	id = keyID(s.KeyID)
	if s.Algorithm != minisign.HashEdDSA {
		return id, "", time.Time{}, fmt.Errorf("%w: by key %s in minisign's legacy form", ErrBadSignature, id)
	}
	known := false
	for _, key := range t.keys {
		if key.ID() != s.KeyID {
			continue
		}
		if known = true; minisign.Verify(key.PublicKey, message, sig) {
			return id, s.TrustedComment, key.revoked, nil
		}
	}
	if !known {
		return id, "", time.Time{}, hint.Wrap(fmt.Errorf("%w: %s", ErrUntrusted, id),
			"only if that key is known to be yours, such as one that was rotated, put its public half into signing.trusted; else somebody else signed this")
	}
	return id, "", time.Time{}, fmt.Errorf("%w: by key %s, of other bytes", ErrBadSignature, id)
}
