package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

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
	case err == nil, code(err) == "ObjectLockConfigurationNotFoundError", code(err) == "NotImplemented":
		return s.cannotLock()
	}
	return fmt.Errorf("ask bucket %s for object lock: %w", s.o.Bucket, s.explain(ctx, err))
}

func (s *Store) cannotLock() error {
	return hint.Wrap(fmt.Errorf("bucket %s: %w", s.o.Bucket, storage.ErrNoLock),
		"make a bucket with Object Lock (and versioning) enabled, or remove lock from the destination")
}

// confirmLock asks the server for the lock of the object that was just put: one
// that does not know locks takes the wish without a word. It needs
// s3:GetObjectRetention.
func (u *upload) confirmLock(ctx context.Context) error {
	if u.lock.IsZero() {
		return nil
	}
	p, err := u.s.retention(ctx, u.key)
	switch {
	case errors.Is(err, storage.ErrNoLock):
		return errors.Join(err, u.remove(ctx, nil))
	case err != nil:
		return fmt.Errorf("ask for the object's lock: %w", err)
	case p.Mode != u.lock.Mode || p.Until.Before(u.lock.Until):
		got := p.String()
		if got == "" {
			got = "none"
		}
		err := fmt.Errorf("asked for a lock, %s, the server confirmed %s: %w", u.lock, got, storage.ErrNoLock)
		return errors.Join(err, u.remove(ctx, nil))
	}
	return nil
}

// retention returns the lock of an object, zero if it has none.
func (s *Store) retention(ctx context.Context, full string) (storage.Lock, error) {
	out, err := s.client.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: &s.o.Bucket, Key: &full})
	switch {
	case code(err) == "NoSuchObjectLockConfiguration":
		return storage.Lock{}, nil
	case code(err) == "NotImplemented", code(err) == "InvalidRequest", code(err) == "ObjectLockConfigurationNotFoundError":
		return storage.Lock{}, s.cannotLock()
	case err != nil:
		return storage.Lock{}, s.explain(ctx, err)
	case out.Retention == nil:
		return storage.Lock{}, nil
	}
	l := storage.Lock{Until: aws.ToTime(out.Retention.RetainUntilDate).UTC()}
	switch out.Retention.Mode {
	case types.ObjectLockRetentionModeGovernance:
		l.Mode = storage.Governance
	case types.ObjectLockRetentionModeCompliance:
		l.Mode = storage.Compliance
	}
	return l, nil
}

// Protection implements storage.Locker.
func (s *Store) Protection(ctx context.Context, key string) (storage.Protection, error) {
	p, err := s.protection(ctx, key)
	if err != nil {
		return storage.Protection{}, fmt.Errorf("look at the lock of %s: %w", key, err)
	}
	return p, nil
}

func (s *Store) protection(ctx context.Context, key string) (p storage.Protection, err error) {
	full, err := s.key(key)
	if err != nil {
		return p, err
	}
	if p.Lock, err = s.retention(ctx, full); errors.Is(err, storage.ErrNoLock) {
		_, err = s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.o.Bucket, Key: &full})
		if err != nil {
			err = s.explain(ctx, err)
		}
		return p, err
	} else if err != nil {
		return p, err
	}
	out, err := s.client.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: &s.o.Bucket, Key: &full})
	switch {
	case code(err) == "NoSuchObjectLockConfiguration":
		return p, nil
	case err != nil:
		return p, s.explain(ctx, err)
	}
	p.Hold = out.LegalHold != nil && out.LegalHold.Status == types.ObjectLockLegalHoldStatusOn
	return p, nil
}

// Hold implements storage.Locker.
func (s *Store) Hold(ctx context.Context, key string, on bool) error {
	full, err := s.key(key)
	if err == nil {
		status := types.ObjectLockLegalHoldStatusOff
		if on {
			status = types.ObjectLockLegalHoldStatusOn
		}
		_, err = s.client.PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{
			Bucket: &s.o.Bucket, Key: &full, LegalHold: &types.ObjectLockLegalHold{Status: status},
			ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		})
		switch {
		case code(err) == "InvalidRequest", code(err) == "NotImplemented", code(err) == "ObjectLockConfigurationNotFoundError":
			err = s.cannotLock()
		case err != nil:
			err = s.explain(ctx, err)
		}
	}
	if err != nil {
		return fmt.Errorf("set the legal hold of %s: %w", key, err)
	}
	return nil
}

// Delete implements storage.Store. In a bucket with versions it deletes the
// very version that is read, and not only marks it as gone. It needs
// s3:DeleteObject, and there s3:GetObject and s3:DeleteObjectVersion.
func (s *Store) Delete(ctx context.Context, key string) error {
	full, err := s.key(key)
	if err == nil {
		err = s.delete(ctx, key, full)
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return nil
}

func (s *Store) delete(ctx context.Context, key, full string) error {
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.o.Bucket, Key: &full})
	if status(err) == http.StatusForbidden {
		head, err = &s3.HeadObjectOutput{}, nil // one may delete and not read
	}
	if err != nil {
		return s.explain(ctx, err)
	}
	version := head.VersionId
	if aws.ToString(version) == "null" {
		version = nil
	}
	_, err = s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.o.Bucket, Key: &full, VersionId: version})
	if err == nil {
		return nil
	}
	if p, perr := s.protection(ctx, key); perr == nil && (p.Hold || p.Lock.Until.After(time.Now())) {
		return fmt.Errorf("%w: %w", storage.ErrLocked, s.explain(ctx, err))
	}
	return s.explain(ctx, err)
}
