package archive

import (
	"encoding/binary"
)

// The seek table is the one of zstd's contrib/seekable_format: a skippable
// frame with an entry for each frame, then a footer of nine bytes.
const (
	tableMagic  = 0x184D2A5E
	footerMagic = 0x8F92EAB1

	tableHeader = 8  // magic, length of what follows
	entrySize   = 12 // packed size, plain size, checksum
	footerSize  = 9  // number of frames, descriptor, magic

	withChecksums = 1 << 7 // of the descriptor; its other bits must be zero
)

// An entry describes one frame.
type entry struct {
	packed, plain, checksum uint32
}

// A table is the entries of all frames in order, as they are stored.
type table []byte

func (t table) len() int { return len(t) / entrySize }

func (t table) add(e entry) table {
	t = binary.LittleEndian.AppendUint32(t, e.packed)
	t = binary.LittleEndian.AppendUint32(t, e.plain)
	return binary.LittleEndian.AppendUint32(t, e.checksum)
}

func (t table) at(i int) entry {
	b := t[i*entrySize:][:entrySize]
	return entry{
		packed:   binary.LittleEndian.Uint32(b),
		plain:    binary.LittleEndian.Uint32(b[4:]),
		checksum: binary.LittleEndian.Uint32(b[8:]),
	}
}

// header returns what stands before the entries.
func (t table) header() []byte {
	b := binary.LittleEndian.AppendUint32(nil, tableMagic)
	return binary.LittleEndian.AppendUint32(b, uint32(len(t)+footerSize))
}

// footer returns what stands after the entries.
func (t table) footer() []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(t.len()))
	b = append(b, withChecksums)
	return binary.LittleEndian.AppendUint32(b, footerMagic)
}

// parseFooter returns the number of frames that a footer names.
func parseFooter(b []byte) (int64, error) {
	if binary.LittleEndian.Uint32(b[5:]) != footerMagic {
		return 0, damaged("it does not end in a seek table")
	}
	if b[4] != withChecksums {
		return 0, damaged("seek table: descriptor %#02x, want %#02x", b[4], withChecksums)
	}
	n := int64(binary.LittleEndian.Uint32(b))
	if n == 0 {
		return 0, damaged("seek table: no frame")
	}
	return n, nil
}

// next checks that a frame may follow those of t. All frames but the last are
// of full size, and only a sole one is empty: so no archive holds more frames,
// or a longer table, than its size warrants.
func (t table) next(e entry) error {
	if n := t.len(); n > 0 && t.at(n-1).plain != FrameSize {
		return damaged("frame %d: got %d plain bytes, want %d in all but the last", n-1, t.at(n-1).plain, FrameSize)
	} else if n > 0 && e.plain == 0 {
		return damaged("frame %d: empty, after others", n)
	}
	return nil
}
