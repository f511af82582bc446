package crypt_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/stocktool"
)

// generate makes a key pair and returns the file of its private half.
func generate(t *testing.T, kind crypt.Kind) (file, recipient string) {
	t.Helper()
	text, recipient, err := crypt.GenerateIdentity(kind, time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return keyFile(t, text), recipient
}

func keyFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func recipients(t *testing.T, lines ...string) *crypt.Recipients {
	t.Helper()
	r, err := crypt.ParseRecipients(lines)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func identities(t *testing.T, ask crypt.Prompt, paths ...string) *crypt.Identities {
	t.Helper()
	i, err := crypt.ReadIdentities(paths, ask)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

const secret = "a row of the dump"

func seal(t *testing.T, r *crypt.Recipients) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := r.Seal(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, secret); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// opens checks that i opens sealed, in order and at random.
func opens(t *testing.T, i *crypt.Identities, sealed []byte) {
	t.Helper()
	r, err := i.Open(bytes.NewReader(sealed))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != secret {
		t.Errorf("got %q, %v, want %q", got, err, secret)
	}
	at, size, err := i.OpenAt(bytes.NewReader(sealed), int64(len(sealed)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(io.NewSectionReader(at, 0, size)); err != nil || string(got) != secret {
		t.Errorf("at random: got %q, %v, want %q", got, err, secret)
	}
}

// stock runs a stock tool that must succeed.
func stock(t *testing.T, stdin []byte, name string, args ...string) string {
	t.Helper()
	out, err := stocktool.Run(t, stdin, name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// answer is a Prompt that a person answers so.
func answer(s string) crypt.Prompt {
	return func(string) (string, error) { return s, nil }
}

// unsaid fails if an error gives a secret away.
func unsaid(t *testing.T, err error, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if s = strings.TrimSpace(s); strings.Contains(fmt.Sprintf("%v %+v", err, err), s[:min(len(s), 30)]) {
			t.Errorf("the error holds what it must not: %v", err)
		}
	}
}
