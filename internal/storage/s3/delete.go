package s3

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Delete implements storage.Store. In a bucket with versions it deletes the
// very version that is read, and not only marks it as gone. It needs
// s3:GetObject and s3:DeleteObject, and there s3:DeleteObjectVersion.
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
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.o.Bucket, Key: &full})
	blind := status(err) == http.StatusForbidden // one may delete and not read
	if err != nil && !blind {
		return s.explain(ctx, err)
	}
	var version *string
	began := time.Now()
	if !blind {
		version, began = head.VersionId, serverTime(head.ResultMetadata)
	}
	out, err := s.deleteVersion(ctx, full, version)
	switch {
	case err != nil:
		return s.keptBy(ctx, full, began, err)
	case version != nil || !aws.ToBool(out.DeleteMarker):
		return nil
	case blind:
		return hint.Wrap(&fault{"it is only marked as gone, its versions stay", []error{fs.ErrPermission}}, deleteRights, s.o.Bucket)
	}
	return s.deleteUnder(ctx, full, out.VersionId)
}

const deleteRights = "the credentials need s3:GetObject, s3:DeleteObject and, with versions, s3:DeleteObjectVersion on bucket %s"

func (s *Store) deleteVersion(ctx context.Context, full string, version *string) (*s3.DeleteObjectOutput, error) {
	return s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.o.Bucket, Key: &full, VersionId: version})
}

// deleteUnder deletes an object from before its bucket had versions, of which
// not every server says that it is one, and the mark that now covers it. Where
// versions are suspended, the mark has taken its place.
func (s *Store) deleteUnder(ctx context.Context, full string, mark *string) error {
	const unversioned = "null"
	gone := []string{unversioned}
	if m := aws.ToString(mark); m != "" && m != unversioned {
		gone = append(gone, m)
	}
	for _, version := range gone {
		_, err := s.deleteVersion(ctx, full, &version)
		if err != nil && code(err) != "NoSuchVersion" {
			return s.explain(ctx, err)
		}
	}
	return nil
}

// keptBy explains why an object could not be deleted. What kept it did so when
// the Delete began.
func (s *Store) keptBy(ctx context.Context, full string, began time.Time, err error) error {
	switch p, _, perr := s.protection(ctx, full); {
	case perr != nil:
	case p.Hold:
		return &fault{storage.ErrLocked.Error() + " by a legal hold", []error{storage.ErrLocked, err}}
	case p.Lock.Until.After(began):
		return &fault{storage.ErrLocked.Error() + ": " + p.Lock.String(), []error{storage.ErrLocked, err}}
	}
	if code(err) != "AccessDenied" {
		return s.explain(ctx, err)
	}
	return hint.Wrap(s.explain(ctx, err), deleteRights, s.o.Bucket)
}
