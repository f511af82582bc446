package storage

import (
	"context"
	"iter"
	"time"
)

// An Unfinished upload takes room and is no object: its writer was killed.
type Unfinished struct {
	Key     string    `json:"key"`     // of what it would have become; "" where that is not known
	ID      string    `json:"id"`      // for Abandon; where no key is known, the name of what lies there
	Size    int64     `json:"size"`    // of what was stored so far
	Started time.Time `json:"started"` // UTC, by the store's clock
}

// A Sweeper is a store that keeps unfinished uploads until they are abandoned.
// Others forget them by themselves: Google after a week, Azure likewise.
type Sweeper interface {
	// Unfinished yields the uploads to which nothing was written since that moment: one
	// that is slow may be under way for days. Of those whose key is known only what is
	// ours is looked at.
	Unfinished(ctx context.Context, before time.Time, ours func(key string) bool) iter.Seq2[Unfinished, error]

	// Abandon removes one. One that is gone already is no error.
	Abandon(ctx context.Context, u Unfinished) error
}
