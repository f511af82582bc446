package archive

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// Of RFC 8878, the part that our frames use.
const (
	frameMagic = 0xFD2FB528

	startSize    = 4 + 1 // magic, descriptor
	blockHeader  = 3
	checksumSize = 4

	maxBlock  = 128 << 10
	maxWindow = 8 << 20 // what every reader of zstd must support

	blockRaw, blockRLE, blockCompressed = 0, 1, 2
)

// emptyFrame is the frame of an empty plain stream: content size 0, one raw
// block of nothing, the checksum of nothing. The encoder would leave out the
// checksum, and a frame of ours has one always.
const emptyFrame = "\x28\xb5\x2f\xfd\x24\x00\x01\x00\x00\x99\xe9\xd8\x51"

// packedBound is the most that a frame of so many plain bytes may be stored in.
// An encoder stores a block raw when that is shorter, so a frame outgrows its
// content by no more than its headers.
func packedBound(plain int) int { return plain + plain>>6 + 64 }

// readFrame reads one frame from r into buf, in place of which it makes a
// larger one if it must, and returns it with its description. What is too large
// is refused before there is room made for it. The content is not decoded, so
// nothing is known of it yet.
func readFrame(r *bufio.Reader, buf []byte) ([]byte, entry, error) {
	var start [startSize]byte
	if err := fill(r, start[:]); err != nil {
		return buf, entry{}, err
	}
	descriptor, err := parseStart(start[:])
	if err != nil {
		return buf, entry{}, err
	}
	var fields [1 + 8]byte // window, content size
	sizes := fields[:descriptor.windowSize()+descriptor.contentSize()]
	if err := fill(r, sizes); err != nil {
		return buf, entry{}, err
	}
	plain, err := descriptor.parse(sizes)
	if err != nil {
		return buf, entry{}, err
	}
	bound := packedBound(plain)
	if cap(buf) < bound {
		buf = make([]byte, 0, bound)
	}
	buf = append(append(buf[:0], start[:]...), sizes...)
	if buf, err = readBlocks(r, buf, bound); err != nil {
		return buf, entry{}, err
	}
	return buf, entry{uint32(len(buf)), uint32(plain), checksum(buf)}, nil
}

// readBlocks appends the blocks of a frame and its checksum to b, which has
// room for bound bytes.
func readBlocks(r *bufio.Reader, b []byte, bound int) ([]byte, error) {
	more := func(n int) error {
		at := len(b)
		if at+n > bound {
			return damaged("frame of more than %d stored bytes", bound)
		}
		b = b[:at+n]
		return fill(r, b[at:])
	}
	for last := false; !last; {
		if err := more(blockHeader); err != nil {
			return b, err
		}
		var size int
		var err error
		if size, last, err = parseBlock(b[len(b)-blockHeader:]); err != nil {
			return b, err
		}
		if err := more(size); err != nil {
			return b, err
		}
	}
	err := more(checksumSize)
	return b, err
}

// fill reads exactly p.
func fill(r io.Reader, p []byte) error {
	_, err := io.ReadFull(r, p)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged("%w", io.ErrUnexpectedEOF)
	}
	return err
}

// A descriptor is the byte of a frame header that says what follows it.
type descriptor byte

func parseStart(b []byte) (descriptor, error) {
	if binary.LittleEndian.Uint32(b) != frameMagic {
		return 0, damaged("no zstd frame where one should be")
	}
	d := descriptor(b[4])
	switch {
	case d&0b11011 != 0:
		return 0, damaged("frame header: a dictionary or unknown bits")
	case d&0b100 == 0:
		return 0, damaged("frame header: no checksum")
	case !d.single() && d.contentSize() == 1:
		return 0, damaged("frame header: no content size")
	}
	return d, nil
}

func (d descriptor) single() bool     { return d>>5&1 == 1 }
func (d descriptor) contentSize() int { return 1 << (d >> 6) } // 1, 2, 4 or 8

func (d descriptor) windowSize() int {
	if d.single() {
		return 0
	}
	return 1
}

// parse reads the fields that d announced and returns the size of the content.
func (d descriptor) parse(b []byte) (int, error) {
	if !d.single() {
		base := uint64(1) << (10 + b[0]>>3)
		if w := base + base/8*uint64(b[0]&7); w > maxWindow {
			return 0, damaged("frame header: window of %d bytes, more than %d", w, maxWindow)
		}
		b = b[1:]
	}
	var size uint64
	switch len(b) {
	case 1:
		size = uint64(b[0])
	case 2:
		size = uint64(binary.LittleEndian.Uint16(b)) + 256
	case 4:
		size = uint64(binary.LittleEndian.Uint32(b))
	default:
		size = binary.LittleEndian.Uint64(b)
	}
	if size > FrameSize {
		return 0, damaged("frame header: %d plain bytes, more than %d", size, FrameSize)
	}
	return int(size), nil
}

// parseBlock reads a block header: how many bytes follow it, and whether the
// block is the frame's last.
func parseBlock(b []byte) (size int, last bool, err error) {
	h := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
	size, last = h>>3, h&1 == 1
	if size > maxBlock {
		return 0, false, damaged("block of %d bytes, more than %d", size, maxBlock)
	}
	switch h >> 1 & 3 {
	case blockRaw, blockCompressed:
		return size, last, nil
	case blockRLE:
		return 1, last, nil
	default:
		return 0, false, damaged("block of a reserved type")
	}
}

// checksum returns the low 32 bits of the XXH64 of a frame's content, which
// stand at its end, and in the seek table once more.
func checksum(frame []byte) uint32 {
	return binary.LittleEndian.Uint32(frame[len(frame)-checksumSize:])
}
