package storage

import (
	"context"
	"errors"
	"time"
)

// ErrLocked is wrapped by a Delete of what may not be deleted yet.
var ErrLocked = errors.New("locked")

// ErrNoLock is wrapped, with the reason, where a place cannot lock objects.
var ErrNoLock = errors.New("cannot lock objects")

// A LockMode says who may lift a lock before its time.
type LockMode string

const (
	Governance LockMode = "governance" // who has a right of its own for it
	Compliance LockMode = "compliance" // nobody
)

// A Lock forbids to delete or to replace an object. The zero value forbids
// nothing.
type Lock struct {
	Mode  LockMode
	Until time.Time // UTC
}

// IsZero reports whether the lock forbids nothing.
func (l Lock) IsZero() bool { return l.Mode == "" && l.Until.IsZero() }

// String is "governance until 2026-12-23T14:00:00Z", "" for the zero value.
func (l Lock) String() string {
	if l.IsZero() {
		return ""
	}
	return string(l.Mode) + " until " + l.Until.UTC().Format(time.RFC3339)
}

// A Locker is a store that can lock what it holds. Others fail a Put with a
// Lock, with ErrNoLock.
type Locker interface {
	// CheckLock returns nil if objects of this place can be locked, ErrNoLock if
	// they cannot. It changes nothing.
	CheckLock(ctx context.Context) error

	// Protection says what keeps an object from being deleted; a missing object
	// is fs.ErrNotExist.
	Protection(ctx context.Context, key string) (Protection, error)

	// Hold sets or lifts an object's legal hold, which has no end of its own.
	// What is so already stays so, without an error.
	Hold(ctx context.Context, key string, on bool) error
}

// Protection is what keeps an object from being deleted.
type Protection struct {
	Lock Lock // zero if there is none, or it has ended
	Hold bool
}
