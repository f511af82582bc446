package s3

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Get implements storage.Store.
func (s *Store) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	out, err := s.get(ctx, key, nil)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	return &body{ctx, s, key, out.Body}, nil
}

// GetRange implements storage.Ranger.
func (s *Store) GetRange(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := storage.CheckRange(offset, length); err != nil {
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	if length == 0 { // cannot be said in HTTP
		if _, err := s.key(key); err != nil {
			return nil, fmt.Errorf("get %s: %w", key, err)
		}
		return io.NopCloser(strings.NewReader("")), nil
	}
	out, err := s.get(ctx, key, aws.String(fmt.Sprintf("bytes=%d-%d", offset, offset+length-1)))
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	// A server may answer a range with the whole object.
	if got := aws.ToString(out.ContentRange); !strings.HasPrefix(got, fmt.Sprintf("bytes %d-", offset)) {
		out.Body.Close()
		return nil, fmt.Errorf("get %s: asked for bytes from %d, the server sent %q", key, offset, got)
	}
	return storage.Exactly(&body{ctx, s, key, out.Body}, length), nil
}

func (s *Store) get(ctx context.Context, key string, part *string) (*s3.GetObjectOutput, error) {
	full, err := s.key(key)
	if err != nil {
		return nil, err
	}
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.o.Bucket, Key: &full, Range: part})
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	return out, nil
}

// body explains the errors of a download.
type body struct {
	ctx context.Context
	s   *Store
	key string
	r   io.ReadCloser
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("get %s: %w", b.key, b.s.explain(b.ctx, err))
	}
	return n, err
}

func (b *body) Close() error { return b.r.Close() }

// Delete implements storage.Store. S3 does not tell whether there was an
// object. In a versioned bucket the versions stay.
func (s *Store) Delete(ctx context.Context, key string) error {
	full, err := s.key(key)
	if err == nil {
		if _, err = s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.o.Bucket, Key: &full}); err != nil {
			err = s.explain(ctx, err)
		}
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return nil
}

// List implements storage.Store.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) {
		if dotted(prefix) {
			return // no key begins like that, and some servers refuse to look
		}
		// Encoded, because XML cannot hold every key that may lie in a bucket.
		pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{
			Bucket: &s.o.Bucket, Prefix: aws.String(s.prefix + prefix), EncodingType: types.EncodingTypeUrl,
		}, func(o *s3.ListObjectsV2PaginatorOptions) { o.StopOnDuplicateToken = true })
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(storage.Object{}, fmt.Errorf("list %s: %w", s.o.Bucket, s.explain(ctx, err)))
				return
			}
			for _, o := range page.Contents {
				key := aws.ToString(o.Key)
				if page.EncodingType == types.EncodingTypeUrl {
					if key, err = url.QueryUnescape(key); err != nil {
						yield(storage.Object{}, fmt.Errorf("list %s: %w", s.o.Bucket, err))
						return
					}
				}
				object := storage.Object{
					Key: strings.TrimPrefix(key, s.prefix), Size: aws.ToInt64(o.Size),
					Modified: aws.ToTime(o.LastModified).UTC(),
				}
				if !yield(object, nil) {
					return
				}
			}
		}
	}
}

func dotted(prefix string) bool {
	for segment := range strings.SplitSeq(prefix, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}
