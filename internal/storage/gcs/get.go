package gcs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/iterator"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Get implements storage.Store.
func (s *Store) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	b, err := s.read(ctx, key, 0, -1)
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
	b, err := s.read(ctx, key, offset, length)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	return storage.Exactly(b, length), nil
}

func (s *Store) read(ctx context.Context, key string, offset, length int64) (*body, error) {
	full, err := s.key(key)
	if err != nil {
		return nil, err
	}
	b := &body{ctx: ctx, s: s, key: key, pos: offset}
	reading, stop := context.WithCancelCause(ctx)
	b.d = &download{stop: stop}
	if b.r, err = s.object(full).NewRangeReader(context.WithValue(reading, downloadKey{}, b.d), offset, length); err != nil {
		stop(nil)
		return nil, s.explain(ctx, err)
	}
	return b, nil
}

// A body is a download. Where the network breaks it off, the SDK goes on from
// there, with the same generation of the object.
type body struct {
	ctx context.Context // io.Reader has no room for it
	s   *Store
	key string
	pos int64 // of the next byte
	r   *gcs.Reader
	d   *download
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.pos += int64(n)
	if err == nil || err == io.EOF {
		return n, err
	}
	switch {
	case status(err) == http.StatusNotFound:
		err = &fault{"the object was replaced while it was read", []error{err}}
	case b.d.err != nil:
		err = b.s.explain(b.ctx, b.d.err)
	default:
		err = b.s.explain(b.ctx, err)
	}
	return n, fmt.Errorf("get %s at %d: %w", b.key, b.pos, err)
}

func (b *body) Close() error {
	defer b.d.stop(nil)
	return b.r.Close()
}

// List implements storage.Store.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) {
		if dotted(prefix) {
			return // no key begins like that
		}
		q := &gcs.Query{Prefix: s.prefix + prefix, Projection: gcs.ProjectionNoACL}
		if err := q.SetAttrSelection([]string{"Name", "Size", "Created", "StorageClass"}); err != nil {
			yield(storage.Object{}, fmt.Errorf("list %s: %w", s.o.Bucket, err))
			return
		}
		for all := s.bucket.Objects(ctx, q); ; {
			o, err := all.Next()
			if errors.Is(err, iterator.Done) {
				return
			}
			if err != nil {
				yield(storage.Object{}, fmt.Errorf("list %s: %w", s.o.Bucket, s.explain(ctx, err)))
				return
			}
			// Not the time of its last change: a hold is one.
			object := storage.Object{
				Key: strings.TrimPrefix(o.Name, s.prefix), Size: o.Size,
				Modified: o.Created.UTC(), Class: o.StorageClass,
			}
			if !yield(object, nil) {
				return
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
