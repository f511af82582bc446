package crypt_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

func sshKey(t *testing.T, passphrase string, args ...string) (file, public string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "id")
	stock(t, nil, "ssh-keygen", append([]string{"-q", "-C", "someone@example", "-N", passphrase, "-f", file}, args...)...)
	text, err := os.ReadFile(file + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return file, strings.TrimSpace(string(text))
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	x25519, x25519Public := generate(t, crypt.X25519)
	quantum, quantumPublic := generate(t, crypt.PostQuantum)
	ed, edPublic := sshKey(t, "", "-t", "ed25519")
	rsa, rsaPublic := sshKey(t, "", "-t", "rsa", "-b", "2048")
	classic := seal(t, recipients(t, "# two people", x25519Public, "", "  "+edPublic, rsaPublic, x25519Public))
	for _, file := range []string{x25519, ed, rsa} {
		opens(t, identities(t, nil, file), classic)
	}
	opens(t, identities(t, nil, quantum, ed), classic)
	opens(t, identities(t, nil, quantum), seal(t, recipients(t, quantumPublic)))
	if got := stock(t, classic, "age", "-d", "-i", x25519); got != secret {
		t.Errorf("age: got %q, want %q", got, secret)
	}
	opens(t, identities(t, nil, x25519), []byte(stock(t, []byte(secret), "age", "-r", x25519Public)))
}

func TestFingerprints(t *testing.T) {
	t.Parallel()
	_, public := generate(t, crypt.X25519)
	_, quantum := generate(t, crypt.PostQuantum)
	_, ssh := sshKey(t, "", "-t", "ed25519")
	r := recipients(t, public, ssh, public, strings.Replace(ssh, "someone@example", "the same", 1))
	if r.Len() != 2 {
		t.Errorf("got %d recipients, want 2 without the repetitions", r.Len())
	}
	prints := append(r.Fingerprints(), recipients(t, quantum).Fingerprints()...)
	for i, of := range []string{public, ssh, quantum} {
		if got := crypt.Fingerprint(of); prints[i] != got || len(got) > 80 || !strings.HasPrefix(got, of[:11]) {
			t.Errorf("got fingerprint %q and %q of %q", prints[i], got, of[:30])
		}
	}
	listed := stock(t, []byte(ssh), "ssh-keygen", "-l", "-f", "-")
	if want := strings.Fields(listed)[1]; prints[1] != "ssh-ed25519 "+want {
		t.Errorf("got %q, want what ssh-keygen -l says: %q", prints[1], want)
	}
}

func TestRecipientFaults(t *testing.T) {
	t.Parallel()
	file, public := generate(t, crypt.X25519)
	_, quantum := generate(t, crypt.PostQuantum)
	private, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	key := strings.Split(string(private), "\n")[2]
	wrong := quantum[:len(quantum)-1] + "q"
	if wrong == quantum {
		wrong = quantum[:len(quantum)-1] + "p"
	}
	lines := []string{
		public,
		key,
		"age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
		wrong,
		"ssh-ed25519 AAAA",
		"ecdsa-sha2-nistp256 AAAA",
		"-----BEGIN OPENSSH PRIVATE KEY-----",
		strings.ToLower(key),
		"hunter2hunter2hunter2hunter2hunter2",
	}
	_, err = crypt.ParseRecipients(lines)
	if err == nil {
		t.Fatal("got no error")
	}
	unsaid(t, err, append(lines[1:], "age-secret-key")...)
	got := strings.Split(err.Error(), "\n")
	want := []string{"2: looks like a private key", "3: malformed X25519", "4: malformed post-quantum", "5: malformed SSH",
		"6: unknown kind", "7: looks like a private key", "8: looks like a private key", "9: unknown kind"}
	if len(got) != len(want) {
		t.Fatalf("got %d faults, want %d: %v", len(got), len(want), err)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], "recipient on line "+want[i]) {
			t.Errorf("got %q, want it to tell %q", got[i], want[i])
		}
	}
	if _, err := crypt.ParseRecipients([]string{"", "# none"}); err == nil || hint.Of(err) == "" {
		t.Errorf("no recipients: got %v, want an error with a hint", err)
	}
}

func TestPostQuantumStandsAlone(t *testing.T) {
	t.Parallel()
	_, public := generate(t, crypt.X25519)
	_, quantum := generate(t, crypt.PostQuantum)
	_, err := crypt.ParseRecipients([]string{quantum, public})
	if err == nil || !strings.Contains(err.Error(), "line 1 is post-quantum and that on line 2 is not") {
		t.Errorf("got %v, want it to name both lines", err)
	}
}
