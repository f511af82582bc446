package crypt_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/crypt"
)

// Nothing but the whole file as it was sealed is rewrapped.
func TestRewrapDamaged(t *testing.T) {
	t.Parallel()
	from, public := generate(t, crypt.X25519)
	_, beside := generate(t, crypt.X25519)
	_, toPublic := generate(t, crypt.X25519)
	ids, to := identities(t, nil, from), recipients(t, toPublic)
	file := seal(t, recipients(t, beside, public))
	for n := range file {
		if _, err := rewrap(bytes.NewReader(file[:n]), ids, to); !isDamaged(err) {
			t.Errorf("cut at %d: got %v, want damage", n, err)
		}
	}
	for bit := range len(file) * 8 {
		flipped := bytes.Clone(file)
		flipped[bit/8] ^= 1 << (bit % 8)
		if _, err := rewrap(bytes.NewReader(flipped), ids, to); !isDamaged(err) && !errors.Is(err, crypt.ErrNoMatch) {
			t.Errorf("bit %d: got %v, want damage", bit, err)
		}
	}
	if _, err := rewrap(bytes.NewReader(append(bytes.Clone(file), 0)), ids, to); !isDamaged(err) {
		t.Errorf("something behind: got %v, want damage", err)
	}
	// Of a chunk that is wrong nothing is given.
	long := sealed(t, recipients(t, public), make([]byte, 200_000))
	long[len(long)-100] ^= 1
	if got, err := rewrap(bytes.NewReader(long), ids, to); !isDamaged(err) || len(got) > 3*(64<<10+16)+1000 {
		t.Errorf("last chunk changed: got %d bytes, %v", len(got), err)
	}
	long[len(long)-100] ^= 1
	for _, n := range []int{64<<10 + 500, 140_000, len(long) - 1} {
		if _, err := rewrap(bytes.NewReader(long[:n]), ids, to); !isDamaged(err) {
			t.Errorf("long one cut at %d: got %v, want damage", n, err)
		}
	}
}

func TestRewrapRefuses(t *testing.T) {
	t.Parallel()
	all := pairs(t)
	to := recipients(t, all["x25519"].public)
	file := seal(t, recipients(t, all["pq"].public))
	_, err := rewrap(bytes.NewReader(file), identities(t, nil, all["x25519"].file), to)
	if !errors.Is(err, crypt.ErrNoMatch) || isDamaged(err) {
		t.Errorf("wrong key: got %v, want ErrNoMatch", err)
	}
	withPassphrase := []byte(readFile(t, protect(t, "anything", "open sesame", false)))
	if _, err := rewrap(bytes.NewReader(withPassphrase), identities(t, nil, all["x25519"].file), to); !errors.Is(err, crypt.ErrNoMatch) {
		t.Errorf("sealed with a passphrase: got %v, want ErrNoMatch", err)
	}
}

// What the place of the file says is no word against the file.
func TestRewrapOfABadPlace(t *testing.T) {
	t.Parallel()
	broken := errors.New("the network broke")
	from, public := generate(t, crypt.X25519)
	ids, to := identities(t, nil, from), recipients(t, public)
	file := sealed(t, to, make([]byte, 200_000))
	for _, n := range []int{0, 10, 100, 5000, 70_000, len(file)} {
		src := io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken))
		if _, err := rewrap(src, ids, to); !errors.Is(err, broken) || isDamaged(err) {
			t.Errorf("after %d bytes: got %v, want %v and no damage", n, err, broken)
		}
	}
}

// FuzzRewrap rewraps what comes from anyone. It says what is wrong with it, or
// makes what opens to the same.
func FuzzRewrap(f *testing.F) {
	key, public, err := crypt.GenerateIdentity(crypt.X25519, time.Time{})
	if err != nil {
		f.Fatal(err)
	}
	ids, err := crypt.ParseIdentities("fuzz", []byte(key), nil)
	if err != nil {
		f.Fatal(err)
	}
	to, err := crypt.ParseRecipients([]string{public})
	if err != nil {
		f.Fatal(err)
	}
	for _, size := range []int{0, 1, 70_000} {
		file := sealed(f, to, bytes.Repeat([]byte{'x'}, size))
		f.Add(file)
		f.Add(file[:len(file)-1])
	}
	f.Add([]byte(""))
	f.Add([]byte("age-encryption.org/v1\n-> X25519 a\n\n--- a\n"))
	f.Add([]byte("age-encryption.org/v1\n" + strings.Repeat("-> x\n\n", 1025) + "--- " + strings.Repeat("A", 43) + "\n"))
	f.Add(fmt.Appendf(nil, "age-encryption.org/v1\n-> scrypt %s 18\n%s\n--- %[2]s\n", strings.Repeat("A", 22), strings.Repeat("A", 43)))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := rewrap(bytes.NewReader(file), ids, to)
		if err != nil {
			if !isDamaged(err) && !errors.Is(err, crypt.ErrNoMatch) {
				t.Fatalf("got %v, want damage or no match", err)
			}
			return
		}
		was, err := opened(ids, file)
		if err != nil {
			t.Fatalf("rewrapped what does not open: %v", err)
		}
		if is, err := opened(ids, got); err != nil || !bytes.Equal(is, was) || !bytes.Equal(payload(t, got), payload(t, file)) {
			t.Fatalf("got %d bytes, %v, want %d", len(is), err, len(was))
		}
	})
}
