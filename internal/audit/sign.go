package audit

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

var (
	// ErrUnsigned is wrapped when there is no signature beside what needs one.
	ErrUnsigned = errors.New("not signed")

	// ErrUntrusted is wrapped, with the reason, when a signature is not one that
	// the verifier accepts, belongs to another object, or is not written as ours are.
	ErrUntrusted = errors.New("signature does not count")
)

// A Signer makes a minisign signature file of message, and signs the comment
// with it.
type Signer interface {
	Sign(message []byte, trustedComment string) ([]byte, error)
}

// A Verifier checks a minisign signature file of message, and returns whose it
// is and the comment that was signed with it. It returns an error unless the
// signature is good and by a key that is trusted. An error that says Revoked is
// of a good signature by a key that was trusted once.
type Verifier interface {
	Verify(message, sig []byte) (keyID, trustedComment string, err error)
}

const (
	// untrusted is the one line of a signature file that no signature covers.
	// That it is always the same lets a change be seen even there.
	untrusted = "untrusted comment: signature of vapora-backup's audit log"
	trusted   = "trusted comment: "
)

// isRevoked reports whether a signature is good but for its key, which was revoked.
func isRevoked(err error) bool {
	var r interface{ Revoked() bool }
	return errors.As(err, &r) && r.Revoked()
}

// comment binds a signature to its place.
func comment(key string) string { return "vapora-backup audit " + key }

// sign returns the signature file of an object.
func (l *Log) sign(key string, text []byte) ([]byte, error) {
	if l.Signer == nil {
		return nil, hint.Wrap(errors.New("no signing key"), "set signing.key in the config: vapora-backup keys generate makes one")
	}
	sig, err := l.Signer.Sign(text, comment(key))
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	_, rest, _ := strings.Cut(string(sig), "\n")
	sig = []byte(untrusted + "\n" + strings.TrimRight(rest, "\n") + "\n")
	if err := shaped(key, sig); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if l.Verifier != nil {
		// What is written once and locked must not be a fault for ever.
		if _, _, err := l.Verifier.Verify(text, sig); err != nil {
			return nil, fmt.Errorf("sign: the own signature: %w", err)
		}
	}
	return sig, nil
}

// shaped refuses a signature file in which anything is not as sign writes it.
func shaped(key string, sig []byte) error {
	lines := strings.Split(string(sig), "\n")
	ok := len(lines) == 5 && lines[0] == untrusted && lines[2] == trusted+comment(key) && lines[4] == "" &&
		exact(lines[1]) && exact(lines[3])
	if !ok {
		return fmt.Errorf("%w: it is not for %s, or not written as ours are", ErrUntrusted, key)
	}
	return nil
}

// exact reports whether s is the only way to write its bytes in base64.
func exact(s string) bool {
	b, err := base64.StdEncoding.DecodeString(s)
	return err == nil && base64.StdEncoding.EncodeToString(b) == s
}

// trust checks the signature that lies beside an object, and returns whose it is.
func (l *Log) trust(ctx context.Context, s storage.Store, key string, text []byte) (keyID string, err error) {
	sig, err := read(ctx, s, key+sigSuffix)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", ErrUnsigned
	case errors.Is(err, ErrInvalid):
		return "", fmt.Errorf("%w: %w", ErrUntrusted, err)
	case err != nil:
		return "", err
	}
	if err := shaped(key, sig); err != nil {
		return "", err
	}
	id, _, err := l.Verifier.Verify(text, sig)
	if err != nil {
		return id, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	return id, nil
}

// putSigned stores an object, and before it its signature if there is one. What
// is there already must be the same.
func putSigned(ctx context.Context, s storage.Store, key string, text, sig []byte, o storage.PutOptions) error {
	if sig != nil {
		if err := putSame(ctx, s, key+sigSuffix, sig, o); err != nil {
			return err
		}
	}
	return putSame(ctx, s, key, text, o)
}

func putSame(ctx context.Context, s storage.Store, key string, text []byte, o storage.PutOptions) error {
	err := s.Put(ctx, key, bytes.NewReader(text), o)
	if err == nil || errors.Is(err, storage.ErrNoLock) {
		return err
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	there, _, rerr := readSum(ctx, s, key, int64(len(text)))
	if rerr == nil && bytes.Equal(there, text) {
		return nil // an earlier try that was interrupted, or an answer that was lost
	}
	return err
}
