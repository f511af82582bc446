package rekey_test

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/rekey"
	"github.com/vapora-platform/vapora-backup/internal/stocktool"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

func plant(t *testing.T, s storage.Store, when time.Time, keys ...key) string {
	t.Helper()
	k, err := rekey.Plant(t.Context(), s, recipients(t, keys...), when, rand.Reader, storage.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return k.String()
}

func check(t *testing.T, o rekey.CheckOptions) []rekey.Set {
	t.Helper()
	got, err := rekey.Check(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// only is the only set of a check.
func only(t *testing.T, o rekey.CheckOptions) rekey.Set {
	t.Helper()
	got := check(t, o)
	if len(got) != 1 {
		t.Fatalf("got %d sets, want 1: %+v", len(got), got)
	}
	return got[0]
}

func TestCanary(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]key{"x25519": newKey(t, crypt.X25519), "pq": newKey(t, crypt.PostQuantum), "ssh": sshKey(t)} {
		s := &storagetest.Memory{}
		o := rekey.CheckOptions{Store: s, Sets: []*crypt.Recipients{recipients(t, k)}, Identities: k.identities}
		if got := only(t, o); got.State != rekey.NoCanary || got.Lost() || !got.Single() || !got.Current || got.Canary != "" {
			t.Errorf("%s, none planted: got %+v", name, got)
		}
		at := plant(t, s, taken, k)
		if !strings.HasPrefix(at, "keys/"+rekey.SetName(recipients(t, k).Fingerprints())+"/2026-11-23/20261123T140000Z-") || !strings.HasSuffix(at, ".canary.age") {
			t.Errorf("got key %s", at)
		}
		if got := only(t, o); got.State != rekey.Opens || got.Lost() || got.Canary != at || len(got.Absent) != 0 {
			t.Errorf("%s: got %+v, want it to open", name, got)
		}
		text, _ := s.Bytes(at)
		said, err := stocktool.Run(t, text, "age", "-d", "-i", k.file)
		if err != nil || !strings.Contains(string(said), recipients(t, k).Fingerprints()[0]) {
			t.Errorf("%s: age says %q, %v", name, said, err)
		}
		o.Identities = nil
		if got := only(t, o); got.State != rekey.Untried || got.Lost() || len(got.Absent) != 0 {
			t.Errorf("%s, no private key: got %+v, want no failure", name, got)
		}
		o.Identities = newKey(t, crypt.X25519).identities
		if got := only(t, o); got.State != rekey.Closed || !got.Lost() || len(got.Absent) != 1 {
			t.Errorf("%s, another key: got %+v, want it closed and lost", name, got)
		}
	}
}

// A set is one, in whatever order its keys are written.
func TestSetName(t *testing.T) {
	t.Parallel()
	a, b := newKey(t, crypt.X25519), newKey(t, crypt.X25519)
	s := &storagetest.Memory{}
	plant(t, s, taken, a, b)
	got := only(t, rekey.CheckOptions{Store: s, Sets: []*crypt.Recipients{recipients(t, b, a), recipients(t, a, b)}, Identities: b.identities})
	if got.State != rekey.Opens || got.Single() || !slices.Equal(got.Absent, recipients(t, a).Fingerprints()) || got.Lost() {
		t.Errorf("got %+v, want it to open with one of two", got)
	}
}

// A canary that is not what was sealed is told, and one before it may do.
func TestBrokenCanary(t *testing.T) {
	t.Parallel()
	k := newKey(t, crypt.X25519)
	for name, harm := range map[string]func(text []byte) []byte{
		"changed": func(text []byte) []byte { text[len(text)-1] ^= 1; return text },
		"cut":     func(text []byte) []byte { return text[:len(text)-10] },
		"header":  func(text []byte) []byte { return text[:50] },
		"empty":   func([]byte) []byte { return nil },
		"another": func([]byte) []byte {
			s := &storagetest.Memory{}
			text, _ := s.Bytes(plant(t, s, taken, k, newKey(t, crypt.X25519)))
			return text
		},
	} {
		s := &storagetest.Memory{}
		first := plant(t, s, taken, k)
		second := plant(t, s, taken.Add(time.Hour), k)
		o := rekey.CheckOptions{Store: s, Sets: []*crypt.Recipients{recipients(t, k)}, Identities: k.identities}
		if got := only(t, o); got.Canary != second || got.Problems != nil {
			t.Errorf("%s: got %+v, want the newest", name, got)
		}
		text, _ := s.Bytes(second)
		s.Set(second, harm(text))
		if got := only(t, o); got.State != rekey.Opens || got.Canary != first || len(got.Problems) != 1 || !strings.Contains(got.Problems[0], second) {
			t.Errorf("%s: got %+v, want the one before and %s named", name, got, second)
		}
		if err := s.Delete(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		if got := only(t, o); got.State != rekey.Broken || got.Lost() || len(got.Problems) != 1 {
			t.Errorf("%s: got %+v, want it broken, and not lost: the key is here", name, got)
		}
	}
}
