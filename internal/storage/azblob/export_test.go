package azblob

// Blocks says how many blocks an object of so many bytes has, and how large the
// last of them are.
func Blocks(partSize, total int64) (count int, last int64) {
	z := sizes{first: partSize, growth: growth, max: MaxPartSize}
	for offset := int64(0); offset < total; { // one stretch
		last = z.at(offset)
		for begin := offset; offset < total && offset-begin < z.growth*z.first; offset += last {
			count++
		}
	}
	return count, last
}

// MaxBlocks is how many blocks an object may have.
const MaxBlocks = maxBlocks

// WithSizes returns a store whose blocks grow after so many, and of which an
// object may have only so many.
func WithSizes(s *Store, growth int64, blocks int) *Store {
	out := *s
	out.sizes.growth, out.sizes.blocks = growth, blocks
	return &out
}
