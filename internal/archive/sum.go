package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// A summer counts what is written to it, and hashes it unless hash is nil.
type summer struct {
	hash hash.Hash
	size int64
}

func newSummer() *summer { return &summer{hash: sha256.New()} }

// summerFor hashes only where the hash will be compared: it is the largest part
// of what reading an archive costs.
func summerFor(want Sum) *summer {
	if want.SHA256 == "" {
		return &summer{}
	}
	return newSummer()
}

func (s *summer) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	if s.hash == nil {
		return len(p), nil
	}
	return s.hash.Write(p)
}

func (s *summer) sum() Sum {
	if s.hash == nil {
		return Sum{Size: s.size}
	}
	return Sum{Size: s.size, SHA256: hex.EncodeToString(s.hash.Sum(nil))}
}

// A beginning sums up what is written to w until its end, and passes all on.
type beginning struct {
	w    io.Writer
	head *summer // nil after the end
}

func (b *beginning) Write(p []byte) (int, error) {
	n, err := b.w.Write(p)
	if b.head != nil {
		b.head.Write(p[:n]) // which never fails
	}
	return n, err
}

func (b *beginning) end() Sum {
	head := b.head
	b.head = nil
	return head.sum()
}

// match returns an error unless s agrees with every field of want that is not zero.
func (s *summer) match(what string, want Sum) error {
	got := s.sum()
	if want.Size != 0 && got.Size != want.Size {
		return damaged("%s size: got %d, want %d", what, got.Size, want.Size)
	}
	if want.SHA256 != "" && got.SHA256 != want.SHA256 {
		return damaged("%s sha256: got %s, want %s", what, got.SHA256, want.SHA256)
	}
	return nil
}

// within returns an error as soon as more bytes have passed than want says.
func (s *summer) within(what string, want Sum) error {
	if want.Size != 0 && s.size > want.Size {
		return fmt.Errorf("%w: %s size: more than the %d wanted", ErrDamaged, what, want.Size)
	}
	return nil
}
