package archive

import (
	"fmt"
	"hash"
	"io"

	"crypto/sha256"
	"encoding/hex"
)

// Proved reads stored bytes that are passed on as they are, and ends with io.EOF only if
// all of them were as the sum says: nothing is made of what is not.
type Proved struct {
	From io.Reader
	Want Sum
	Tell func(n int) // of bytes that were read; nil tells nobody

	hash hash.Hash
	n    int64
	err  error
}

// Bytes returns how many were read.
func (p *Proved) Bytes() int64 { return p.n }

// Err returns what reading failed with, nil so far or after io.EOF: ErrDamaged, or the
// error of From.
func (p *Proved) Err() error { return p.err }

// Read is io.Reader's.
func (p *Proved) Read(b []byte) (int, error) {
	if p.hash == nil {
		p.hash = sha256.New()
	}
	n, err := p.From.Read(b)
	p.n += int64(n)
	p.hash.Write(b[:n])
	if p.Tell != nil && n > 0 {
		p.Tell(n)
	}
	switch {
	case p.n > p.Want.Size:
		err = fmt.Errorf("%w: more than the %d stored bytes of the manifest", ErrDamaged, p.Want.Size)
	case err != io.EOF:
	case p.n < p.Want.Size:
		err = fmt.Errorf("%w: %d stored bytes, %d in the manifest", ErrDamaged, p.n, p.Want.Size)
	case hex.EncodeToString(p.hash.Sum(nil)) != p.Want.SHA256:
		err = fmt.Errorf("%w: the stored sha256 is not the manifest's", ErrDamaged)
	}
	if err != nil && err != io.EOF {
		p.err = err
	}
	return n, err
}
