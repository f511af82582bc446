package s3

// An object has 10,000 parts at most, and its size is not known before its end.
// So the parts grow, as late as they can: what is small is sent in little
// memory, and what is large still fits. One buffer is read into while others
// are sent, so 1 TiB takes two of 105 MiB in the best of cases, and more if
// 5 TiB are to be possible.
const (
	maxParts  = 10_000
	maxObject = 5 << 40
)

// A step is the size of the parts up to an offset, both in units of PartSize.
type step struct{ upTo, size int64 }

// steps take, with parts of 8 MiB at first, up to 10, 100, 320 GiB and 1 TiB.
// Beyond them the parts are as large as the rest of maxObject demands.
var steps = []step{{1300, 1}, {12_800, 3}, {40_960, 24}, {131_072, 64}}

// partSize is the size of the part that begins at an offset, after others. It
// is never larger than what maxObject demands.
func (s *Store) partSize(offset int64, before int) int64 {
	unit := s.o.PartSize
	size := s.enough(offset, before)
	for _, step := range s.steps {
		if offset < step.upTo*unit {
			size = min(size, step.size*unit)
			break
		}
	}
	return min(size, MaxPartSize)
}

// enough is the size, in whole units, of equal parts for what may still come.
func (s *Store) enough(offset int64, before int) int64 {
	unit, left := s.o.PartSize, int64(max(maxParts-before, 1))
	each := (maxObject - offset + left - 1) / left
	return max((each+unit-1)/unit, 1) * unit
}

// atOnce is how many parts of a size are sent at once: fewer of large ones.
func (s *Store) atOnce(size int64) int {
	return max(1, int(int64(s.o.Concurrency)*s.o.PartSize/size))
}
