package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Keep stores an entry that could not be appended in a backup's own destination,
// with the options of that place, until Join takes it to the log. It signs it if
// it can; a Join with a Verifier takes no other. To keep the same entry twice
// does no harm. A kept entry is Join's: it must not be appended any more.
func (l *Log) Keep(ctx context.Context, to storage.Store, e Entry, o storage.PutOptions) (Entry, error) {
	e, err := l.complete(e)
	if err == nil {
		err = l.keep(ctx, to, e, o)
	}
	if err != nil {
		return e, fmt.Errorf("keep audit entry: %w", err)
	}
	return e, nil
}

func (l *Log) keep(ctx context.Context, to storage.Store, e Entry, o storage.PutOptions) error {
	text, err := encode(e)
	if err != nil {
		return err
	}
	var sig []byte
	key := pendingKey(e)
	if l.Signer != nil {
		if sig, err = l.sign(key, text); err != nil {
			return err
		}
	}
	if o.Kind == "" {
		o.Kind = kind
	}
	return putSigned(ctx, to, key, text, sig, o)
}

// Join appends the entries that were kept in a destination, oldest first, and
// deletes there what it may. What is locked stays, and is known the next time. It
// returns how many it appended. One that cannot be taken, such as an unsigned one,
// is named in the error and does not keep the others back; only a store that
// fails does.
func (l *Log) Join(ctx context.Context, from storage.Store) (int, error) {
	n, err := l.joinAll(ctx, from)
	if err != nil {
		return n, fmt.Errorf("join audit entries: %w", err)
	}
	return n, nil
}

func (l *Log) joinAll(ctx context.Context, from storage.Store) (n int, err error) {
	var keys []string
	for o, err := range from.List(ctx, PendingPrefix) {
		if err != nil {
			return 0, err
		}
		if key, ok := parsePendingKey(o.Key); ok && key == o.Key {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var refused []error
	for _, key := range keys {
		e, err := l.loadPending(ctx, from, key)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another Join was here
		}
		if err == nil {
			var did bool
			if did, err = l.join(ctx, e); did {
				n++
			}
		}
		if err == nil {
			err = drop(ctx, from, key)
		}
		switch {
		case errors.Is(err, ErrInvalid), errors.Is(err, ErrUnsigned), errors.Is(err, ErrUntrusted):
			refused = append(refused, fmt.Errorf("%s: %w", key, err))
		case errors.Is(err, ErrHead):
			refused = append(refused, err)
		case err != nil:
			return n, errors.Join(append(refused, fmt.Errorf("%s: %w", key, err))...)
		}
	}
	return n, errors.Join(refused...)
}

// loadPending reads a pending entry as it is to be joined.
func (l *Log) loadPending(ctx context.Context, from storage.Store, key string) (Entry, error) {
	text, hash, err := readSum(ctx, from, key, maxEntry)
	if err != nil {
		return Entry{}, err
	}
	if l.Verifier != nil {
		if _, err := l.trust(ctx, from, key, text); err != nil {
			if errors.Is(err, ErrUnsigned) && gone(ctx, from, key) {
				err = fs.ErrNotExist
			}
			return Entry{}, err
		}
	}
	e, err := decode(text)
	switch {
	case err != nil:
	case e.Previous != "", e.Joined != nil, pendingKey(e) != key:
		err = errors.New("not the pending entry of this place")
	}
	if err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	e.Joined = &Joined{Key: key, SHA256: hash}
	return e, nil
}

// gone reports whether an object was removed since it was read.
func gone(ctx context.Context, s storage.Store, key string) bool {
	_, _, err := readSum(ctx, s, key, 0)
	return errors.Is(err, fs.ErrNotExist)
}

// join gives a pending entry its number, and says whether it was this call that
// wrote it.
func (l *Log) join(ctx context.Context, e Entry) (bool, error) {
	c, err := l.claims(ctx, e.ID)
	if err != nil {
		return false, err
	}
	if c.Attempt > 0 {
		e.Number = c.Number // else the one that an Append left in doubt
	}
	for try := 0; ; try++ {
		if e.Number > 0 {
			e.Joined.Time = l.now()
			_, how, err := l.settle(ctx, e)
			if err == nil && how == wrote {
				if err = l.headDue(ctx, e.Number); err != nil {
					err = fmt.Errorf("%w: %w", ErrHead, err)
				}
			}
			if err != nil || how != void {
				return how == wrote, err
			}
		}
		if err := pause(ctx, try); err != nil {
			return false, err
		}
		if c, err = l.claim(ctx, e.ID, c.Attempt+1); err != nil {
			return false, err
		}
		e.Number = c.Number
	}
}

// drop deletes a pending entry that has been joined, unless the place keeps it.
func drop(ctx context.Context, from storage.Store, key string) error {
	for _, k := range []string{key, key + sigSuffix} {
		err := from.Delete(ctx, k)
		switch {
		case errors.Is(err, storage.ErrLocked), errors.Is(err, fs.ErrPermission):
			return nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return nil
}
