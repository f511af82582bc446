package s3

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

var _ storage.Sweeper = (*Store)(nil)

// Unfinished implements storage.Sweeper: multipart uploads, of which the parts
// cost as much as objects. It needs s3:ListBucketMultipartUploads and
// s3:ListMultipartUploadParts.
func (s *Store) Unfinished(ctx context.Context, before time.Time, ours func(key string) bool) iter.Seq2[storage.Unfinished, error] {
	return func(yield func(storage.Unfinished, error) bool) {
		pages := s3.NewListMultipartUploadsPaginator(s.client, &s3.ListMultipartUploadsInput{Bucket: &s.o.Bucket, Prefix: aws.String(s.prefix)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(storage.Unfinished{}, fmt.Errorf("list uploads of %s: %w", s.o.Bucket, s.explain(ctx, err)))
				return
			}
			for _, u := range page.Uploads {
				key, below := strings.CutPrefix(aws.ToString(u.Key), s.prefix)
				at := aws.ToTime(u.Initiated).UTC()
				if !below || !ours(key) || !at.Before(before) {
					continue
				}
				size, rests, err := s.rests(ctx, u, before)
				if err != nil {
					yield(storage.Unfinished{}, fmt.Errorf("list parts of an upload of %s: %w", key, s.explain(ctx, err)))
					return
				}
				if rests && !yield(storage.Unfinished{Key: key, ID: aws.ToString(u.UploadId), Size: size, Started: at}, nil) {
					return
				}
			}
		}
	}
}

// rests reports whether an upload has no part since that moment, and the size of its
// parts. One that has ended meanwhile is none.
func (s *Store) rests(ctx context.Context, u types.MultipartUpload, before time.Time) (size int64, rests bool, err error) {
	pages := s3.NewListPartsPaginator(s.client, &s3.ListPartsInput{Bucket: &s.o.Bucket, Key: u.Key, UploadId: u.UploadId})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if code(err) == "NoSuchUpload" {
			return 0, false, nil
		}
		if err != nil {
			return 0, false, err
		}
		for _, p := range page.Parts {
			if !aws.ToTime(p.LastModified).Before(before) {
				return 0, false, nil
			}
			size += aws.ToInt64(p.Size)
		}
	}
	return size, true, nil
}

// Abandon implements storage.Sweeper. It needs s3:AbortMultipartUpload.
func (s *Store) Abandon(ctx context.Context, u storage.Unfinished) error {
	full, err := s.key(u.Key)
	if err == nil {
		_, err = s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.o.Bucket, Key: &full, UploadId: &u.ID})
		switch {
		case code(err) == "NoSuchUpload":
			err = nil
		case err != nil:
			err = s.explain(ctx, err)
		}
	}
	if err != nil {
		return fmt.Errorf("abandon an upload of %s: %w", u.Key, err)
	}
	return nil
}
