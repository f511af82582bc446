package crypt

import (
	"errors"
	"fmt"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// ErrRevoked is wrapped, with [ErrUntrusted], when a signature is good and by a
// key that was trusted once, but is not known to be older than the end of that.
var ErrRevoked = errors.New("signed by a key that was revoked")

// Revoke says that somebody else may have had the private half of a trusted key
// from that moment on: what it signed then, or later, no longer counts. The key
// stays among the trusted ones for what is older. Of several moments the earliest
// counts. A key that is not among the trusted ones is an error, so that a slip of
// the pen does not revoke nothing. Not to be called while t verifies.
func (t *Trusted) Revoke(key string, from time.Time) error {
	revoked, err := parsePublicKey(key)
	if err != nil {
		return fmt.Errorf("revoke key: %w", err)
	}
	if from.IsZero() {
		return hint.Wrap(fmt.Errorf("revoke key %s: no date", keyID(revoked.ID())),
			"a key of which no signature counts is not revoked, but taken out of signing.trusted")
	}
	found := false
	for i := range t.keys {
		k := &t.keys[i]
		if !k.Equal(revoked) {
			continue
		}
		if found = true; k.revoked.IsZero() || from.Before(k.revoked) {
			k.revoked = from
		}
	}
	if !found {
		return hint.Wrap(fmt.Errorf("revoke key %s: not among the trusted ones, so no signature of it counts", keyID(revoked.ID())),
			"leave it in signing.trusted, for what it signed before, or take it out of signing.revoked")
	}
	return nil
}

// VerifyAt is Verify of what is known to have been signed at the moment when, or
// earlier; zero if nothing is known. A signature by a key that was revoked counts
// if that moment is before the one from which it is, and else wraps [ErrRevoked].
//
// A signature does not tell when it was made: whoever has the key writes any date
// into what they sign. So when must be the later of two: what the signed thing
// says of itself, which catches those who do not lie, and when the store says
// that the object and its signature were last written, by the store's own clock.
//
// With a leaked key and the right to write to a store one can sign a backup with
// a date in the past, and put it under an ID of that date. It does not count: no
// writer chooses the modification time that an object store notes. What remains:
//
//   - who can set that time, as on a disk that they can write to, can backdate;
//     there only a copy elsewhere, under object lock, tells the truth;
//   - what was forged before the moment of the revocation counts, so that moment
//     is when the key may have leaked, not when it was noticed;
//   - who can overwrite or delete can take away what is not under object lock,
//     as without the key. What was written over is younger, and does not count;
//   - honest copies suffer too: one that is made after that moment is as young as
//     a forged one. Sign with another key what is to be copied, before it is.
func (t *Trusted) VerifyAt(message, sig []byte, when time.Time) (id, trustedComment string, err error) {
	id, comment, revoked, err := t.check(message, sig)
	switch {
	case err != nil:
		return id, "", err
	case revoked.IsZero(), !when.IsZero() && when.Before(revoked):
		return id, comment, nil
	}
	said := "nobody knows when it signed this"
	if !when.IsZero() {
		said = "this is of " + when.UTC().Format(time.RFC3339)
	}
	return id, "", &revokedError{fmt.Sprintf("%v: %s, from %s on, and %s", ErrRevoked, id, revoked.UTC().Format(time.RFC3339), said)}
}

type revokedError struct{ text string }

func (e *revokedError) Error() string   { return e.text }
func (e *revokedError) Unwrap() []error { return []error{ErrRevoked, ErrUntrusted} }

// Revoked is for packages that do not know this one.
func (e *revokedError) Revoked() bool { return true }
