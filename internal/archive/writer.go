package archive

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Options say how a [Writer] packs.
type Options struct {
	// Level is zstd's, 1 to 19; 0 is 1. The encoder has four strengths: 1 and 2
	// are its fastest, 3 to 5 its default, 6 to 9 its better, 10 and above its
	// best.
	Level int

	// Workers is how many frames are compressed at once; 0 is GOMAXPROCS. Each
	// takes some 8 MiB of memory at level 1, and so does the Writer itself.
	Workers int

	// Sealer encrypts the archive. There is no archive without one.
	Sealer Sealer
}

var (
	errAborted = errors.New("write archive: aborted")
	errClosed  = errors.New("write archive: already closed")
)

// A Writer packs the plain bytes that are written to it. It is not safe for
// concurrent use. Whoever made one calls Close or Abort, and only Close makes
// an archive: so defer Abort, which does nothing after Close, and never Close.
type Writer struct {
	plain   *summer // of what came in; belongs to hash until all has stopped
	stored  *summer // of what went out; belongs to store likewise
	dst     *bufio.Writer
	sealed  io.WriteCloser
	head    Sum
	encoder *zstd.Encoder
	table   table

	// Buffers go round: plains to Write, packs to submit. A frame gets both its
	// buffers in the order of frames, so none can wait for one that waits for it.
	current       []byte
	submitted     bool
	plains, packs chan []byte

	toHash, toPack, toStore chan *frame
	running                 sync.WaitGroup
	stopping                sync.Once

	failing sync.Once
	failure error // to be read once failed is closed
	failed  chan struct{}

	ended   error // why nothing more can be written
	summary Summary
}

// NewWriter returns a Writer that stores into dst. Nothing is written to dst
// before the first frame is packed.
func NewWriter(dst io.Writer, o Options) (*Writer, error) {
	if o.Sealer == nil {
		return nil, errors.New("write archive: nothing to seal it with")
	}
	if o.Level < 0 || o.Level > 19 {
		return nil, fmt.Errorf("write archive: level %d, want 1 to 19", o.Level)
	}
	o.Workers = orAll(o.Workers)
	encoder, err := newEncoder(max(o.Level, 1), o.Workers)
	if err != nil {
		return nil, fmt.Errorf("write archive: %w", err)
	}
	w := &Writer{plain: newSummer(), stored: newSummer(), encoder: encoder, failed: make(chan struct{})}
	// Larger than age's chunks: a pipe behind dst changes hands less often.
	w.dst = bufio.NewWriterSize(io.MultiWriter(dst, w.stored), 256<<10)
	out := &beginning{w: w.dst, head: newSummer()}
	if w.sealed, err = o.Sealer.Seal(out); err != nil {
		return nil, fmt.Errorf("seal archive: %w", err)
	}
	w.head = out.end()
	w.start(o.Workers)
	return w, nil
}

func newEncoder(level, workers int) (*zstd.Encoder, error) {
	strength := zstd.EncoderLevelFromZstd(level)
	// Memory goes with the window. The fastest strength finds nothing more in a
	// large one; the others do, but no frame needs more than its own size.
	window := FrameSize
	if strength == zstd.SpeedFastest {
		window = FrameSize / 4
	}
	return zstd.NewWriter(nil,
		zstd.WithEncoderLevel(strength),
		zstd.WithEncoderConcurrency(workers),
		zstd.WithWindowSize(window),
		zstd.WithLowerEncoderMem(window == FrameSize), // slower for a smaller window: it would be moved often
		zstd.WithSingleSegment(true),
	)
}

// Write takes p in. An error of dst, or of the sealer, comes back from a later
// Write and from Close.
func (w *Writer) Write(p []byte) (int, error) {
	if w.ended != nil {
		return 0, w.ended
	}
	if err := w.failureSoFar(); err != nil {
		return 0, err
	}
	written := 0
	for len(p) > 0 {
		if err := w.room(); err != nil {
			return written, err
		}
		at := len(w.current)
		n := copy(w.current[at:FrameSize], p)
		w.current = w.current[:at+n]
		written, p = written+n, p[n:]
		if at+n < FrameSize {
			break
		}
		if err := w.submit(); err != nil {
			return written, err
		}
	}
	return written, nil
}

// Close packs what is left and ends the archive: seek table, seal, all of it
// written to dst, which stays open. Only if it returns nil is there an archive.
// After an error of Write, or after Abort, it returns that error.
func (w *Writer) Close() error {
	if w.ended != nil {
		return w.ended
	}
	err := w.finish()
	w.end(err)
	return err
}

// Abort ends the Writer without an archive: what was stored so far cannot be
// opened to its end. It waits for a Write of dst that is under way. After Close
// it does nothing.
func (w *Writer) Abort() {
	if w.ended == nil {
		w.end(errAborted)
	}
}

// Summary describes the archive, once Close returned nil.
func (w *Writer) Summary() Summary { return w.summary }

func (w *Writer) finish() error {
	if w.current != nil || !w.submitted {
		if err := w.room(); err != nil {
			return err
		}
		if err := w.submit(); err != nil {
			return err
		}
	}
	w.stop()
	if err := w.failureSoFar(); err != nil {
		return err
	}
	for _, part := range [][]byte{w.table.header(), w.table, w.table.footer()} {
		if _, err := w.sealed.Write(part); err != nil {
			return fmt.Errorf("write archive: %w", err)
		}
	}
	if err := w.sealed.Close(); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	if err := w.dst.Flush(); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	w.summary = Summary{Plain: w.plain.sum(), Stored: w.stored.sum(), Head: w.head}
	return nil
}

// end makes sure that nothing runs and nothing can be written any more.
func (w *Writer) end(err error) {
	if err == nil {
		w.ended = errClosed
	} else {
		w.ended = err
		w.fail(err)
	}
	w.stop()
}
