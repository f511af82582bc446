package archive_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"github.com/vapora-platform/vapora-backup/internal/archive"
)

// sizes are those at which something changes.
var sizes = []int{
	0, 1, 255, 256, 1023, 1025, 64 << 10,
	archive.FrameSize - 1, archive.FrameSize, archive.FrameSize + 1,
	3*archive.FrameSize - 1, 3 * archive.FrameSize, 5*archive.FrameSize + 17,
}

func sumOf(b []byte) archive.Sum {
	h := sha256.Sum256(b)
	return archive.Sum{Size: int64(len(b)), SHA256: hex.EncodeToString(h[:])}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for _, size := range sizes {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			plain := dump(size)
			stored, summary := write(t, plain, k)
			head := sumOf(stored[:min(summary.Head.Size, int64(len(stored)))])
			if want := (archive.Summary{Plain: sumOf(plain), Stored: sumOf(stored), Head: head}); summary != want || head.Size < 100 {
				t.Errorf("got summary %v, want %v", summary, want)
			}
			got, err := read(stored, k, summary)
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("got %d bytes, %v, want the %d that were written", len(got), err, size)
			}
			f, err := archive.OpenFile(bytes.NewReader(stored), summary, k)
			if err != nil {
				t.Fatal(err)
			}
			if f.Size() != int64(size) {
				t.Errorf("got size %d, want %d", f.Size(), size)
			}
			s := f.Section(0, f.Size(), 2)
			defer s.Close()
			if got, err := io.ReadAll(s); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("section: got %d bytes, %v, want the %d that were written", len(got), err, size)
			}
		})
	}
}

// Parts of another archive that is sealed for the same keys are not taken for this one's.
func TestHeadOfAnother(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	stored, summary := write(t, dump(100_000), k)
	other, its := write(t, dump(100_000), k)
	if len(stored) != len(other) {
		t.Fatalf("got %d and %d bytes", len(stored), len(other))
	}
	if _, err := archive.OpenFile(bytes.NewReader(other), its, k); err != nil {
		t.Error(err)
	}
	if _, err := archive.OpenFile(bytes.NewReader(other), summary, k); !isDamage(err) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
	if _, err := read(other, k, archive.Summary{Head: summary.Head}); !isDamage(err) {
		t.Errorf("the whole: got %v, want ErrDamaged", err)
	}
}

func TestRoundTripByBytes(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	plain := dump(20_000)
	var stored bytes.Buffer
	w, err := archive.NewWriter(&stored, archive.Options{Sealer: k})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if _, err := io.Copy(w, iotest.OneByteReader(bytes.NewReader(plain))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := archive.NewReader(iotest.OneByteReader(&stored), k, w.Summary(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := iotest.TestReader(r, plain); err != nil {
		t.Error(err)
	}
}

// Reading and io.Copy, which finds WriteTo, take different ways.
func TestCopy(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	plain := dump(2*archive.FrameSize + 5)
	stored, summary := write(t, plain, k)
	r, err := archive.NewReader(bytes.NewReader(stored), k, summary, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var got bytes.Buffer
	if n, err := io.Copy(&got, r); err != nil || n != int64(len(plain)) || !bytes.Equal(got.Bytes(), plain) {
		t.Errorf("got %d bytes, %v, want the %d that were written", n, err, len(plain))
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	plain := dump(300_000)
	sizes := map[int]int{}
	for _, level := range []int{1, 3, 6, 10, 19} {
		var stored bytes.Buffer
		w, err := archive.NewWriter(&stored, archive.Options{Level: level, Workers: 1, Sealer: k})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Abort()
		if _, err := w.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := read(stored.Bytes(), k, w.Summary()); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("level %d: got %d bytes, %v", level, len(got), err)
		}
		sizes[level] = stored.Len()
	}
	if sizes[1] <= sizes[3] || sizes[3] <= sizes[6] {
		t.Errorf("got sizes by level %v, want less at a higher one", sizes)
	}
	for _, level := range []int{-1, 20} {
		if _, err := archive.NewWriter(io.Discard, archive.Options{Level: level, Sealer: k}); err == nil {
			t.Errorf("level %d: got no error", level)
		}
	}
	if _, err := archive.NewWriter(io.Discard, archive.Options{}); err == nil {
		t.Error("without a sealer: got no error")
	}
}

func TestWanted(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	plain := dump(50_000)
	stored, summary := write(t, plain, k)
	for name, change := range map[string]func(*archive.Summary){
		"plain size too large":  func(s *archive.Summary) { s.Plain.Size++ },
		"plain size too small":  func(s *archive.Summary) { s.Plain.Size-- },
		"plain sum":             func(s *archive.Summary) { s.Plain.SHA256 = s.Stored.SHA256 },
		"stored size too large": func(s *archive.Summary) { s.Stored.Size++ },
		"stored size too small": func(s *archive.Summary) { s.Stored.Size-- },
		"stored sum":            func(s *archive.Summary) { s.Stored.SHA256 = s.Plain.SHA256 },
	} {
		want := summary
		change(&want)
		if _, err := read(stored, k, want); !isDamage(err) {
			t.Errorf("%s: got %v, want ErrDamaged", name, err)
		}
	}
	if got, err := read(stored, k, archive.Summary{}); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("nothing wanted: got %d bytes, %v", len(got), err)
	}
}
