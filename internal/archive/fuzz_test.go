package archive_test

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/archive"
)

// open is an Opener of what is not sealed, so that a fuzzer sees the frames.
type open struct{}

func (open) Open(src io.Reader) (io.Reader, error) { return src, nil }
func (open) OpenAt(src io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	return shifted{src}, size - 16*max(1, (size+(64<<10+16)-1)/(64<<10+16)), nil
}

// shifted leaves out the places of age's tags, which come after each chunk.
type shifted struct{ io.ReaderAt }

func (s shifted) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		at := off + int64(n)
		room := min(int64(len(p)-n), 64<<10-at%(64<<10))
		m, err := s.ReaderAt.ReadAt(p[n:n+int(room)], at+at/(64<<10)*16)
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

// unsealed is a Sealer that does not seal.
type unsealed struct{}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error                              { return nil }
func (unsealed) Seal(dst io.Writer) (io.WriteCloser, error) { return nopCloser{dst}, nil }

// FuzzFrames reads frames and tables from anyone. Whatever ends in io.EOF must
// be what the same content packs to, and both ways of reading must agree.
func FuzzFrames(f *testing.F) {
	for _, size := range []int{0, 1, 300, 3000} {
		stored, _ := write(f, dump(size), unsealed{})
		f.Add(stored)
	}
	zeros, _ := write(f, make([]byte, archive.FrameSize+1), unsealed{})
	f.Add(zeros)
	f.Fuzz(func(t *testing.T, stored []byte) {
		plain, err := read(stored, open{}, archive.Summary{})
		if err != nil {
			if !isDamage(err) {
				t.Fatalf("got %v, want damage", err)
			}
		} else if len(plain) > len(stored)*40_000 {
			t.Fatalf("got %d plain bytes of %d stored", len(plain), len(stored))
		}
		tagged := append(bytes.Clone(stored), make([]byte, 16)...)
		if len(stored) > 64<<10 {
			return // its tags would stand elsewhere
		}
		byFile, fileErr := readFile(tagged, open{})
		if fileErr == nil && len(byFile) == 0 {
			return // a section of nothing reads no frame
		}
		if (err == nil) != (fileErr == nil) || err == nil && !bytes.Equal(plain, byFile) {
			t.Fatalf("got %d bytes, %v in order, but %d bytes, %v by sections", len(plain), err, len(byFile), fileErr)
		}
	})
}

// FuzzReader reads archives with their seal, where nearly every change is
// found by age: what it looks for is a panic, a hang, or a wrong io.EOF.
func FuzzReader(f *testing.F) {
	k := corpusKeys(f)
	stored, err := os.ReadFile("testdata/archive/v1/small.surql.zst.age")
	if err != nil {
		f.Fatal(err)
	}
	plain, err := read(stored, k, archive.Summary{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stored)
	f.Add(stored[:len(stored)/2])
	f.Add([]byte("age-encryption.org/v1\n"))
	want := archive.Summary{Plain: sumOf(plain)}
	f.Fuzz(func(t *testing.T, stored []byte) {
		if got, err := read(stored, k, want); err == nil && !bytes.Equal(got, plain) {
			t.Fatalf("got %q as whole", got)
		}
		if got, err := readFile(stored, k); err == nil && len(got) > len(stored)*40_000 {
			t.Fatalf("got %d plain bytes of %d stored", len(got), len(stored))
		}
	})
}
