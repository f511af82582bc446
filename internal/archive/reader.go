package archive

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
)

// A Reader gives the plain bytes of an archive in order.
//
// Its bytes come before they are proved: only io.EOF says that all of them
// were right. It comes after the end of the sealed stream was authentic, the
// seek table agreed with every frame, each frame with its checksum, and the
// whole with the sums that were wanted. Any other end is an error: one that
// wraps [ErrDamaged], or that of the source.
type Reader struct{ *unpacker }

// NewReader reads the head of an archive from src and returns a Reader of its
// plain bytes, which decodes so many frames at once (0 is GOMAXPROCS). Fields of
// want that are zero are not compared. The caller must Close the Reader, after
// which src is read no more, and src after that.
func NewReader(src io.Reader, o Opener, want Summary, workers int) (*Reader, error) {
	in := &stored{src: src, sum: summerFor(want.Stored), want: want.Stored, head: summerFor(want.Head), wantHead: want.Head}
	opened, err := o.Open(in)
	if err != nil {
		return nil, opening(cmp.Or(in.err, err))
	}
	u, err := newUnpacker(&stream{in: in, r: bufio.NewReaderSize(opened, chunkSize)}, orAll(workers), want.Plain)
	if err != nil {
		return nil, err
	}
	return &Reader{u}, nil
}

// stored reads what is stored, sums it up, and keeps the error of the source,
// so that it is not taken for damage by what reads from it.
type stored struct {
	src            io.Reader
	sum, head      *summer
	want, wantHead Sum
	err            error
}

func (s *stored) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.src.Read(p)
	s.sum.Write(p[:n])
	s.head.Write(p[:max(0, min(int64(n), s.wantHead.Size-s.head.size))])
	if err != nil && err != io.EOF {
		s.err = &sourceError{err}
	} else if long := s.sum.within("stored", s.want); long != nil {
		s.err, err = long, long
	}
	return n, err
}

// A stream finds the frames of an archive as they come.
type stream struct {
	in    *stored
	r     *bufio.Reader
	table table
}

func (s *stream) next(buf []byte) ([]byte, entry, error) {
	packed, e, err := s.frame(buf)
	if err != nil && s.in.err != nil {
		err = s.in.err // whatever the Opener made of it
	}
	return packed, e, reading(err)
}

func (s *stream) frame(buf []byte) ([]byte, entry, error) {
	magic, err := s.r.Peek(4)
	if err == io.EOF {
		return buf, entry{}, damaged("no seek table at its end")
	} else if err != nil {
		return buf, entry{}, err
	}
	if binary.LittleEndian.Uint32(magic) == tableMagic {
		return buf, entry{}, s.end()
	}
	packed, e, err := readFrame(s.r, buf)
	if err != nil {
		return packed, e, err
	}
	if err := s.table.next(e); err != nil {
		return packed, e, err
	}
	s.table = s.table.add(e)
	return packed, e, nil
}

// end reads what follows the frames, and returns io.EOF if it is what must
// follow these, and nothing else does.
func (s *stream) end() error {
	if s.table.len() == 0 {
		return damaged("no frame")
	}
	buf := make([]byte, 32<<10)
	for _, want := range [][]byte{s.table.header(), s.table, s.table.footer()} {
		for len(want) > 0 {
			got := buf[:min(len(buf), len(want))]
			if err := fill(s.r, got); err != nil {
				return err
			}
			if !bytes.Equal(got, want[:len(got)]) {
				return damaged("seek table: does not agree with the frames")
			}
			want = want[len(got):]
		}
	}
	if _, err := s.r.ReadByte(); err == nil {
		return damaged("something follows the seek table")
	} else if err != io.EOF {
		return err
	}
	if err := s.in.head.match("head", s.in.wantHead); err != nil {
		return err
	}
	if err := s.in.sum.match("stored", s.in.want); err != nil {
		return err
	}
	return io.EOF
}
