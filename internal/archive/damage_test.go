package archive_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/stocktool"
)

func isDamage(err error) bool { return errors.Is(err, archive.ErrDamaged) }

// readFile reads an archive by way of OpenFile.
func readFile(stored []byte, o archive.Opener) ([]byte, error) {
	f, err := archive.OpenFile(bytes.NewReader(stored), archive.Summary{Stored: archive.Sum{Size: int64(len(stored))}}, o)
	if err != nil {
		return nil, err
	}
	s := f.Section(0, f.Size(), 2)
	defer s.Close()
	return io.ReadAll(s)
}

// refused checks that neither way of reading takes stored for whole. A header
// that was changed can look like one for another key.
func refused(t *testing.T, what string, at int, stored []byte, k keys) {
	t.Helper()
	if got, err := read(stored, k, archive.Summary{}); !isDamage(err) && !errors.Is(err, crypt.ErrNoMatch) {
		t.Errorf("%s %d: got %d bytes and %v, want damage", what, at, len(got), err)
	}
	if got, err := readFile(stored, k); !isDamage(err) && !errors.Is(err, crypt.ErrNoMatch) {
		t.Errorf("%s %d: by sections: got %d bytes and %v, want damage", what, at, len(got), err)
	}
}

func TestCutAtEveryLength(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	stored, _ := write(t, dump(500), k)
	for n := range len(stored) {
		refused(t, "cut at", n, stored[:n], k)
	}
}

func TestEveryBitFlipped(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	stored, _ := write(t, dump(100), k)
	for bit := range len(stored) * 8 {
		flipped := bytes.Clone(stored)
		flipped[bit/8] ^= 1 << (bit % 8)
		refused(t, "bit", bit, flipped, k)
	}
}

// The seal finds every change, so what is inside it is changed before sealing:
// whoever has the public key can do that.
func TestEveryBitFlippedUnderTheSeal(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	plain := dump(100)
	stored, summary := write(t, plain, k)
	content := unseal(t, stored, k)
	want := archive.Summary{Plain: summary.Plain}
	for bit := range len(content) * 8 {
		flipped := bytes.Clone(content)
		flipped[bit/8] ^= 1 << (bit % 8)
		stored := seal(t, flipped, k)
		got, err := read(stored, k, want)
		if err == nil && !bytes.Equal(got, plain) || err != nil && !isDamage(err) {
			t.Errorf("bit %d: got %q and %v", bit, got, err)
		}
		got, err = readFile(stored, k)
		if err == nil && !bytes.Equal(got, plain) || err != nil && !isDamage(err) {
			t.Errorf("bit %d: by sections: got %q and %v", bit, got, err)
		}
	}
}

func TestCutUnderTheSeal(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	stored, _ := write(t, dump(500), k)
	content := unseal(t, stored, k)
	for n := range len(content) {
		refused(t, "cut at", n, seal(t, content[:n], k), k)
	}
}

func TestSomethingFollows(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	stored, _ := write(t, dump(500), k)
	content := unseal(t, stored, k)
	refused(t, "a byte after", 1, append(bytes.Clone(stored), 0), k)
	refused(t, "an archive after", 2, append(bytes.Clone(stored), stored...), k)
	refused(t, "a sealed byte after", 3, seal(t, append(bytes.Clone(content), 0), k), k)
	refused(t, "sealed frames after", 4, seal(t, append(bytes.Clone(content), content...), k), k)
}

func TestFramesInOtherOrder(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	a := make([]byte, archive.FrameSize)
	b := bytes.Repeat([]byte{1}, archive.FrameSize)
	stored, _ := write(t, append(a, b...), k)
	content := unseal(t, stored, k)
	const table = 8 + 2*12 + 9
	half := (len(content) - table) / 2
	swapped := append(bytes.Clone(content[half:2*half]), content[:half]...)
	refused(t, "frames swapped", 0, seal(t, append(swapped, content[2*half:]...), k), k)
}

func TestForeign(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	small, large := dump(1000), dump(2*archive.FrameSize)
	for name, plain := range map[string][]byte{"nothing": nil, "text": small, "zeros": make([]byte, 1000)} {
		refused(t, name+" sealed", 0, seal(t, plain, k), k)
		refused(t, name, 0, plain, k)
	}
	for name, args := range map[string][]string{
		"stream":           {"-c"},
		"with its size":    {"-c", "--stream-size=1000"},
		"without checksum": {"-c", "--no-check"},
	} {
		packed, err := stocktool.Run(t, small, "zstd", args...)
		if err != nil {
			t.Fatal(err)
		}
		refused(t, "zstd "+name, 0, seal(t, packed, k), k)
	}
	packed, err := stocktool.Run(t, large, "zstd", "-c", "--stream-size=8388608")
	if err != nil {
		t.Fatal(err)
	}
	refused(t, "one large frame", 0, seal(t, packed, k), k)
}

func TestWrongKey(t *testing.T) {
	t.Parallel()
	stored, _ := write(t, dump(100), newKeys(t))
	other := newKeys(t)
	if _, err := read(stored, other, archive.Summary{}); !errors.Is(err, crypt.ErrNoMatch) || isDamage(err) {
		t.Errorf("got %v, want ErrNoMatch and no damage", err)
	}
	if _, err := readFile(stored, other); !errors.Is(err, crypt.ErrNoMatch) || isDamage(err) {
		t.Errorf("by sections: got %v, want ErrNoMatch and no damage", err)
	}
}
