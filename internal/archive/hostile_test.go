package archive_test

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/archive"
)

// frameOf returns the one frame of an archive of plain, and its entry.
func frameOf(t *testing.T, plain []byte) (frame, entry []byte) {
	t.Helper()
	content, _ := write(t, plain, unsealed{})
	table := content[len(content)-8-12-9:]
	return content[:len(content)-len(table)], table[8:20]
}

// assemble makes the content of an archive of frames and entries, as a hostile
// writer would who knows the format.
func assemble(frames, entries []byte) []byte {
	b := bytes.Clone(frames)
	b = binary.LittleEndian.AppendUint32(b, 0x184D2A5E)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(entries)+9))
	b = append(b, entries...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(entries)/12))
	b = append(b, 0x80)
	return binary.LittleEndian.AppendUint32(b, 0x8F92EAB1)
}

func entryOf(packed, plain int) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(packed))
	b = binary.LittleEndian.AppendUint32(b, uint32(plain))
	return append(b, 0, 0, 0, 0)
}

// refusedSaying is refused, for the reason that is meant.
func refusedSaying(t *testing.T, name string, content []byte, k keys, inOrder, bySections string) {
	t.Helper()
	sealed := seal(t, content, k)
	if _, err := read(sealed, k, archive.Summary{}); !isDamage(err) || !strings.Contains(err.Error(), inOrder) {
		t.Errorf("%s: got %v, want %q", name, err, inOrder)
	}
	if _, err := readFile(sealed, k); !isDamage(err) || !strings.Contains(err.Error(), bySections) {
		t.Errorf("%s: by sections: got %v, want %q", name, err, bySections)
	}
}

func TestFramesOfOtherSizes(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	small, smallEntry := frameOf(t, dump(100))
	full, fullEntry := frameOf(t, make([]byte, archive.FrameSize))
	empty, emptyEntry := frameOf(t, nil)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	short := assemble(join(small, full), join(smallEntry, fullEntry))
	refusedSaying(t, "a short frame first", short, k, "in all but the last", "in all but the last")
	after := assemble(join(full, empty), join(fullEntry, emptyEntry))
	refusedSaying(t, "an empty frame last", after, k, "empty, after others", "empty, after others")
	none := assemble(nil, nil)
	refusedSaying(t, "no frame", none, k, "no frame", "no frame")
	if _, err := read(seal(t, assemble(join(full, small), join(fullEntry, smallEntry)), k), k, archive.Summary{}); err != nil {
		t.Errorf("as it should be: got %v", err)
	}
}

// What a header claims is not believed: it is refused before there is room made.
func TestBombs(t *testing.T) {
	k := newKeys(t)
	const (
		magic      = "\x28\xb5\x2f\xfd"
		emptyBlock = "\x00\x00\x00"
		zeros      = "\x02\x00\x10\x00" // 128 KiB in four bytes, and not the last
	)
	huge := magic + "\xe4" + "\x00\x00\x00\x00\x00\x01\x00\x00" // 1 TiB
	justOver := magic + "\xa4" + "\x01\x00\x40\x00"
	for name, c := range map[string]struct{ frame, want string }{
		"a terabyte":           {huge, "more than 4194304"},
		"a byte too many":      {justOver, "more than 4194304"},
		"blocks without end":   {magic + "\x24\x0a" + strings.Repeat(emptyBlock, 5000), "stored bytes"},
		"zeros without end":    {magic + "\xa4\x00\x00\x40\x00" + strings.Repeat(zeros, 2_000_000), "stored bytes"},
		"more than it said":    {magic + "\x24\x0a" + zeros + "\x01\x00\x00" + "sum.", "frame 0"},
		"a window of 2 GiB":    {magic + "\x44\xa8\x00\x00", "window"},
		"a dictionary":         {magic + "\x25\x01\x0a", "dictionary"},
		"no content size":      {magic + "\x04\x58", "no content size"},
		"no checksum":          {magic + "\x20\x0a", "no checksum"},
		"a reserved block":     {magic + "\x24\x0a" + "\x07\x00\x00", "reserved"},
		"a block of 2 MiB":     {magic + "\x24\x0a" + "\x01\xff\xff", "more than 131072"},
		"another magic number": {"\x29\xb5\x2f\xfd\x24\x0a", "no zstd frame"},
	} {
		frame := []byte(c.frame)
		content := assemble(frame, entryOf(len(frame), 10))
		var before, after runtime.MemStats
		sealed := seal(t, content, k)
		runtime.ReadMemStats(&before)
		_, err := read(sealed, k, archive.Summary{})
		runtime.ReadMemStats(&after)
		if !isDamage(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 24 {
			t.Errorf("%s: took %d MiB", name, took)
		}
		if _, err := readFile(sealed, k); !isDamage(err) {
			t.Errorf("%s: by sections: got %v, want damage", name, err)
		}
	}
}

func TestHostileTables(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	frame, entry := frameOf(t, dump(100))
	content := assemble(frame, entry)
	change := func(fromEnd int, b byte) []byte {
		c := bytes.Clone(content)
		c[len(c)-fromEnd] = b
		return c
	}
	const disagrees = "does not agree with the frames"
	refusedSaying(t, "four billion frames", change(6, 0xff), k, disagrees, "room")
	refusedSaying(t, "without checksums", change(5, 0), k, disagrees, "descriptor")
	refusedSaying(t, "another magic number", change(1, 0), k, disagrees, "does not end in a seek table")
	refusedSaying(t, "a table that goes on", assemble(frame, append(bytes.Clone(entry), entry...)), k, disagrees, "in all but the last")
	refusedSaying(t, "a frame larger than all", assemble(frame, entryOf(1<<31, 100)), k, disagrees, "stored bytes")
	refusedSaying(t, "a frame of too much", assemble(frame, entryOf(len(frame), 1<<31)), k, disagrees, "plain")
	refusedSaying(t, "another checksum", assemble(frame, entryOf(len(frame), 100)), k, disagrees, "seek table")
}
