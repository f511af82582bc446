package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// CheckRange refuses what cannot be a part of any object. Every Ranger calls it.
func CheckRange(offset, length int64) error {
	if offset < 0 || length < 0 || offset+length < 0 {
		return fmt.Errorf("invalid range: %d bytes from %d", length, offset)
	}
	return nil
}

// Exactly returns the first n bytes of r; where r ends earlier, the reader's
// error is io.ErrUnexpectedEOF. Closing it closes r.
func Exactly(r io.ReadCloser, n int64) io.ReadCloser {
	return &exact{r: r, left: n}
}

type exact struct {
	r    io.ReadCloser
	left int64
}

func (e *exact) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > e.left {
		p = p[:e.left]
	}
	n, err := e.r.Read(p)
	e.left -= int64(n)
	if err == io.EOF && e.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (e *exact) Close() error { return e.r.Close() }

// A RangeReader reads one object at random. It is safe for concurrent use.
type RangeReader struct {
	// Passed, if not nil, is told when a store is given up for the next one, and why;
	// it is the at-th of those that ReaderAt was given. Set it before the first read.
	Passed func(at int, why error)

	ctx   context.Context // io.ReaderAt has no room for it
	from  []Ranger
	at    atomic.Int32 // of from
	key   string
	size  int64
	bytes atomic.Int64
}

// ReaderAt makes an object of size bytes readable at random: each ReadAt is one
// GetRange. Where a store fails, the next one that has the same object is
// turned to, and stayed with. All reading ends with ctx. A store that is no
// Ranger is an error.
func ReaderAt(ctx context.Context, key string, size int64, from ...Store) (*RangeReader, error) {
	out := &RangeReader{ctx: ctx, key: key, size: size}
	for _, s := range from {
		r, ok := s.(Ranger)
		if !ok {
			return nil, fmt.Errorf("read %s in parts: %w", key, errors.ErrUnsupported)
		}
		out.from = append(out.from, r)
	}
	if err := CheckRange(0, size); err != nil {
		return nil, fmt.Errorf("read %s in parts: %w", key, err)
	}
	return out, nil
}

// ReadAt implements io.ReaderAt. An object that is shorter than it was said to
// be is io.ErrUnexpectedEOF.
func (r *RangeReader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read %s: negative offset %d", r.key, off)
	}
	want := min(int64(len(p)), r.size-off)
	if want <= 0 {
		if len(p) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	n, err := r.read(p[:want], off)
	r.bytes.Add(int64(n))
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// read reads from the store in use, and turns to the next one where it must.
func (r *RangeReader) read(p []byte, off int64) (n int, err error) {
	var errs []error
	for {
		at := r.at.Load()
		n, err = r.readFrom(r.from[at], p, off)
		if err == nil || r.ctx.Err() != nil {
			return n, err
		}
		errs = append(errs, err)
		if int(at) == len(r.from)-1 {
			return n, errors.Join(errs...)
		}
		if r.at.CompareAndSwap(at, at+1) && r.Passed != nil {
			r.Passed(int(at), err)
		}
	}
}

func (r *RangeReader) readFrom(from Ranger, p []byte, off int64) (int, error) {
	body, err := from.GetRange(r.ctx, r.key, off, int64(len(p)))
	if err != nil {
		return 0, err
	}
	defer body.Close()
	n, err := io.ReadFull(body, p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return n, fmt.Errorf("read %s at %d: %w", r.key, off, err)
	}
	return n, nil
}

// Size is the size that the object was said to have.
func (r *RangeReader) Size() int64 { return r.size }

// Bytes is how many bytes have been read from the store so far.
func (r *RangeReader) Bytes() int64 { return r.bytes.Load() }
