package storage

import (
	"context"
	"errors"
	"time"
)

// ErrCold is wrapped by a Get of an object that must be thawed before it can be
// read.
var ErrCold = errors.New("in cold storage")

// A Thawer is a store that may hold objects which cannot be read at once.
type Thawer interface {
	// Temperature says whether an object can be read now; a missing one is
	// fs.ErrNotExist.
	Temperature(ctx context.Context, key string) (Temperature, error)

	// Thaw asks the store to make an object readable for so many days, and does
	// not wait for it. The tier is one of Temperature's, "" for its first. An
	// object that is readable or under way already stays so, without an error.
	Thaw(ctx context.Context, key, tier string, days int) error
}

// Temperature says whether and when an object can be read.
type Temperature struct {
	Class   string // as the store names it
	Cold    bool   // it cannot be read now
	Thawing bool   // it is Cold, and a thaw has been asked for
	// Until is when a thawed object gets Cold again, zero if it is not one.
	Until time.Time
	// Tiers are the ways to thaw it, the usual one first; none if it is not of a
	// class that gets cold.
	Tiers []ThawTier
}

// A ThawTier is a way to thaw an object: the sooner, the dearer.
type ThawTier struct {
	Name string
	// Within is how long it takes at most, by the vendor's word.
	Within time.Duration
}
