package archive_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/stocktool"
)

// What docs/restore-by-hand.md promises: `age -d | zstd -d` gives the plain bytes.
func TestStockReads(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for _, size := range []int{0, 1, 1000, archive.FrameSize, 2*archive.FrameSize + 1} {
		plain := dump(size)
		stored, _ := write(t, plain, k)
		packed, err := stocktool.Run(t, stored, "age", "-d", "-i", k.file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := stocktool.Run(t, packed, "zstd", "-d", "-c")
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("size %d: got %d bytes, %v, want those that were written", size, len(got), err)
		}
		if _, err := stocktool.Run(t, packed, "zstd", "-t"); err != nil {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

// What stock tools made as we do, we read: nothing in the bytes is ours alone.
func TestStockSeals(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	plain := dump(1000)
	stored, _ := write(t, plain, k)
	recipient := k.Identities.Recipients()[0].Public
	sealed, err := stocktool.Run(t, unseal(t, stored, k), "age", "-r", recipient)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(sealed, k, archive.Summary{}); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("got %d bytes, %v, want those that were written", len(got), err)
	}
}

// Half an archive must not look whole to a stock reader either.
func TestStockRefusesAborted(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	var stored bytes.Buffer
	w, err := archive.NewWriter(&stored, archive.Options{Workers: 1, Sealer: k})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(dump(5 * archive.FrameSize)); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	_, err = stocktool.Run(t, stored.Bytes(), "age", "-d", "-i", k.file)
	// The second, when it was cut within a chunk.
	if err == nil || !strings.Contains(err.Error(), "unexpected EOF") && !strings.Contains(err.Error(), "authenticate payload chunk") {
		t.Errorf("got %v from age, want it to miss the end", err)
	}
}

// testdata/archive/v1 was written once and is never written again: what was an
// archive once is one for ever. SHA256SUMS holds the sums of the plain bytes.
func TestCorpus(t *testing.T) {
	t.Parallel()
	const dir = "testdata/archive/v1/"
	k := corpusKeys(t)
	sums, err := os.ReadFile(dir + "SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(sums)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		stored, err := os.ReadFile(dir + name + ".zst.age")
		if err != nil {
			t.Fatal(err)
		}
		want := archive.Summary{Plain: archive.Sum{SHA256: sum}, Stored: sumOf(stored)}
		plain, err := read(stored, k, want)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := readFile(stored, k); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: by sections: got %d bytes, %v, want %d", name, len(got), err, len(plain))
		}
	}
}

func corpusKeys(t testing.TB) keys {
	t.Helper()
	const dir = "testdata/archive/v1/"
	recipient, err := os.ReadFile(dir + "recipient.txt")
	if err != nil {
		t.Fatal(err)
	}
	return readKeys(t, strings.TrimSpace(string(recipient)), dir+"identity.txt")
}
