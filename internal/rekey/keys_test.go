package rekey_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/stocktool"
)

var taken = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)

// A key opens what is sealed for it.
type key struct {
	file, public string
	identities   *crypt.Identities
}

func newKey(t *testing.T, kind crypt.Kind) key {
	t.Helper()
	private, public, err := crypt.GenerateIdentity(kind, taken)
	if err != nil {
		t.Fatal(err)
	}
	return keyOf(t, private, public)
}

func sshKey(t *testing.T) key {
	t.Helper()
	file := filepath.Join(t.TempDir(), "id")
	if _, err := stocktool.Run(t, nil, "ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", file); err != nil {
		t.Fatal(err)
	}
	return keyOf(t, read(t, file), read(t, file+".pub"))
}

func keyOf(t *testing.T, private, public string) key {
	t.Helper()
	k := key{filepath.Join(t.TempDir(), "key"), public, nil}
	if err := os.WriteFile(k.file, []byte(private), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if k.identities, err = crypt.ReadIdentities([]string{k.file}, nil); err != nil {
		t.Fatal(err)
	}
	return k
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func recipients(t *testing.T, keys ...key) *crypt.Recipients {
	t.Helper()
	var lines []string
	for _, k := range keys {
		lines = append(lines, k.public)
	}
	r, err := crypt.ParseRecipients(lines)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// together are the identities of several keys.
func together(t *testing.T, keys ...key) *crypt.Identities {
	t.Helper()
	var files []string
	for _, k := range keys {
		files = append(files, k.file)
	}
	all, err := crypt.ReadIdentities(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func newSigner(t *testing.T) *crypt.Signer {
	t.Helper()
	private, _, err := crypt.GenerateSigningKey()
	if err != nil {
		t.Fatal(err)
	}
	s, err := crypt.ParseSigner(private, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func trust(t *testing.T, signers ...*crypt.Signer) *crypt.Trusted {
	t.Helper()
	var keys []string
	for _, s := range signers {
		keys = append(keys, s.PublicKey())
	}
	trusted, err := crypt.ParseTrusted(keys)
	if err != nil {
		t.Fatal(err)
	}
	return trusted
}
