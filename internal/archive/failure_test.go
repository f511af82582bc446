package archive_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
)

var errDisk = errors.New("disk full")

// fullAfter fails every Write after the first n.
type fullAfter struct {
	n, calls int
}

func (f *fullAfter) Write(p []byte) (int, error) {
	if f.calls++; f.calls > f.n {
		return 0, errDisk
	}
	return len(p), nil
}

// Every write of the destination fails once: Write may see it later, and Close
// does always.
func TestDestinationFails(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	plain := dump(archive.FrameSize + 5)
	whole := &fullAfter{n: 1 << 30}
	pack := func(dst io.Writer) (written, closed error) {
		w, err := archive.NewWriter(dst, archive.Options{Workers: 2, Sealer: k})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Abort()
		_, written = w.Write(plain)
		return written, w.Close()
	}
	if written, closed := pack(whole); written != nil || closed != nil {
		t.Fatalf("got %v and %v, want no error", written, closed)
	}
	if whole.calls < 8 {
		t.Fatalf("got %d writes, too few for this test", whole.calls)
	}
	for n := range whole.calls {
		synctest.Test(t, func(t *testing.T) {
			written, closed := pack(&fullAfter{n: n})
			if written != nil && !errors.Is(written, errDisk) {
				t.Errorf("write %d fails: got %v from Write, want %v", n, written, errDisk)
			}
			if !errors.Is(closed, errDisk) {
				t.Errorf("write %d fails: got %v from Close, want %v", n, closed, errDisk)
			}
		})
	}
}

// An error must stop who writes without end, not only who closes.
func TestDestinationFailsAtNextWrite(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		w, err := archive.NewWriter(&fullAfter{}, archive.Options{Workers: 2, Sealer: k})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Abort()
		block := dump(archive.FrameSize)
		for range 20 {
			if _, err = w.Write(block); err != nil {
				break
			}
		}
		if !errors.Is(err, errDisk) {
			t.Errorf("got %v after 20 frames, want %v", err, errDisk)
		}
		synctest.Wait()
		if _, again := w.Write(block); !errors.Is(again, errDisk) {
			t.Errorf("got %v from the Write after it, want %v", again, errDisk)
		}
	})
}

func TestAbort(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for _, size := range []int{0, 100, archive.FrameSize, 3*archive.FrameSize + 9} {
		synctest.Test(t, func(t *testing.T) {
			var stored bytes.Buffer
			w, err := archive.NewWriter(&stored, archive.Options{Workers: 2, Sealer: k})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(dump(size)); err != nil {
				t.Fatal(err)
			}
			w.Abort()
			if err := w.Close(); err == nil || !strings.Contains(err.Error(), "aborted") {
				t.Errorf("close after abort: got %v, want an error", err)
			}
			if _, err := w.Write([]byte("x")); err == nil {
				t.Error("write after abort: got no error")
			}
			if got, err := read(stored.Bytes(), k, archive.Summary{}); !isDamage(err) {
				t.Errorf("got %d bytes, %v of what was aborted, want damage", len(got), err)
			}
		})
	}
}

// A deferred Close is the trap that makes half a dump look whole. It cannot be
// taken away, but a second one does not hide the first, and Abort is harmless.
func TestCloseTwice(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	var stored bytes.Buffer
	w, err := archive.NewWriter(&stored, archive.Options{Sealer: k})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	summary := w.Summary()
	w.Abort()
	if err := w.Close(); err == nil {
		t.Error("second close: got no error")
	}
	if _, err := w.Write([]byte("x")); err == nil {
		t.Error("write after close: got no error")
	}
	if got, err := read(stored.Bytes(), k, summary); err != nil || len(got) != 0 {
		t.Errorf("got %d bytes, %v, want none", len(got), err)
	}
}

// What the source says is not damage, wherever it says it.
func TestSourceFails(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	stored, summary := write(t, dump(2*archive.FrameSize), k)
	reset := errors.New("connection reset")
	for _, said := range []error{reset, io.ErrUnexpectedEOF} {
		for _, at := range []int{0, 10, 200, len(stored) / 2, len(stored) - 1, len(stored)} {
			synctest.Test(t, func(t *testing.T) {
				src := io.MultiReader(bytes.NewReader(stored[:at]), iotest.ErrReader(said))
				r, err := archive.NewReader(src, k, summary, 2)
				if err == nil {
					defer r.Close()
					_, err = io.ReadAll(r)
				}
				if !errors.Is(err, said) || isDamage(err) {
					t.Errorf("fails at %d: got %v, want %v and no damage", at, err, said)
				}
			})
		}
	}
}

func TestReaderClosedEarly(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	stored, summary := write(t, dump(6*archive.FrameSize), k)
	for _, n := range []int64{0, 1, archive.FrameSize, 4 * archive.FrameSize} {
		// The bubble fails if a goroutine outlives it.
		synctest.Test(t, func(t *testing.T) {
			r, err := archive.NewReader(bytes.NewReader(stored), k, summary, 2)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.CopyN(io.Discard, r, n); err != nil {
				t.Fatal(err)
			}
			synctest.Wait() // all that runs ahead has come to rest
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if _, err := io.Copy(io.Discard, r); err == nil {
				t.Error("read to the end after close: got no error")
			}
			if err := r.Close(); err != nil {
				t.Errorf("second close: %v", err)
			}
		})
	}
}

// Memory is bound by the workers, not by the size of the stream.
func TestMemory(t *testing.T) {
	k := newKeys(t)
	block := dump(archive.FrameSize)
	pr, pw := io.Pipe()
	done := make(chan error, 1)
	var peak uint64
	go func() {
		r, err := archive.NewReader(pr, k, archive.Summary{}, 2)
		if err == nil {
			defer r.Close()
			_, err = io.Copy(io.Discard, r)
		}
		done <- err
	}()
	w, err := archive.NewWriter(pw, archive.Options{Workers: 2, Sealer: k})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for i := range 30 {
		if _, err := w.Write(block); err != nil {
			t.Fatal(err)
		}
		if i%10 == 9 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	}
	if err := errors.Join(w.Close(), pw.Close()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the reader does not end")
	}
	// Some 30 MiB on either side, and what the test itself holds.
	if peak > 80<<20 {
		t.Errorf("got %d MiB of live heap for a writer and a reader, want no more than 80", peak>>20)
	}
}
