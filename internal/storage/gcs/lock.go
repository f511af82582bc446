package gcs

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	gcs "cloud.google.com/go/storage"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// How Google calls the modes: an unlocked retention can be lifted by who has a
// right of its own for it, a locked one by nobody.
const (
	unlocked = "Unlocked"
	locked   = "Locked"
)

// retention is nil where there is no lock.
func retention(l storage.Lock) *gcs.ObjectRetention {
	if l.IsZero() {
		return nil
	}
	mode := unlocked
	if l.Mode == storage.Compliance {
		mode = locked
	}
	// It is sent in seconds; never shorter than what was asked for.
	return &gcs.ObjectRetention{Mode: mode, RetainUntil: l.Until.UTC().Add(time.Second - 1).Truncate(time.Second)}
}

// lockOf is zero where there is no retention.
func lockOf(r *gcs.ObjectRetention) storage.Lock {
	if r == nil {
		return storage.Lock{}
	}
	l := storage.Lock{Until: r.RetainUntil.UTC()}
	switch r.Mode {
	case unlocked:
		l.Mode = storage.Governance
	case locked:
		l.Mode = storage.Compliance
	}
	return l
}

// CheckLock implements storage.Locker. It needs storage.buckets.get.
func (s *Store) CheckLock(ctx context.Context) error {
	b, err := s.bucket.Attrs(ctx)
	if err != nil {
		return fmt.Errorf("ask bucket %s for object retention: %w", s.o.Bucket, s.explain(ctx, err))
	}
	if !strings.EqualFold(b.ObjectRetentionMode, "Enabled") {
		return s.cannotLock()
	}
	return nil
}

func (s *Store) cannotLock(because ...error) error {
	return hint.Wrap(&fault{fmt.Sprintf("bucket %s: %v", s.o.Bucket, storage.ErrNoLock), append(because, storage.ErrNoLock)},
		"make a bucket with object retention (gcloud storage buckets create --enable-per-object-retention), or remove lock from the destination")
}

// Protection implements storage.Locker. A retention policy of the bucket counts
// too, as one that a right of its own can lift. It needs storage.objects.get.
func (s *Store) Protection(ctx context.Context, key string) (storage.Protection, error) {
	full, err := s.key(key)
	if err == nil {
		var o *gcs.ObjectAttrs
		if o, err = s.object(full).Attrs(ctx); err == nil {
			return protection(o), nil
		}
		err = s.explain(ctx, err)
	}
	return storage.Protection{}, fmt.Errorf("look at the lock of %s: %w", key, err)
}

func protection(o *gcs.ObjectAttrs) storage.Protection {
	p := storage.Protection{Lock: lockOf(o.Retention), Hold: o.TemporaryHold || o.EventBasedHold}
	if o.RetentionExpirationTime.After(p.Lock.Until) {
		p.Lock = storage.Lock{Mode: storage.Governance, Until: o.RetentionExpirationTime.UTC()}
	}
	if !p.Lock.Until.After(time.Now()) {
		p.Lock = storage.Lock{}
	}
	return p
}

// Hold implements storage.Locker, with Google's temporary hold. It needs
// storage.objects.update. An event-based hold, which a bucket may put on all of
// its objects, is not lifted: that is storage.ErrLocked.
func (s *Store) Hold(ctx context.Context, key string, on bool) error {
	full, err := s.key(key)
	if err == nil {
		err = s.hold(ctx, full, on)
	}
	if err != nil {
		return fmt.Errorf("set the hold of %s: %w", key, err)
	}
	return nil
}

func (s *Store) hold(ctx context.Context, full string, on bool) error {
	// To ask for it twice does no harm.
	o, err := s.object(full).Retryer(gcs.WithPolicy(gcs.RetryAlways)).
		Update(ctx, gcs.ObjectAttrsToUpdate{TemporaryHold: on})
	switch {
	case err != nil:
		return s.explain(ctx, err)
	case o.TemporaryHold != on:
		return fmt.Errorf("asked for hold %v, the server confirmed %v: %w", on, o.TemporaryHold, storage.ErrNoLock)
	case !on && o.EventBasedHold:
		return fmt.Errorf("its event-based hold stays: %w", storage.ErrLocked)
	}
	return nil
}

// Delete implements storage.Store. In a bucket with versions it deletes the
// very version that is read, and not only marks it as gone. It needs
// storage.objects.delete, and there storage.objects.get.
func (s *Store) Delete(ctx context.Context, key string) error {
	full, err := s.key(key)
	if err == nil {
		err = s.delete(ctx, full)
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return nil
}

func (s *Store) delete(ctx context.Context, full string) error {
	o := s.object(full)
	attrs, err := o.Attrs(ctx)
	switch {
	case err == nil:
		o = o.Generation(attrs.Generation)
	case status(err) == http.StatusForbidden:
		attrs = &gcs.ObjectAttrs{} // one may delete and not read
	default:
		return s.explain(ctx, err)
	}
	again := false
	err = o.Retryer(gcs.WithErrorFunc(func(err error) bool {
		if !passing(err) {
			return false
		}
		again = true
		return true
	})).Delete(ctx)
	if err == nil || again && status(err) == http.StatusNotFound {
		return nil // the first answer was lost
	}
	p := protection(attrs)
	if kept(err) || status(err) == http.StatusForbidden && (p.Hold || !p.Lock.IsZero()) {
		return fmt.Errorf("%w: %w", storage.ErrLocked, s.explain(ctx, err))
	}
	return s.explain(ctx, err)
}
