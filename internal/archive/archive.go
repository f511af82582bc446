// Package archive turns the plain bytes of a backup into what is stored, and
// back. The format is docs/design.md's "Archive format": zstd frames of 4 MiB
// with a seek table at their end, sealed as one age file, so that `age -d | zstd -d`
// gives the same plain bytes.
//
// A [Writer] compresses in parallel and seals. A [Reader] gives the plain bytes
// in order, and its io.EOF is the proof that all of them are right. A [File]
// reads parts of the plain bytes without fetching the rest.
package archive

import (
	"errors"
	"fmt"
	"io"
	"runtime"
)

// FrameSize is the number of plain bytes in each frame but the last.
const FrameSize = 4 << 20

// A Sum is a length in bytes and a SHA-256 in lower-case hex.
type Sum struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// A Summary describes an archive from both ends: the bytes that went in and
// the bytes that are stored. Head is the first of these, all that comes before the
// sealed chunks: it fixes the key that these are sealed with, so that who knows it
// can prove a part of them.
type Summary struct{ Plain, Stored, Head Sum }

// A Sealer encrypts what is written to the result into dst. The result is whole
// only after its Close returned nil; Close does not close dst. What comes before
// the sealed chunks is written before Seal returns.
type Sealer interface {
	Seal(dst io.Writer) (io.WriteCloser, error)
}

// An Opener decrypts what a [Sealer] made.
//
// Open's reader returns io.EOF only after the authentic end of src. OpenAt
// returns the size of the decrypted bytes besides; its reader authenticates
// what it returns, and may be used by several goroutines at once. An error that
// has a method Damaged() bool, and returns true from it, says that no key can
// open src, in distinction to a key that is wrong or missing.
type Opener interface {
	Open(src io.Reader) (io.Reader, error)
	OpenAt(src io.ReaderAt, size int64) (io.ReaderAt, int64, error)
}

// orAll returns the number of workers that is meant.
func orAll(workers int) int {
	if workers <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return workers
}

// ErrDamaged is wrapped by every error that says that an archive is not what
// was written: cut, changed, or never an archive. An error of the place that
// the archive is read from, or a key that does not fit, is never ErrDamaged.
var ErrDamaged = errors.New("archive is damaged")

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrDamaged, fmt.Errorf(format, args...))
}

// opening explains the error of an Opener.
func opening(err error) error {
	var source *sourceError
	var d interface{ Damaged() bool }
	switch {
	case errors.As(err, &source):
		return source
	case errors.Is(err, ErrDamaged):
		return err
	case errors.As(err, &d) && d.Damaged():
		return damaged("%w", err)
	default:
		return fmt.Errorf("open archive: %w", err)
	}
}

// reading explains the error of an Opener's reader: what is neither the
// source's nor found by us, is that the bytes are not those that were sealed.
func reading(err error) error {
	var source *sourceError
	switch {
	case err == nil || err == io.EOF || errors.Is(err, ErrDamaged):
		return err
	case errors.As(err, &source):
		return source
	default:
		return damaged("%w", err)
	}
}

// A sourceError is what the place of an archive said, not about its bytes.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return "read archive: " + e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }
