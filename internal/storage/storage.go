// Package storage says what a place that holds backups must be able to do.
//
// Objects are immutable: written once, whole or not at all, never replaced and
// never renamed. That is what makes object lock, cold tiers, write-only
// credentials and replication simple. Implementations live in the packages
// below this one, and each passes storagetest.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
)

// A Store holds immutable objects under slash-separated keys.
// It is safe for concurrent use. No key may lie below another ("a" and "a/b"):
// a file system cannot hold both, and some object stores cannot either.
type Store interface {
	// Put reads r to its io.EOF and makes the bytes visible under key, all at
	// once. If r fails in any other way, ctx ends, or a later step fails, no
	// object appears and nothing unfinished is left that the store can remove.
	// It never replaces: an existing key is fs.ErrExist, and the object stays.
	// Only io.EOF itself is the end of r, and an error of r comes back wrapped.
	// Put does not close r, and when it fails it may leave some of r unread; a
	// Read that hangs is the caller's to end, cancelling ctx does not.
	Put(ctx context.Context, key string, r io.Reader, o PutOptions) error

	// Get opens the whole object; a missing one is fs.ErrNotExist, one that
	// must be thawed first ErrCold. The caller closes the reader, which ends with ctx.
	Get(ctx context.Context, key string) (io.ReadCloser, error)

	// List yields every object whose key starts with prefix, in no promised
	// order. After an error it ends.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]

	// Delete removes one object; a missing one is fs.ErrNotExist where the
	// store can tell, one that a lock or a hold keeps is ErrLocked.
	Delete(ctx context.Context, key string) error
}

// A Ranger reads a part of an object. All stores of this module are Rangers.
type Ranger interface {
	// GetRange opens length bytes from offset. A range that reaches past the
	// end is an error that the caller sees at the latest while reading
	// (io.ErrUnexpectedEOF). Otherwise as Get.
	GetRange(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error)
}

// An Object is what a listing tells of one.
type Object struct {
	Key      string    `json:"key"`
	Size     int64     `json:"size"`            // bytes as stored
	Modified time.Time `json:"modified"`        // UTC, by the store's clock
	Class    string    `json:"class,omitempty"` // storage class or access tier, as the store names it; "" where it has none
}

// PutOptions are wishes for one object. The zero value is a plain Put.
type PutOptions struct {
	// Kind is the kind of backup that the object belongs to ("database"); a
	// store that encrypts at rest may hold a key per kind.
	Kind string

	// Class is the storage class or access tier that the object goes into, as
	// the store names it; "" is the store's own. A store that does not know it
	// fails the Put.
	Class string

	// Lock is on the object from its first moment. A store that cannot do this,
	// or does not confirm it, fails the Put with ErrNoLock.
	Lock Lock
}

// ErrOffline is wrapped by all that a store is asked whose disk is not there.
var ErrOffline = errors.New("not there")

// MaxKey is how long a key may be, in bytes: S3's bound.
const MaxKey = 1024

// ErrKey is what an unusable key is, wrapped with the reason.
var ErrKey = errors.New("invalid key")

// CheckKey refuses keys that could mean another place than they say: empty
// ones, absolute ones, empty or dotted segments, backslashes, control
// characters, and those longer than MaxKey. Every store calls it first.
func CheckKey(key string) error {
	switch {
	case key == "":
		return fmt.Errorf("%w: empty", ErrKey)
	case len(key) > MaxKey:
		return fmt.Errorf("%w: %d bytes, at most %d", ErrKey, len(key), MaxKey)
	}
	for _, r := range key {
		if r < ' ' || r == 0x7f || r == '\\' || r == '�' {
			return fmt.Errorf("%w: %q has a character that is not allowed", ErrKey, key)
		}
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return fmt.Errorf("%w: %q has an empty or dotted segment", ErrKey, key)
		}
	}
	return nil
}
