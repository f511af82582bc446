package archive

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A frameSource yields the frames of an archive in order. It reads each into
// buf, or into a larger one, and returns io.EOF only when there is nothing left
// to read and all that was read is in order.
type frameSource interface {
	next(buf []byte) (packed []byte, e entry, err error)
}

// An unpacker decodes frames in parallel and delivers them in order.
type unpacker struct {
	source  frameSource
	decoder *zstd.Decoder
	plain   *summer // of all that is delivered, and then matches want
	want    Sum

	// Buffers go round. The source's goroutine takes both that a frame needs, in
	// the order of frames, so none can wait for one that waits for it.
	packs, plains     chan []byte
	toUnpack, toCheck chan *unpacking
	ready             chan *unpacking
	running           sync.WaitGroup
	closing           sync.Once
	closed            chan struct{}

	// Of Read alone.
	current []byte // from which rest is still to be read
	rest    []byte
	skip    int // bytes to leave out, at the beginning
	err     error
}

// An unpacking is a frame on its way, or the error that ends them.
type unpacking struct {
	index         int
	entry         entry
	packed, plain []byte
	err           error
	isDone        chan struct{}
}

func newUnpacker(source frameSource, workers int, want Sum) (*unpacker, error) {
	decoder, err := zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(workers),
		zstd.WithDecoderMaxMemory(maxWindow),
		zstd.WithDecoderMaxWindow(maxWindow),
		zstd.WithDecodeAllCapLimit(true),
	)
	if err != nil {
		return nil, fmt.Errorf("read archive: %w", err)
	}
	inFlight := workers + 2 // each worker's, the one that is checked, the one that is read
	u := &unpacker{
		source: source, decoder: decoder, plain: summerFor(want), want: want,
		packs: make(chan []byte, inFlight), plains: make(chan []byte, inFlight),
		toUnpack: make(chan *unpacking, inFlight), toCheck: make(chan *unpacking, inFlight),
		ready: make(chan *unpacking), closed: make(chan struct{}),
	}
	for range inFlight {
		u.plains <- nil
	}
	for range workers + 1 { // each worker's, the one that is fetched
		u.packs <- nil
	}
	u.running.Go(u.fetch)
	u.running.Go(u.check)
	for range workers {
		u.running.Go(u.unpack)
	}
	return u, nil
}

var errReaderClosed = errors.New("read archive: already closed")

// take receives from c, unless the unpacker is closed first.
func take[T any](u *unpacker, c <-chan T) (t T, ok bool) {
	select {
	case t, ok = <-c:
		return t, ok
	case <-u.closed:
		return t, false
	}
}

func (u *unpacker) fetch() {
	defer close(u.toUnpack)
	defer close(u.toCheck)
	for i := 0; ; i++ {
		packed, ok := take(u, u.packs)
		if !ok {
			return
		}
		plain, ok := take(u, u.plains)
		if !ok {
			return
		}
		f := &unpacking{index: i, plain: plain, isDone: make(chan struct{})}
		if f.packed, f.entry, f.err = u.source.next(packed); f.err != nil {
			close(f.isDone)
			u.toCheck <- f
			return
		}
		u.toUnpack <- f
		u.toCheck <- f
	}
}

func (u *unpacker) unpack() {
	for f := range u.toUnpack {
		// A little more than the content: the decoder copies in strides.
		if size := int(f.entry.plain) + 64; cap(f.plain) < size {
			f.plain = make([]byte, 0, size)
		}
		var err error
		if f.plain, err = u.decoder.DecodeAll(f.packed, f.plain[:0]); err != nil {
			f.err = damaged("frame %d: %w", f.index, err)
		} else if len(f.plain) != int(f.entry.plain) {
			f.err = damaged("frame %d: got %d plain bytes, want %d", f.index, len(f.plain), f.entry.plain)
		}
		u.packs <- f.packed
		f.packed = nil
		close(f.isDone)
	}
}

// check sums the plain bytes up in order, and hands them to Read.
func (u *unpacker) check() {
	defer close(u.ready)
	for f := range u.toCheck {
		<-f.isDone
		if f.err == nil {
			u.plain.Write(f.plain)
			f.err = u.plain.within("plain", u.want)
		} else if f.err == io.EOF {
			if err := u.plain.match("plain", u.want); err != nil {
				f.err = err
			}
		}
		select {
		case u.ready <- f:
		case <-u.closed:
			return
		}
		if f.err != nil {
			return
		}
	}
}

// Read implements io.Reader.
func (u *unpacker) Read(p []byte) (int, error) {
	for len(u.rest) == 0 {
		if u.err != nil || len(p) == 0 {
			return 0, u.err
		}
		u.advance()
	}
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}

// WriteTo implements io.WriterTo: it spares io.Copy a buffer.
func (u *unpacker) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for {
		if len(u.rest) > 0 {
			n, err := w.Write(u.rest)
			u.rest = u.rest[n:]
			if total += int64(n); err != nil {
				return total, err
			}
		}
		if u.err == io.EOF {
			return total, nil
		} else if u.err != nil {
			return total, u.err
		}
		u.advance()
	}
}

// advance gives the buffer that was read back, and takes the next.
func (u *unpacker) advance() {
	if u.current != nil {
		u.plains <- u.current
		u.current = nil
	}
	f, ok := take(u, u.ready)
	switch {
	case !ok:
		u.err = errReaderClosed
	case f.err != nil:
		u.err = f.err
	default:
		u.current = f.plain
		skip := min(u.skip, len(f.plain))
		u.rest, u.skip = f.plain[skip:], u.skip-skip
	}
}

// Close ends all that runs. It waits for a read of the source that is under way.
func (u *unpacker) Close() error {
	u.closing.Do(func() { close(u.closed) })
	u.running.Wait()
	u.decoder.Close()
	return nil
}
