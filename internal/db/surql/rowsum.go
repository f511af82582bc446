package surql

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
)

// A RowSum is a checksum over the rows of a table, in whatever order they come:
// the sum of the SHA-256 of each row's text, as numbers of 256 bits. It finds
// what accidents change, drop or double; it is not made against who chooses rows.
type RowSum struct{ words [4]uint64 } // the lowest first

func (s *RowSum) add(row []byte) {
	sum := sha256.Sum256(row)
	var carry uint64
	for i := range s.words {
		s.words[i], carry = bits.Add64(s.words[i], binary.LittleEndian.Uint64(sum[8*i:]), carry)
	}
}

// String is the sum in hex, "" of no rows.
func (s RowSum) String() string {
	if s == (RowSum{}) {
		return ""
	}
	var b [32]byte
	for i, w := range s.words {
		binary.LittleEndian.PutUint64(b[8*i:], w)
	}
	return hex.EncodeToString(b[:])
}
