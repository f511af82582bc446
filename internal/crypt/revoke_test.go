package crypt_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

var leaked = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func TestRevoke(t *testing.T) {
	t.Parallel()
	stolen, _, stolenFile := newSigner(t)
	other, _, _ := newSigner(t)
	sig, others := sign(t, stolen), sign(t, other)
	keys := trusted(t, other.PublicKey(), stolen.PublicKey(), stolenFile) // named twice, revoked altogether
	if err := keys.Revoke(stolenFile, leaked); err != nil {
		t.Fatal(err)
	}
	for when, counts := range map[time.Time]bool{
		leaked.Add(-time.Nanosecond): true, leaked: false, leaked.Add(time.Second): false, {}: false,
		leaked.In(time.FixedZone("", -7200)): false, leaked.Add(-time.Hour).In(time.FixedZone("", 7200)): true,
	} {
		id, said, err := keys.VerifyAt([]byte(message), sig, when)
		if counts && (err != nil || said != comment || id != stolen.KeyID()) {
			t.Errorf("%s: got %q, %v, want it to count", when, said, err)
		}
		if !counts && (!errors.Is(err, crypt.ErrRevoked) || !errors.Is(err, crypt.ErrUntrusted) || said != "" || !strings.Contains(err.Error(), "2026-11-01")) {
			t.Errorf("%s: got %q, %v, want ErrRevoked and the date", when, said, err)
		}
		if _, _, err := keys.VerifyAt([]byte(message), others, when); err != nil {
			t.Errorf("%s: another key: %v", when, err)
		}
		// What it did not sign is no matter of dates.
		if _, _, err := keys.VerifyAt([]byte(message+" "), sig, when); !errors.Is(err, crypt.ErrBadSignature) {
			t.Errorf("%s: other bytes: got %v, want ErrBadSignature", when, err)
		}
	}
	if _, _, err := keys.Verify([]byte(message), sig); !errors.Is(err, crypt.ErrRevoked) {
		t.Errorf("without a time: got %v, want ErrRevoked", err)
	}
	if keys.Len() != 3 {
		t.Errorf("got %d keys, want 3", keys.Len())
	}
}

// The earliest of several dates counts, in whatever order they come.
func TestRevokeTwice(t *testing.T) {
	t.Parallel()
	s, _, _ := newSigner(t)
	sig := sign(t, s)
	for _, dates := range [][]time.Time{{leaked, leaked.AddDate(0, 1, 0)}, {leaked.AddDate(0, 1, 0), leaked}} {
		keys := trusted(t, s.PublicKey())
		for _, from := range dates {
			if err := keys.Revoke(s.PublicKey(), from); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := keys.VerifyAt([]byte(message), sig, leaked.AddDate(0, 0, 1)); !errors.Is(err, crypt.ErrRevoked) {
			t.Errorf("got %v, want ErrRevoked", err)
		}
	}
}

func TestRevokeFaults(t *testing.T) {
	t.Parallel()
	s, private, _ := newSigner(t)
	other, _, _ := newSigner(t)
	keys := trusted(t, s.PublicKey())
	line := strings.Split(private, "\n")[1]
	for name, c := range map[string]struct {
		key  string
		from time.Time
		hint bool
	}{
		"not trusted": {other.PublicKey(), leaked, true},
		"no date":     {s.PublicKey(), time.Time{}, true},
		"private":     {line, leaked, true},
		"nonsense":    {"RWQnonsense", leaked, false},
		"nothing":     {"", leaked, false},
	} {
		err := keys.Revoke(c.key, c.from)
		if err == nil || (hint.Of(err) != "") != c.hint {
			t.Errorf("%s: got %v with hint %q", name, err, hint.Of(err))
			continue
		}
		unsaid(t, err, line)
	}
	if _, _, err := keys.Verify([]byte(message), sign(t, s)); err != nil {
		t.Errorf("what could not be revoked: %v", err)
	}
}
