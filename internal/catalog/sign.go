package catalog

import (
	"fmt"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// A Signer makes a minisign signature file of message, and signs the comment
// with it.
type Signer interface {
	Sign(message []byte, trustedComment string) ([]byte, error)
}

// A Verifier checks a minisign signature file of message, and returns whose it
// is and the comment that was signed with it. It returns an error unless the
// signature is good and by a key that is trusted.
type Verifier interface {
	Verify(message, sig []byte) (keyID, trustedComment string, err error)
}

// A datedVerifier knows keys whose signatures count only on what is older than a
// moment.
type datedVerifier interface {
	// VerifyAt is Verify of what was signed at the moment when, or earlier; zero
	// if nobody knows.
	VerifyAt(message, sig []byte, when time.Time) (keyID, trustedComment string, err error)
}

// at is v, which is told the time if it asks for it.
func at(v Verifier, when time.Time) Verifier {
	if d, ok := v.(datedVerifier); ok {
		return verifierAt{d, when}
	}
	return v
}

type verifierAt struct {
	datedVerifier
	when time.Time
}

func (v verifierAt) Verify(message, sig []byte) (keyID, trustedComment string, err error) {
	return v.VerifyAt(message, sig, v.when)
}

// A Signed is a manifest as it is stored, with its signature.
type Signed struct {
	key       Key
	manifest  []byte
	signature []byte // nil: not signed
	base      string // ID of the backup that this one needs
}

// Sign encodes a manifest and signs it, so that every destination gets the same
// bytes. Without a signer it stays unsigned.
func Sign(m *Manifest, s Signer) (*Signed, error) {
	text, err := Encode(m)
	if err != nil {
		return nil, err
	}
	out := newSigned(m, text)
	if s == nil {
		return out, nil
	}
	return out.Again(s)
}

// Text returns the manifest as it is stored, to the last byte.
func (m *Signed) Text() []byte { return m.manifest }

// Signature returns the signature as it is stored, nil if there is none.
func (m *Signed) Signature() []byte { return m.signature }

// Again returns the same bytes, signed by another.
func (m *Signed) Again(s Signer) (*Signed, error) {
	out := *m
	var err error
	if out.signature, err = s.Sign(m.manifest, comment(m.key)); err != nil {
		return nil, fmt.Errorf("sign manifest: %w", err)
	}
	return &out, nil
}

// Lasts returns an error unless the signature counts on a copy that is made now: it
// asks without a time, for what is written anew is young, whatever the age of what it
// is made from. Where v is nil nobody asks.
func (m *Signed) Lasts(v Verifier) error {
	if v == nil {
		return nil
	}
	if _, _, err := v.Verify(m.manifest, m.signature); err != nil {
		return hint.Wrap(fmt.Errorf("a copy would not count: %w: %w", ErrUntrusted, err),
			"sign it again where it lies, with a key that counts: vapora-backup keys sign-again")
	}
	return nil
}

func newSigned(m *Manifest, text []byte) *Signed {
	out := &Signed{key: m.Key(ManifestSuffix), manifest: text}
	if m.Base != nil {
		out.base = *m.Base
	}
	return out
}

// comment is what is signed together with a manifest: it says which backup the
// signature belongs to.
func comment(k Key) string {
	return fmt.Sprintf("vapora-backup kind %s source %s id %s", k.Kind, k.Source, k.ID)
}
