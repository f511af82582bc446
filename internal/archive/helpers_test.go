package archive_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
)

var (
	_ archive.Sealer = (*crypt.Recipients)(nil)
	_ archive.Opener = (*crypt.Identities)(nil)
)

// keys is a pair for a test, and the file of its private half.
type keys struct {
	*crypt.Recipients
	*crypt.Identities
	file string
}

func newKeys(t testing.TB) keys {
	t.Helper()
	text, recipient, err := crypt.GenerateIdentity(crypt.X25519, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return readKeys(t, recipient, file)
}

func readKeys(t testing.TB, recipient, file string) keys {
	t.Helper()
	r, err := crypt.ParseRecipients([]string{recipient})
	if err != nil {
		t.Fatal(err)
	}
	i, err := crypt.ReadIdentities([]string{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return keys{r, i, file}
}

// dump returns n bytes that pack as a dump does: to about half. The same n gives
// the same bytes.
func dump(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 0, n+64)
	for row := 0; len(b) < n; row++ {
		b = fmt.Appendf(b, "{ id: person:%d, embedding: [", row)
		for range 100 {
			b = binary.LittleEndian.AppendUint64(b, random.Uint64()&0x0f0f0f0f0f0f0f0f|0x6060606060606060)
		}
		b = append(b, "] },\n"...)
	}
	return b[:n]
}

// write packs plain with two workers.
func write(t testing.TB, plain []byte, s archive.Sealer) ([]byte, archive.Summary) {
	t.Helper()
	var stored bytes.Buffer
	w, err := archive.NewWriter(&stored, archive.Options{Workers: 2, Sealer: s})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if n, err := w.Write(plain); n != len(plain) || err != nil {
		t.Fatalf("write: got %d, %v, want %d, nil", n, err, len(plain))
	}
	if err := w.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	return stored.Bytes(), w.Summary()
}

// read unpacks stored to its end.
func read(stored []byte, o archive.Opener, want archive.Summary) ([]byte, error) {
	r, err := archive.NewReader(bytes.NewReader(stored), o, want, 2)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// seal seals bytes that need not be an archive.
func seal(t testing.TB, content []byte, s archive.Sealer) []byte {
	t.Helper()
	var stored bytes.Buffer
	w, err := s.Seal(&stored)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return stored.Bytes()
}

// unseal returns the frames and the table of an archive.
func unseal(t testing.TB, stored []byte, o archive.Opener) []byte {
	t.Helper()
	r, err := o.Open(bytes.NewReader(stored))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
