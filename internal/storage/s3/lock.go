package s3

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func lockMode(l storage.Lock) types.ObjectLockMode {
	switch l.Mode {
	case storage.Governance:
		return types.ObjectLockModeGovernance
	case storage.Compliance:
		return types.ObjectLockModeCompliance
	}
	return ""
}

func lockUntil(l storage.Lock) *time.Time {
	if l.IsZero() {
		return nil
	}
	// Servers keep seconds or milliseconds; never shorter than what was asked for.
	return aws.Time(l.Until.UTC().Add(time.Second - 1).Truncate(time.Second))
}

// CheckLock implements storage.Locker. It needs
// s3:GetBucketObjectLockConfiguration.
func (s *Store) CheckLock(ctx context.Context) error {
	out, err := s.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &s.o.Bucket})
	switch {
	case err == nil && out.ObjectLockConfiguration != nil && out.ObjectLockConfiguration.ObjectLockEnabled == types.ObjectLockEnabledEnabled:
		return nil
	case err == nil, lockUnknown(err):
		return s.cannotLock(err)
	}
	return fmt.Errorf("ask bucket %s for object lock: %w", s.o.Bucket, s.explain(ctx, err))
}

// lockUnknown says whether an error means that the bucket, or the server,
// cannot lock. Of the code InvalidRequest it is one meaning of many.
func lockUnknown(err error) bool {
	switch code(err) {
	case "ObjectLockConfigurationNotFoundError", "NotImplemented":
		return true
	case "InvalidRequest":
		said := strings.ToLower(message(err))
		return strings.Contains(said, "lock") || said == noReason
	}
	return false
}

// cannotLock keeps what the server said, if it did.
func (s *Store) cannotLock(err error) error {
	is := []error{storage.ErrNoLock}
	if err != nil {
		is = append(is, err)
	}
	return hint.Wrap(&fault{fmt.Sprintf("bucket %s: %v", s.o.Bucket, storage.ErrNoLock), is},
		"make a bucket with Object Lock (and versioning) enabled, or remove lock from the destination")
}

// confirmLock asks the server for the lock of the object that was just put: one
// that does not know locks takes the wish without a word.
func (u *upload) confirmLock(ctx context.Context) error {
	if u.lock.IsZero() {
		return nil
	}
	got, _, err := u.s.retention(ctx, u.key, u.version, u.s.persist)
	if err != nil && ctx.Err() != nil {
		// A locked object cannot be taken back: then rather know that it is one.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
		defer cancel()
		got, _, err = u.s.retention(last, u.key, u.version)
	}
	switch {
	case errors.Is(err, storage.ErrNoLock):
	case err != nil:
		err = hint.Wrap(fmt.Errorf("%w: the server did not confirm the lock: %w", storage.ErrNoLock, err),
			"to put with a lock the credentials need s3:PutObjectRetention and s3:GetObjectRetention")
	case got.Mode != u.lock.Mode || got.Until.Before(u.lock.Until):
		said := got.String()
		if said == "" {
			said = "none"
		}
		err = fmt.Errorf("asked for a lock, %s, the server confirmed %s: %w", u.lock, said, storage.ErrNoLock)
	}
	if err != nil {
		return errors.Join(err, storage.Ended(ctx), u.remove(ctx))
	}
	return nil
}

// retention returns the lock of an object, zero if it has none, and what time
// the server says it is.
func (s *Store) retention(ctx context.Context, full string, version *string, o ...func(*s3.Options)) (l storage.Lock, now time.Time, err error) {
	out, err := s.client.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: &s.o.Bucket, Key: &full, VersionId: version}, o...)
	switch {
	case code(err) == "NoSuchObjectLockConfiguration":
		return l, time.Now(), nil
	case lockUnknown(err):
		return l, now, s.cannotLock(err)
	case markedGone(err):
		return l, now, errMissing(err)
	case err != nil:
		return l, now, s.explain(ctx, err)
	}
	now = serverTime(out.ResultMetadata)
	if out.Retention == nil {
		return l, now, nil
	}
	switch out.Retention.Mode {
	case types.ObjectLockRetentionModeGovernance:
		l.Mode = storage.Governance
	case types.ObjectLockRetentionModeCompliance:
		l.Mode = storage.Compliance
	default:
		return l, now, nil
	}
	l.Until = aws.ToTime(out.Retention.RetainUntilDate).UTC()
	return l, now, nil
}

// serverTime is when an answer was given, by the server's clock if it has one.
func serverTime(m middleware.Metadata) time.Time {
	if t, ok := awsmiddleware.GetServerTime(m); ok {
		return t
	}
	return time.Now()
}
