package crypt_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

func isDamaged(err error) bool {
	var d interface{ Damaged() bool }
	return errors.As(err, &d) && d.Damaged()
}

// protect encrypts an identity file as `age -p` does, but cheaper.
func protect(t *testing.T, text, passphrase string, armored bool) string {
	t.Helper()
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	r.SetWorkFactor(10)
	var b bytes.Buffer
	out := armor.NewWriter(&b)
	dst := io.Writer(&b)
	if armored {
		dst = out
	}
	w, err := age.Encrypt(dst, r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if armored {
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return keyFile(t, b.String())
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestProtectedIdentities(t *testing.T) {
	t.Parallel()
	file, public := generate(t, crypt.X25519)
	ssh, sshPublic := sshKey(t, "open sesame", "-t", "ed25519")
	pem, pemPublic := sshKey(t, "open sesame", "-t", "rsa", "-b", "2048", "-m", "PEM")
	for name, c := range map[string]struct{ file, public string }{
		"age":         {protect(t, readFile(t, file), "open sesame", false), public},
		"age armored": {protect(t, readFile(t, file), "open sesame", true), public},
		"ssh":         {ssh, sshPublic},
		"old ssh":     {pem, pemPublic},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := ""
			i := identities(t, func(what string) (string, error) { asked = what; return "open sesame", nil }, c.file)
			opens(t, i, seal(t, recipients(t, c.public)))
			if !strings.Contains(asked, c.file) {
				t.Errorf("asked %q, want it to name the file", asked)
			}
			if _, err := crypt.ReadIdentities([]string{c.file}, answer("close sesame")); err == nil || !strings.Contains(err.Error(), "wrong passphrase") {
				t.Errorf("wrong passphrase: got %v", err)
			}
			if _, err := crypt.ReadIdentities([]string{c.file}, nil); err == nil || hint.Of(err) == "" || !strings.Contains(err.Error(), c.file) {
				t.Errorf("nobody to ask: got %v, want the file's name and a hint", err)
			}
		})
	}
}

func TestIdentityRecipients(t *testing.T) {
	t.Parallel()
	file, public := generate(t, crypt.X25519)
	quantum, quantumPublic := generate(t, crypt.PostQuantum)
	ssh, sshPublic := sshKey(t, "", "-t", "ed25519")
	got := identities(t, nil, file, quantum, ssh).Recipients()
	want := []crypt.Recipient{
		{From: file, Public: public, Fingerprint: crypt.Fingerprint(public)},
		{From: quantum, Public: quantumPublic, Fingerprint: crypt.Fingerprint(quantumPublic)},
		{From: ssh, Public: strings.TrimSuffix(sshPublic, " someone@example"), Fingerprint: crypt.Fingerprint(sshPublic)},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d recipients, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %v, want %v", got[i], want[i])
		}
	}
	if got := strings.TrimSpace(stock(t, nil, "age-keygen", "-y", file)); got != public {
		t.Errorf("age-keygen -y: got %q, want %q", got, public)
	}
	if !strings.HasPrefix(readFile(t, file), "# created: 2026-11-23T14:00:00Z\n# public key: "+public+"\n") {
		t.Errorf("got %q, want the date and the public key first", readFile(t, file))
	}
}

func TestWrongKey(t *testing.T) {
	t.Parallel()
	_, public := generate(t, crypt.X25519)
	_, ssh := sshKey(t, "", "-t", "ed25519")
	file, mine := generate(t, crypt.X25519)
	sealed := seal(t, recipients(t, public, ssh))
	_, err := identities(t, nil, file).Open(bytes.NewReader(sealed))
	if !errors.Is(err, crypt.ErrNoMatch) || isDamaged(err) {
		t.Fatalf("got %v, want ErrNoMatch", err)
	}
	for _, part := range []string{"X25519", "ssh-ed25519", crypt.Fingerprint(mine)} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want it to name %q", err, part)
		}
	}
	if _, _, err := identities(t, nil, file).OpenAt(bytes.NewReader(sealed), int64(len(sealed))); !errors.Is(err, crypt.ErrNoMatch) {
		t.Errorf("at random: got %v, want ErrNoMatch", err)
	}
}

func TestNotSealed(t *testing.T) {
	t.Parallel()
	file, public := generate(t, crypt.X25519)
	i := identities(t, nil, file)
	sealed := seal(t, recipients(t, public))
	for name, text := range map[string]string{"nothing": "", "text": secret, "half a header": string(sealed[:60])} {
		if _, err := i.Open(strings.NewReader(text)); !isDamaged(err) {
			t.Errorf("%s: got %v, want damage", name, err)
		}
	}
}

func TestIdentityFaults(t *testing.T) {
	t.Parallel()
	file, public := generate(t, crypt.X25519)
	key := strings.Split(readFile(t, file), "\n")[2]
	ecdsa, _ := sshKey(t, "", "-t", "ecdsa")
	dir := t.TempDir()
	huge := filepath.Join(dir, "huge")
	if err := os.WriteFile(huge, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	files := []string{
		keyFile(t, key[:len(key)-1]+"\n"),
		keyFile(t, "# a comment\n"+public+"\n"),
		keyFile(t, "# nothing\n"),
		keyFile(t, "hunter2hunter2hunter2hunter2hunter2\n"),
		keyFile(t, "-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense"),
		ecdsa, huge, dir, filepath.Join(dir, "missing"),
	}
	_, err := crypt.ReadIdentities(append([]string{file}, files...), nil)
	if err == nil {
		t.Fatal("got no error")
	}
	unsaid(t, err, key, "hunter2hunter2hunter2hunter2hunter2")
	for _, f := range files {
		if !strings.Contains(err.Error(), f) {
			t.Errorf("got %v, want it to name %s", err, f)
		}
	}
	if _, err := crypt.ReadIdentities(nil, nil); err == nil {
		t.Error("no identities: got no error")
	}
}
