package s3

// A Plan is how a Put would send a stream.
type Plan struct {
	Parts   int
	Largest int64 // part, in bytes
	Held    int64 // bytes in buffers at once, at most
}

// Plan says how the store would send so many bytes.
func (s *Store) Plan(size int64) (p Plan) {
	for offset := int64(0); offset < size; p.Parts++ {
		part := s.partSize(offset, p.Parts)
		offset += part
		p.Largest = max(p.Largest, part)
		p.Held = max(p.Held, part*int64(s.atOnce(part)+1))
	}
	return p
}

// Grow has the parts of the store grow sooner: each pair is the size of those
// up to an offset, both in units of PartSize.
func (s *Store) Grow(pairs ...[2]int64) {
	s.steps = nil
	for _, p := range pairs {
		s.steps = append(s.steps, step{p[0], p[1]})
	}
}
