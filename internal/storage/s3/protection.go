package s3

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Protection implements storage.Locker. It needs s3:GetObjectRetention and
// s3:GetObjectLegalHold.
func (s *Store) Protection(ctx context.Context, key string) (storage.Protection, error) {
	full, err := s.key(key)
	var p storage.Protection
	if err == nil {
		var now time.Time
		if p, now, err = s.protection(ctx, full); !p.Lock.Until.After(now) {
			p.Lock = storage.Lock{} // servers keep what has ended
		}
	}
	if err != nil {
		return storage.Protection{}, fmt.Errorf("look at the lock of %s: %w", key, err)
	}
	return p, nil
}

func (s *Store) protection(ctx context.Context, full string) (p storage.Protection, now time.Time, err error) {
	if p.Lock, now, err = s.retention(ctx, full, nil); errors.Is(err, storage.ErrNoLock) {
		_, err = s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.o.Bucket, Key: &full})
		if err != nil {
			err = s.explain(ctx, err)
		}
		return p, now, err
	} else if err != nil {
		return p, now, err
	}
	out, err := s.client.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: &s.o.Bucket, Key: &full})
	switch {
	case code(err) == "NoSuchObjectLockConfiguration":
		return p, now, nil
	case err != nil:
		return p, now, s.explain(ctx, err)
	}
	p.Hold = out.LegalHold != nil && out.LegalHold.Status == types.ObjectLockLegalHoldStatusOn
	return p, now, nil
}

// Hold implements storage.Locker. It needs s3:PutObjectLegalHold.
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
		case lockUnknown(err):
			err = s.cannotLock(err)
		case markedGone(err):
			err = errMissing(err)
		case err != nil:
			err = s.explain(ctx, err)
		}
	}
	if err != nil {
		return fmt.Errorf("set the legal hold of %s: %w", key, err)
	}
	return nil
}
