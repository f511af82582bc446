package verify

import (
	"hash/fnv"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
)

// A Choice says which backups are meant. The zero value means all.
type Choice struct {
	Since time.Time // taken since then; zero: any
	// Part of Parts: each backup is in one part, the same for ever, so that so
	// many runs, one for each part, cover all. 0 Parts: all.
	Part, Parts int
}

// OfDay is the part whose turn it is on a day, from 1.
func OfDay(parts int, now time.Time) int {
	return int(now.UTC().Unix()/86400)%parts + 1
}

// Has reports whether a backup is meant.
func (c Choice) Has(e catalog.Entry) bool {
	if e.Time.Before(c.Since) {
		return false
	}
	if c.Parts <= 0 {
		return true
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(e.Kind + "/" + e.Source + "/" + e.ID)) // never fails
	return int(h.Sum32()%uint32(c.Parts))+1 == c.Part
}
