package storage

import (
	"context"
	"time"
)

// A Clock is a store that has a clock of its own.
type Clock interface {
	// Time asks the store what time it is, in UTC and to the second. It needs no
	// right, and is zero where the store does not say.
	Time(ctx context.Context) (time.Time, error)
}
