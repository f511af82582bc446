package s3

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Get implements storage.Store.
func (s *Store) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	b, err := s.open(ctx, key, 0, -1)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	return b, nil
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
	b, err := s.open(ctx, key, offset, offset+length-1)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	return storage.Exactly(b, length), nil
}

func (s *Store) open(ctx context.Context, key string, first, last int64) (*body, error) {
	full, err := s.key(key)
	if err != nil {
		return nil, err
	}
	b := &body{ctx: ctx, s: s, key: full, pos: first, last: last}
	return b, b.open()
}

// A body is a download. Where the network breaks it off, it goes on from there.
type body struct {
	ctx   context.Context
	s     *Store
	key   string
	pos   int64         // of the next byte
	last  int64         // byte of the range, -1 for the end of the object
	etag  *string       // of the object, once it is known
	r     io.ReadCloser // nil after it broke
	fails int           // without a byte in between
}

func (b *body) open() error {
	in := &s3.GetObjectInput{Bucket: &b.s.o.Bucket, Key: &b.key, IfMatch: b.etag}
	switch {
	case b.last >= 0:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", b.pos, b.last))
	case b.pos > 0:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", b.pos))
	}
	out, err := b.s.client.GetObject(b.ctx, in)
	if status(err) == http.StatusPreconditionFailed {
		return &fault{"the object was replaced while it was read", []error{err}}
	}
	if err != nil {
		return b.s.explain(b.ctx, err)
	}
	// A server may answer a range with the whole object.
	if got := aws.ToString(out.ContentRange); in.Range != nil && !strings.HasPrefix(got, fmt.Sprintf("bytes %d-", b.pos)) {
		out.Body.Close()
		return fmt.Errorf("asked for bytes from %d, the server sent %q", b.pos, got)
	}
	b.r, b.etag = out.Body, out.ETag
	return nil
}

func (b *body) Read(p []byte) (int, error) {
	const tries = 3
	for {
		if b.r == nil {
			if err := b.open(); err != nil {
				return 0, fmt.Errorf("get %s at %d: %w", strings.TrimPrefix(b.key, b.s.prefix), b.pos, err)
			}
		}
		n, err := b.r.Read(p)
		b.pos += int64(n)
		if n > 0 {
			b.fails = 0
		}
		if err == nil || err == io.EOF {
			return n, err
		}
		if b.fails++; b.fails == tries || b.ctx.Err() != nil {
			return n, fmt.Errorf("get %s at %d: %w", strings.TrimPrefix(b.key, b.s.prefix), b.pos, b.s.explain(b.ctx, err))
		}
		b.r.Close()
		b.r = nil
		if n > 0 {
			return n, nil
		}
	}
}

func (b *body) Close() error {
	if b.r == nil {
		return nil
	}
	return b.r.Close()
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
					Modified: aws.ToTime(o.LastModified).UTC(), Class: string(o.StorageClass),
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
