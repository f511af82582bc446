package archive

import (
	"bufio"
	"io"
)

// Section returns a reader of n plain bytes from off on, which decodes so many
// frames at once (0 is GOMAXPROCS) and reads ahead of its reader. It reads the
// stored chunks in which those frames lie, once, some 4 MiB at a time.
//
// Each byte that it returns is of a frame that was checked to its end. It fails
// if the archive has fewer plain bytes than off and n say. The caller must Close
// it.
func (f *File) Section(off, n int64, workers int) io.ReadCloser {
	if off < 0 || n < 0 || off > f.size || n > f.size-off {
		return failed{damaged("no %d bytes at %d in %d plain bytes", n, off, f.size)}
	}
	if n == 0 {
		return failed{io.EOF}
	}
	first, end := int(off/FrameSize), int((off+n-1)/FrameSize)+1
	in := &run{file: f}
	for i := range end {
		if i == first {
			in.pos = in.end
		}
		in.end += int64(f.table.at(i).packed)
	}
	in.fetched = in.pos
	source := &frames{table: f.table, index: first, end: end, r: bufio.NewReaderSize(in, 4*chunkSize)}
	u, err := newUnpacker(source, min(orAll(workers), end-first), Sum{})
	if err != nil {
		return failed{err}
	}
	u.skip = int(off % FrameSize)
	return &section{unpacker: u, in: in, left: n}
}

// A section is the part of an unpacker's bytes that was asked for.
type section struct {
	unpacker *unpacker
	in       *run
	left     int64
}

func (s *section) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n, err := s.unpacker.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	if err == io.EOF && s.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (s *section) Close() error {
	err := s.unpacker.Close()
	s.in.drop()
	return err
}

// failed is a section that cannot be read.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }
func (f failed) Close() error             { return nil }

// frames is a run of frames that the seek table describes.
type frames struct {
	table      table
	index, end int
	r          *bufio.Reader
}

func (f *frames) next(buf []byte) ([]byte, entry, error) {
	if f.index == f.end {
		return buf, entry{}, io.EOF
	}
	packed, got, err := readFrame(f.r, buf)
	if err == nil && got != f.table.at(f.index) {
		err = damaged("frame %d: does not agree with the seek table", f.index)
	}
	f.index++
	return packed, got, reading(err)
}

// A run reads unsealed bytes in order. It fetches what they lie in ahead of
// them, fetchSize at a time.
type run struct {
	file              *File
	pos, fetched, end int64
	held              *span
	buf               []byte
}

func (r *run) Read(p []byte) (int, error) {
	if r.pos == r.end {
		return 0, io.EOF
	}
	if r.pos == r.fetched {
		if err := r.fetch(); err != nil {
			return 0, err
		}
	}
	p = p[:min(int64(len(p)), r.fetched-r.pos)]
	if err := r.file.readPacked(p, r.pos); err != nil {
		return 0, err
	}
	r.pos += int64(len(p))
	return len(p), nil
}

// fetch gets the chunks that come next, to the end of one of them, so that none
// is fetched twice.
func (r *run) fetch() error {
	r.drop()
	to := min(r.end, (r.pos/chunkSize+fetchSize/chunkSize)*chunkSize)
	held, err := r.file.hold(r.pos, to, r.buf)
	if err != nil {
		return err
	}
	r.held, r.buf, r.fetched = held, held.bytes, to
	return nil
}

func (r *run) drop() {
	if r.held != nil {
		r.file.spans.release(r.held)
		r.held = nil
	}
}
