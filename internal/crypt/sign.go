package crypt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"aead.dev/minisign"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// GenerateSigningKey makes a minisign key pair without a password and returns
// the texts of its two files, as `minisign -G -W` writes them.
func GenerateSigningKey() (private, public string, err error) {
	pub, priv, err := minisign.GenerateKey(nil)
	if err != nil {
		return "", "", fmt.Errorf("generate signing key: %w", err)
	}
	privateText, err := priv.MarshalText()
	if err != nil {
		return "", "", fmt.Errorf("generate signing key: %w", err)
	}
	publicText, err := pub.MarshalText()
	if err != nil {
		return "", "", fmt.Errorf("generate signing key: %w", err)
	}
	return string(privateText) + "\n", string(publicText) + "\n", nil
}

// A Signer signs with a minisign private key.
type Signer struct{ key minisign.PrivateKey }

// ParseSigner reads the text of a minisign private key file. If a password
// protects it, it asks for that; if ask is nil, such a key is an error. No error
// quotes the text.
func ParseSigner(text string, ask Prompt) (*Signer, error) {
	text = strings.TrimSpace(text)
	if !minisign.IsEncrypted([]byte(text)) {
		s := &Signer{}
		if err := s.key.UnmarshalText([]byte(text)); err != nil {
			return nil, hint.Wrap(errors.New("parse signing key: not a minisign private key"),
				"make one with: vapora-backup keys generate, or minisign -G -W")
		}
		return s, nil
	}
	if ask == nil {
		return nil, hint.Wrap(errors.New("parse signing key: protected by a password, and nobody is there to ask"),
			"give the password in the config, or take it off with minisign -C -W")
	}
	password, err := ask("password of the signing key")
	if err != nil {
		return nil, fmt.Errorf("parse signing key: %w", err)
	}
	key, err := minisign.DecryptKey(password, []byte(text))
	if err != nil {
		return nil, errors.New("parse signing key: wrong password")
	}
	return &Signer{key}, nil
}

// Sign returns the minisign signature file of message, which is signed together
// with the trusted comment: one line.
func (s *Signer) Sign(message []byte, trustedComment string) ([]byte, error) {
	if strings.ContainsAny(trustedComment, "\r\n") {
		return nil, errors.New("sign: a trusted comment is one line")
	}
	r := minisign.NewReader(bytes.NewReader(message))
	if _, err := io.Copy(io.Discard, r); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return r.SignWithComments(s.key, trustedComment, "signature from vapora-backup, key "+keyID(s.key.ID())), nil
}

// PublicKey returns the public half as one line, as it stands in a config and
// after `minisign -P`.
func (s *Signer) PublicKey() string { return s.public().String() }

// KeyID returns the name of the key, as it stands in the first line of
// minisign's public key file.
func (s *Signer) KeyID() string { return keyID(s.key.ID()) }

func (s *Signer) public() minisign.PublicKey {
	return s.key.Public().(minisign.PublicKey) // as crypto.Signer hides its type
}

func keyID(id uint64) string { return fmt.Sprintf("%X", id) }
