package archive

import (
	"io"
)

const (
	headGuess = 32 << 10            // the header, even for a dozen post-quantum recipients
	tailGuess = 2 * sealedChunkSize // the last chunk, and the seek table of 20 GiB
	fetchSize = 4 << 20             // what a section reads of the source at once
)

// A File reads parts of an archive without fetching the rest. It is safe for
// concurrent use.
type File struct {
	spans    *spans
	packed   io.ReaderAt // the unsealed bytes: frames and seek table
	payload  int64       // where the sealed chunks begin in the stored bytes
	frameEnd int64       // where the frames end in the unsealed bytes
	table    table
	size     int64
}

// OpenFile opens an archive that is stored in src, of the size and with the head
// that want says. It reads its head, its tail and the seek table, in two reads unless
// one of them is large.
//
// What a File gives is a partial proof: the chunks and frames that were read
// are what was sealed, in their places, with the key that the head fixes. Of the
// rest, and of the sums of the whole, it knows nothing. Without a wanted head
// anybody who knows the recipients may have sealed it.
func OpenFile(src io.ReaderAt, want Summary, o Opener) (*File, error) {
	size := want.Stored.Size
	f := &File{spans: &spans{src: src, size: size}}
	for _, part := range ends(size, max(headGuess, want.Head.Size)) {
		held, err := f.spans.fetch(part[0], part[1], nil)
		if err != nil {
			return nil, err
		}
		defer f.spans.release(held)
	}
	packed, packedSize, err := o.OpenAt(f.spans, size)
	if err != nil {
		return nil, opening(err)
	}
	chunks := max(1, (packedSize+chunkSize-1)/chunkSize)
	f.packed, f.payload = packed, size-packedSize-chunks*(sealedChunkSize-chunkSize)
	if err := f.checkHead(want.Head); err != nil {
		return nil, err
	}
	if err := f.readTable(packedSize); err != nil {
		return nil, err
	}
	if err := f.checkTable(); err != nil {
		return nil, err
	}
	return f, nil
}

// ends returns the parts of the stored bytes that opening needs.
func ends(size, head int64) [][2]int64 {
	if size <= head+tailGuess {
		return [][2]int64{{0, size}}
	}
	return [][2]int64{{0, head}, {size - tailGuess, size}}
}

// checkHead reads the head, which is held, once more.
func (f *File) checkHead(want Sum) error {
	if want.SHA256 == "" {
		return nil
	}
	got := newSummer()
	if _, err := io.Copy(got, io.NewSectionReader(f.spans, 0, f.payload)); err != nil {
		return reading(err)
	}
	return got.match("head", want)
}

// Size returns the number of plain bytes.
func (f *File) Size() int64 { return f.size }

// readTable reads the seek table from the end of the unsealed bytes.
func (f *File) readTable(packedSize int64) error {
	footer := make([]byte, footerSize)
	if packedSize < footerSize {
		return damaged("too short for a seek table")
	}
	if err := f.readPacked(footer, packedSize-footerSize); err != nil {
		return err
	}
	n, err := parseFooter(footer)
	if err != nil {
		return err
	}
	f.frameEnd = packedSize - (tableHeader + n*entrySize + footerSize)
	if f.frameEnd < n*int64(len(emptyFrame)) {
		return damaged("seek table: more frames than there is room for")
	}
	if packedSize-f.frameEnd > chunkSize { // else it lies in what is held
		held, err := f.hold(f.frameEnd, packedSize, nil)
		if err != nil {
			return err
		}
		defer f.spans.release(held)
	}
	b := make([]byte, tableHeader+n*entrySize)
	if err := f.readPacked(b, f.frameEnd); err != nil {
		return err
	}
	f.table = b[tableHeader:]
	if string(b[:tableHeader]) != string(f.table.header()) {
		return damaged("seek table: no header where it should begin")
	}
	return nil
}

// checkTable makes sure that the entries describe frames of ours that fill
// exactly what is before the table.
func (f *File) checkTable() error {
	var packed int64
	for i := range f.table.len() {
		e := f.table.at(i)
		if err := f.table[:i*entrySize].next(e); err != nil {
			return err
		}
		if e.plain > FrameSize || int(e.packed) > packedBound(int(e.plain)) {
			return damaged("seek table: frame %d of %d plain and %d stored bytes", i, e.plain, e.packed)
		}
		packed += int64(e.packed)
		f.size += int64(e.plain)
	}
	if packed != f.frameEnd {
		return damaged("seek table: frames of %d bytes, want %d", packed, f.frameEnd)
	}
	return nil
}

// hold fetches the chunks in which [from, to) of the unsealed bytes lies.
func (f *File) hold(from, to int64, buf []byte) (*span, error) {
	first, end := from/chunkSize, (to+chunkSize-1)/chunkSize
	return f.spans.fetch(f.payload+first*sealedChunkSize, f.payload+end*sealedChunkSize, buf)
}

// readPacked fills p from the unsealed bytes.
func (f *File) readPacked(p []byte, off int64) error {
	if n, err := f.packed.ReadAt(p, off); n < len(p) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return reading(err)
	}
	return nil
}
