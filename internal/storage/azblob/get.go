package azblob

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Get implements storage.Store.
func (s *Store) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	b, err := s.open(ctx, key, 0, 0)
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
	b, err := s.open(ctx, key, offset, offset+length)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	return storage.Exactly(b, length), nil
}

func (s *Store) open(ctx context.Context, key string, first, end int64) (*body, error) {
	full, err := s.key(key)
	if err != nil {
		return nil, err
	}
	b := &body{ctx: ctx, s: s, key: key, blob: s.client.NewBlobClient(full), pos: first, end: end}
	return b, b.open()
}

// A body is a download. Where the network breaks it off, it goes on from there.
type body struct {
	ctx   context.Context
	s     *Store
	key   string
	blob  *blob.Client
	pos   int64         // of the next byte
	end   int64         // of the range, 0 for the end of the object
	etag  *azcore.ETag  // of the object, once it is known
	r     io.ReadCloser // nil after it broke
	fails int           // without a byte in between
}

func (b *body) open() error {
	ranged := blob.HTTPRange{Offset: b.pos}
	if b.end > 0 {
		ranged.Count = b.end - b.pos
	}
	out, err := b.blob.DownloadStream(b.ctx, &blob.DownloadStreamOptions{
		Range:            ranged,
		AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: b.etag}},
	})
	if status(err) == http.StatusPreconditionFailed {
		return &fault{"the object was replaced while it was read", []error{reply(err)}}
	}
	if err != nil {
		return b.s.explain(b.ctx, err)
	}
	// A server may answer a range with the whole object.
	if got := value(out.ContentRange); ranged != (blob.HTTPRange{}) && !strings.HasPrefix(got, fmt.Sprintf("bytes %d-", b.pos)) {
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
				return 0, fmt.Errorf("get %s at %d: %w", b.key, b.pos, err)
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
			return n, fmt.Errorf("get %s at %d: %w", b.key, b.pos, b.s.explain(b.ctx, err))
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

// value is what p points to, if it does.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
