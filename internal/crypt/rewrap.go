package crypt

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// Rewrap returns the age file src as one for other recipients: a new header that
// gives them the same file key, and the payload to its last byte as it was. The
// identities open src, and no other key is needed. The result's io.EOF comes only
// after the authentic end of src, whose every byte was proved with the file key
// on the way; any other end means that what came before is to be thrown away.
//
// As the file key is the same, who could open src and has kept it, or its header
// alone, can open the result. Rewrapping takes a lost or retired key out of use;
// it does not make what a stolen one has opened a secret again. Nor is a file
// safe from quantum computers because its new header is, when the old one was not.
//
// The error wraps [ErrNoMatch] if src is for others. One that has a method
// Damaged() bool, and returns true from it, says that src is no whole age file;
// an error of src itself comes back wrapped and is neither.
func Rewrap(src io.Reader, ids *Identities, to *Recipients) (*Rewrapped, error) {
	r, err := rewrap(&source{r: src}, ids, to)
	if err != nil {
		return nil, fmt.Errorf("rewrap: %w", err)
	}
	return r, nil
}

func rewrap(src *source, ids *Identities, to *Recipients) (*Rewrapped, error) {
	var read bytes.Buffer
	header, err := age.ExtractHeader(io.TeeReader(src, &read))
	if err != nil {
		return nil, src.blame(&headerError{err})
	}
	// age has read on into the payload, as far as it liked.
	payload, ok := bytes.CutPrefix(read.Bytes(), header)
	if !ok {
		return nil, &headerError{errors.New("not written as age writes it")}
	}
	fileKey, err := age.DecryptHeader(header, ids.keys...)
	if err != nil {
		return nil, ids.explain(err)
	}
	if header, err = to.header(fileKey); err != nil {
		return nil, err
	}
	out := &Rewrapped{src: src, head: int64(len(header) + nonceSize), scratch: make([]byte, 64<<10)}
	whole := io.MultiReader(bytes.NewReader(header), bytes.NewReader(payload), src)
	out.plain, err = age.Decrypt(io.TeeReader(whole, &out.passed), age.NewInjectedFileKeyIdentity(fileKey))
	if err != nil {
		return nil, src.blame(&payloadError{err})
	}
	return out, nil
}

// Rewrapped gives what age reads while it opens the new file: age itself says
// where that ends, and whether it is right.
type Rewrapped struct {
	src     *source
	head    int64
	plain   io.Reader
	passed  bytes.Buffer // what was read and is not given yet
	scratch []byte
	err     error
}

// Head returns how many bytes come before the sealed chunks: header and nonce.
func (r *Rewrapped) Head() int64 { return r.head }

func (r *Rewrapped) Read(p []byte) (int, error) {
	for r.passed.Len() == 0 && r.err == nil {
		if _, err := r.plain.Read(r.scratch); err == io.EOF {
			r.err = err
		} else if err != nil {
			r.err = fmt.Errorf("rewrap: %w", r.src.blame(&payloadError{err}))
			r.passed.Reset() // what was found wrong is nobody's
		}
	}
	if r.passed.Len() == 0 {
		return 0, r.err
	}
	return r.passed.Read(p)
}

// A source remembers how it ended, so that its error is not taken for one of
// the bytes.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.err = err
	return n, err
}

// blame returns the error of the source, if it had one, in the place of err.
func (s *source) blame(err error) error {
	if s.err != nil && s.err != io.EOF {
		return fmt.Errorf("read age file: %w", s.err)
	}
	return err
}

// A payloadError says that what follows a header is not what was sealed.
type payloadError struct{ err error }

func (e *payloadError) Error() string { return "read age payload: " + e.err.Error() }
func (e *payloadError) Unwrap() error { return e.err }
func (e *payloadError) Damaged() bool { return true }
