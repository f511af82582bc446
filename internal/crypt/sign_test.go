package crypt_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/crypt"
)

const (
	message = `{"format":1}`
	comment = "database/vapora/20261123T140000Z-7f3k2m"
)

func newSigner(t *testing.T) (s *crypt.Signer, private, public string) {
	t.Helper()
	private, public, err := crypt.GenerateSigningKey()
	if err != nil {
		t.Fatal(err)
	}
	s, err = crypt.ParseSigner(private, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, private, public
}

func trusted(t *testing.T, keys ...string) *crypt.Trusted {
	t.Helper()
	trusted, err := crypt.ParseTrusted(keys)
	if err != nil {
		t.Fatal(err)
	}
	return trusted
}

func sign(t *testing.T, s *crypt.Signer) []byte {
	t.Helper()
	sig, err := s.Sign([]byte(message), comment)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	s, _, public := newSigner(t)
	other, _, _ := newSigner(t)
	sig := sign(t, s)
	for _, keys := range []*crypt.Trusted{trusted(t, s.PublicKey()), trusted(t, public), trusted(t, other.PublicKey(), s.PublicKey())} {
		id, got, err := keys.Verify([]byte(message), sig)
		if err != nil || got != comment || id != s.KeyID() {
			t.Errorf("got %q, %q, %v, want %q, %q", id, got, err, s.KeyID(), comment)
		}
	}
	if !strings.Contains(public, s.KeyID()+"\n"+s.PublicKey()) {
		t.Errorf("got public key %q, want it to hold %q and %q", public, s.KeyID(), s.PublicKey())
	}
	for name, keys := range map[string]*crypt.Trusted{"another": trusted(t, other.PublicKey()), "none": trusted(t)} {
		if _, _, err := keys.Verify([]byte(message), sig); !errors.Is(err, crypt.ErrUntrusted) {
			t.Errorf("%s trusted: got %v, want ErrUntrusted", name, err)
		}
	}
	keys := trusted(t, s.PublicKey())
	if _, _, err := keys.Verify([]byte(message+" "), sig); !errors.Is(err, crypt.ErrBadSignature) {
		t.Errorf("another message: got %v, want ErrBadSignature", err)
	}
	if _, _, err := keys.Verify([]byte(message), []byte(strings.Replace(string(sig), "7f3k2m", "7f3k2n", 1))); !errors.Is(err, crypt.ErrBadSignature) {
		t.Errorf("another comment: got %v, want ErrBadSignature", err)
	}
	if _, err := s.Sign([]byte(message), "two\nlines"); err == nil {
		t.Error("comment of two lines: got no error")
	}
}

// Cut or changed, a signature is refused, unless only what is not signed changed.
func TestSignatureDamaged(t *testing.T) {
	t.Parallel()
	s, _, _ := newSigner(t)
	keys := trusted(t, s.PublicKey())
	sig := sign(t, s)
	for n := range len(sig) - 1 {
		if _, _, err := keys.Verify([]byte(message), sig[:n]); err == nil {
			t.Errorf("cut at %d: got no error", n)
		}
	}
	signed := strings.Index(string(sig), "\n")
	for bit := signed * 8; bit < len(sig)*8-8; bit++ {
		flipped := []byte(string(sig))
		flipped[bit/8] ^= 1 << (bit % 8)
		if _, got, err := keys.Verify([]byte(message), flipped); err == nil && got != comment {
			t.Errorf("bit %d: got comment %q as signed", bit, got)
		}
	}
}

func TestStockMinisign(t *testing.T) {
	t.Parallel()
	s, private, public := newSigner(t)
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{"m": message, "m.minisig": string(sign(t, s)), "ours.key": private, "ours.pub": public} {
		if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		text, err := os.ReadFile(path(name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	// What we signed, with the key on the command line and from its file.
	if got := stock(t, nil, "minisign", "-Vm", path("m"), "-P", s.PublicKey()); !strings.Contains(got, comment) {
		t.Errorf("got %q, want it to tell the trusted comment", got)
	}
	stock(t, nil, "minisign", "-Vm", path("m"), "-p", path("ours.pub"))
	// Signed by stock minisign with our key.
	stock(t, nil, "minisign", "-S", "-s", path("ours.key"), "-m", path("m"), "-x", path("by-ours"), "-t", comment)
	if _, got, err := trusted(t, public).Verify([]byte(message), []byte(read("by-ours"))); err != nil || got != comment {
		t.Errorf("stock signature: got %q, %v, want %q", got, err, comment)
	}
	// Stock keys, here.
	stock(t, nil, "minisign", "-G", "-W", "-f", "-p", path("stock.pub"), "-s", path("stock.key"))
	stockSigner, err := crypt.ParseSigner(read("stock.key"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := trusted(t, read("stock.pub")).Verify([]byte(message), sign(t, stockSigner)); err != nil {
		t.Errorf("stock key: %v", err)
	}
	// A signature in minisign's old form, not prehashed, is refused by name.
	stock(t, nil, "minisign", "-S", "-l", "-s", path("ours.key"), "-m", path("m"), "-x", path("legacy"))
	if _, _, err := trusted(t, public).Verify([]byte(message), []byte(read("legacy"))); !errors.Is(err, crypt.ErrBadSignature) || !strings.Contains(err.Error(), "legacy") {
		t.Errorf("legacy: got %v, want ErrBadSignature", err)
	}
}

func TestProtectedSigningKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, pub := filepath.Join(dir, "k"), filepath.Join(dir, "p")
	stock(t, []byte("open sesame\nopen sesame\n"), "minisign", "-G", "-s", key, "-p", pub)
	private, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(pub)
	if err != nil {
		t.Fatal(err)
	}
	s, err := crypt.ParseSigner(string(private), answer("open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := trusted(t, string(public)).Verify([]byte(message), sign(t, s)); err != nil {
		t.Error(err)
	}
	// With another cost, which takes no second and no GiB, any password is wrong.
	comment, line, _ := strings.Cut(strings.TrimSpace(string(private)), "\n")
	raw, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		t.Fatal(err)
	}
	binary.LittleEndian.PutUint64(raw[38:], 1<<15)
	binary.LittleEndian.PutUint64(raw[46:], 1<<20)
	cheap := comment + "\n" + base64.StdEncoding.EncodeToString(raw)
	if _, err := crypt.ParseSigner(cheap, answer("open sesame")); err == nil || !strings.Contains(err.Error(), "wrong password") {
		t.Errorf("wrong password: got %v", err)
	}
	if _, err := crypt.ParseSigner(string(private), nil); err == nil {
		t.Error("nobody to ask: got no error")
	}
}

func TestKeyFaults(t *testing.T) {
	t.Parallel()
	s, private, _ := newSigner(t)
	line := strings.Split(private, "\n")[1]
	_, err := crypt.ParseTrusted([]string{s.PublicKey(), line, "RWQnonsense", private})
	if err == nil || len(strings.Split(err.Error(), "\n")) != 3 || !strings.Contains(err.Error(), "trusted key 2: a private key") {
		t.Errorf("got %v, want three faults", err)
	}
	unsaid(t, err, line)
	for _, text := range []string{"", line[:50], s.PublicKey(), "nonsense"} {
		if _, err := crypt.ParseSigner(text, nil); err == nil {
			t.Errorf("signer from %q: got no error", text)
		} else if text == line[:50] {
			unsaid(t, err, line)
		}
	}
}
