package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/vapora-platform/vapora-backup/internal/archive"
)

// counted remembers what was read of it, and fails at will.
type counted struct {
	io.ReaderAt
	mu    sync.Mutex
	reads int
	bytes int64
	err   error
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	c.reads++
	c.bytes += int64(len(p))
	return c.ReaderAt.ReadAt(p, off)
}

func openFile(t *testing.T, stored []byte, k keys) (*archive.File, *counted) {
	t.Helper()
	src := &counted{ReaderAt: bytes.NewReader(stored)}
	f, err := archive.OpenFile(src, archive.Summary{Stored: archive.Sum{Size: int64(len(stored))}}, k)
	if err != nil {
		t.Fatal(err)
	}
	return f, src
}

func TestSections(t *testing.T) {
	t.Parallel()
	const frame = archive.FrameSize
	k := newKeys(t)
	plain := dump(4*frame + 1000)
	stored, _ := write(t, plain, k)
	f, _ := openFile(t, stored, k)
	size := int64(len(plain))
	for _, part := range [][2]int64{
		{0, 0}, {0, 1}, {0, frame}, {1, frame}, {frame - 1, 2}, {frame, frame}, {frame + 7, 2 * frame},
		{size - 1, 1}, {size, 0}, {3 * frame, frame + 1000}, {0, size}, {5, size - 5},
	} {
		off, n := part[0], part[1]
		t.Run(fmt.Sprint(off, "+", n), func(t *testing.T) {
			t.Parallel() // sections of one file at once
			s := f.Section(off, n, 2)
			defer s.Close()
			got, err := io.ReadAll(s)
			if err != nil || !bytes.Equal(got, plain[off:off+n]) {
				t.Errorf("got %d bytes, %v, want %d of the plain ones", len(got), err, n)
			}
		})
	}
	for _, part := range [][2]int64{{-1, 1}, {0, -1}, {0, size + 1}, {size, 1}, {size + 1, 0}, {1, 1<<63 - 1}} {
		s := f.Section(part[0], part[1], 2)
		if got, err := io.ReadAll(s); !isDamage(err) {
			t.Errorf("section %v: got %d bytes, %v, want an error", part, len(got), err)
		}
		s.Close()
	}
}

// The source may be far away: its reads are few and no larger than they must be.
func TestSectionReadsLittle(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	stored, _ := write(t, dump(10*archive.FrameSize), k)
	f, src := openFile(t, stored, k)
	if src.reads != 2 || src.bytes > 200<<10 {
		t.Errorf("open: got %d reads of %d bytes, want 2 of at most 200 KiB", src.reads, src.bytes)
	}
	src.reads, src.bytes = 0, 0
	s := f.Section(5*archive.FrameSize+100, 200, 2)
	defer s.Close()
	if _, err := io.ReadAll(s); err != nil {
		t.Fatal(err)
	}
	// A frame, and a chunk more at either end.
	if most := int64(len(stored)/10 + 3*(64<<10+16)); src.reads != 1 || src.bytes > most {
		t.Errorf("one frame: got %d reads of %d bytes, want 1 of at most %d", src.reads, src.bytes, most)
	}
	src.reads, src.bytes = 0, 0
	s = f.Section(0, f.Size(), 2)
	defer s.Close()
	if _, err := io.ReadAll(s); err != nil {
		t.Fatal(err)
	}
	if most := len(stored)/(4<<20) + 1; src.reads > most || src.bytes > int64(len(stored)) {
		t.Errorf("all: got %d reads of %d bytes, want at most %d of %d", src.reads, src.bytes, most, len(stored))
	}
}

func TestSectionSourceFails(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	stored, _ := write(t, dump(2*archive.FrameSize), k)
	gone := errors.New("connection reset")
	src := &counted{ReaderAt: bytes.NewReader(stored), err: gone}
	if _, err := archive.OpenFile(src, archive.Summary{Stored: archive.Sum{Size: int64(len(stored))}}, k); !errors.Is(err, gone) || isDamage(err) {
		t.Errorf("open: got %v, want %v and no damage", err, gone)
	}
	f, src := openFile(t, stored, k)
	src.err = gone
	s := f.Section(0, f.Size(), 2)
	defer s.Close()
	if _, err := io.ReadAll(s); !errors.Is(err, gone) || isDamage(err) {
		t.Errorf("section: got %v, want %v and no damage", err, gone)
	}
	src.err = nil // one section's misfortune is not the next one's
	again := f.Section(0, f.Size(), 2)
	defer again.Close()
	if _, err := io.ReadAll(again); err != nil {
		t.Errorf("section after it: got %v", err)
	}
	if _, err := archive.OpenFile(bytes.NewReader(stored), archive.Summary{Stored: archive.Sum{Size: int64(len(stored)) + 1}}, k); !isDamage(err) {
		t.Errorf("a byte shorter than said: got %v, want damage", err)
	}
}

// A change in one frame is found by who reads it, and by nobody else.
func TestSectionDamage(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	plain := dump(3 * archive.FrameSize)
	stored, _ := write(t, plain, k)
	stored[len(stored)/2] ^= 1
	f, _ := openFile(t, stored, k)
	for i, whole := range []bool{true, false, true} {
		s := f.Section(int64(i)*archive.FrameSize, archive.FrameSize, 2)
		got, err := io.ReadAll(s)
		if whole && (err != nil || !bytes.Equal(got, plain[i*archive.FrameSize:][:archive.FrameSize])) {
			t.Errorf("frame %d: got %d bytes, %v, want it whole", i, len(got), err)
		} else if !whole && !isDamage(err) {
			t.Errorf("frame %d: got %d bytes, %v, want damage", i, len(got), err)
		}
		s.Close()
	}
}

func TestSectionClosedEarly(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	stored, _ := write(t, dump(6*archive.FrameSize), k)
	f, _ := openFile(t, stored, k)
	for _, n := range []int64{0, 1, 3 * archive.FrameSize} {
		synctest.Test(t, func(t *testing.T) {
			s := f.Section(1, f.Size()-1, 2)
			if _, err := io.CopyN(io.Discard, s, n); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
