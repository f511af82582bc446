package archive

import (
	"errors"
	"io"
	"slices"
	"sync"
)

// Of age's format: the plain and the sealed size of a chunk.
const (
	chunkSize       = 64 << 10
	sealedChunkSize = chunkSize + 16
)

// spans is an io.ReaderAt over the stored bytes that answers from what was
// fetched, so that the small reads of an Opener become few large ones.
type spans struct {
	src  io.ReaderAt
	size int64

	mu   sync.Mutex
	held []*span
}

type span struct {
	off   int64
	bytes []byte
}

// fetch reads [from, to) of the source at once, into buf if that is large
// enough, and holds it until release.
func (s *spans) fetch(from, to int64, buf []byte) (*span, error) {
	from, to = max(from, 0), min(to, s.size)
	buf = slices.Grow(buf[:0], int(to-from))[:to-from]
	if err := s.read(buf, from); err != nil {
		return nil, err
	}
	held := &span{from, buf}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = append(s.held, held)
	return held, nil
}

func (s *spans) release(gone *span) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = slices.DeleteFunc(s.held, func(h *span) bool { return h == gone })
}

// ReadAt implements io.ReaderAt.
func (s *spans) ReadAt(p []byte, off int64) (int, error) {
	if n := s.copyHeld(p, off); n == len(p) {
		return n, nil
	}
	if off >= s.size {
		return 0, io.EOF
	}
	q := p[:min(int64(len(p)), s.size-off)]
	if err := s.read(q, off); err != nil {
		return 0, err
	}
	if len(q) < len(p) {
		return len(q), io.EOF
	}
	return len(q), nil
}

func (s *spans) copyHeld(p []byte, off int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.held {
		if off >= h.off && off+int64(len(p)) <= h.off+int64(len(h.bytes)) {
			return copy(p, h.bytes[off-h.off:])
		}
	}
	return -1
}

// read fills p from the source.
func (s *spans) read(p []byte, off int64) error {
	n, err := s.src.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return damaged("%d bytes are stored, want %d", off+int64(n), s.size)
	default:
		return &sourceError{err}
	}
}
