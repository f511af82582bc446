package crypt_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"filippo.io/age"

	"github.com/vapora-platform/vapora-backup/internal/crypt"
)

// pair is a key pair: the file of the private half, and the public one.
type pair struct{ file, public string }

// pairs makes one of each kind.
func pairs(t *testing.T) map[string]pair {
	t.Helper()
	out := map[string]pair{}
	add := func(name, file, public string) { out[name] = pair{file, public} }
	file, public := generate(t, crypt.X25519)
	add("x25519", file, public)
	file, public = generate(t, crypt.PostQuantum)
	add("pq", file, public)
	file, public = sshKey(t, "", "-t", "ed25519")
	add("ssh-ed25519", file, public)
	file, public = sshKey(t, "", "-t", "rsa", "-b", "2048")
	add("ssh-rsa", file, public)
	// A stanza of this one ends in an empty line.
	file, public = sshKey(t, "", "-t", "rsa", "-b", "3072")
	add("ssh-rsa of 3072 bits", file, public)
	return out
}

// sealed seals plain bytes for recipients.
func sealed(t testing.TB, r *crypt.Recipients, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := r.Seal(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rewrap is Rewrap to its end.
func rewrap(src io.Reader, from *crypt.Identities, to *crypt.Recipients) ([]byte, error) {
	r, err := crypt.Rewrap(src, from, to)
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(r)
	if n, again := r.Read(make([]byte, 1)); err == nil && (n != 0 || again != io.EOF) {
		return nil, fmt.Errorf("after the end: %d bytes, %w", n, again)
	}
	return got, err
}

func opened(i *crypt.Identities, file []byte) ([]byte, error) {
	r, err := i.Open(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// payload is what follows the header.
func payload(t testing.TB, file []byte) []byte {
	t.Helper()
	header, err := age.ExtractHeader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return file[len(header):]
}

// From every kind of key to every other: the new key opens it, here and with
// stock age, the old one does not, and the payload is the same.
func TestRewrap(t *testing.T) {
	t.Parallel()
	old, renewed := pairs(t), pairs(t)
	for from := range old {
		for to := range renewed {
			t.Run(from+" to "+to, func(t *testing.T) {
				t.Parallel()
				file := seal(t, recipients(t, old[from].public))
				got, err := rewrap(bytes.NewReader(file), identities(t, nil, old[from].file), recipients(t, renewed[to].public))
				if err != nil {
					t.Fatal(err)
				}
				opens(t, identities(t, nil, renewed[to].file), got)
				if out := stock(t, got, "age", "-d", "-i", renewed[to].file); out != secret {
					t.Errorf("age: got %q, want %q", out, secret)
				}
				if !bytes.Equal(payload(t, got), payload(t, file)) {
					t.Error("the payload is another")
				}
				if _, err := opened(identities(t, nil, old[from].file), got); !errors.Is(err, crypt.ErrNoMatch) {
					t.Errorf("the old key: got %v, want ErrNoMatch", err)
				}
			})
		}
	}
}

// Every new recipient opens it, and an old one that is among them.
func TestRewrapForSeveral(t *testing.T) {
	t.Parallel()
	all := pairs(t)
	leaver, leaverPublic := generate(t, crypt.X25519)
	file := seal(t, recipients(t, leaverPublic, all["x25519"].public))
	to := recipients(t, all["x25519"].public, all["ssh-ed25519"].public, all["ssh-rsa"].public)
	got, err := rewrap(bytes.NewReader(file), identities(t, nil, leaver), to)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x25519", "ssh-ed25519", "ssh-rsa"} {
		opens(t, identities(t, nil, all[name].file), got)
		if out := stock(t, got, "age", "-d", "-i", all[name].file); out != secret {
			t.Errorf("age with %s: got %q", name, out)
		}
	}
	if _, err := opened(identities(t, nil, leaver), got); !errors.Is(err, crypt.ErrNoMatch) {
		t.Errorf("who left: got %v, want ErrNoMatch", err)
	}
	again, err := rewrap(bytes.NewReader(got), identities(t, nil, all["ssh-rsa"].file), recipients(t, leaverPublic))
	if err != nil {
		t.Fatal(err)
	}
	opens(t, identities(t, nil, leaver), again)
}

// Chunks end where they end, and readers give what they like.
func TestRewrapSizes(t *testing.T) {
	t.Parallel()
	from, public := generate(t, crypt.X25519)
	to, toPublic := generate(t, crypt.X25519)
	old, renewed := identities(t, nil, from), identities(t, nil, to)
	for _, size := range []int{0, 1, 4096, 64<<10 - 1, 64 << 10, 64<<10 + 1, 128 << 10, 300_000} {
		plain := bytes.Repeat([]byte{'x'}, size)
		file := sealed(t, recipients(t, public), plain)
		for name, src := range map[string]io.Reader{
			"whole": bytes.NewReader(file), "one byte": iotest.OneByteReader(bytes.NewReader(file)),
			"end with data": iotest.DataErrReader(bytes.NewReader(file)),
		} {
			got, err := rewrap(src, old, recipients(t, toPublic))
			if err != nil {
				t.Fatalf("%d bytes, %s: %v", size, name, err)
			}
			if out, err := opened(renewed, got); err != nil || !bytes.Equal(out, plain) {
				t.Errorf("%d bytes, %s: got %d bytes, %v", size, name, len(out), err)
			}
			if !bytes.Equal(payload(t, got), payload(t, file)) {
				t.Errorf("%d bytes, %s: the payload is another", size, name)
			}
		}
	}
}
