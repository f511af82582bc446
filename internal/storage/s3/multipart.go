package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// multipart stores an object of which the first part has been read.
func (u *upload) multipart(ctx context.Context, first []byte, r io.Reader) error {
	if err := u.create(ctx); err != nil {
		return err
	}
	parts, err := u.send(ctx, first, r)
	if err == nil {
		err = storage.Ended(ctx)
	}
	if err != nil {
		return errors.Join(err, u.abort(ctx))
	}
	return u.finish(ctx, parts)
}

// create begins the upload. Where the server does not confirm the encryption
// it is aborted before it has seen a byte.
func (u *upload) create(ctx context.Context) error {
	in := &s3.CreateMultipartUploadInput{
		Bucket: &u.s.o.Bucket, Key: &u.key,
		Metadata:             map[string]string{tokenName: u.token},
		StorageClass:         types.StorageClass(u.s.o.StorageClass),
		ServerSideEncryption: u.seal.sse(), SSEKMSKeyId: u.seal.keyID(),
	}
	if u.s.o.Checksums == ChecksumsSupported {
		in.ChecksumAlgorithm = types.ChecksumAlgorithmCrc32
	}
	out, err := u.s.client.CreateMultipartUpload(ctx, in, u.s.persist)
	if err != nil {
		return u.s.explain(ctx, err)
	}
	u.id = aws.ToString(out.UploadId)
	if err := u.seal.confirm(out.ServerSideEncryption, out.SSEKMSKeyId); err != nil {
		return errors.Join(err, u.abort(ctx))
	}
	return nil
}

// send reads r part by part and sends some at once. There are never more
// buffers than parts under way and one that is being read.
func (u *upload) send(ctx context.Context, first []byte, r io.Reader) ([]types.CompletedPart, error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(u.s.o.Concurrency)
	free := make(chan []byte, u.s.o.Concurrency+1)
	var parts []*types.CompletedPart

	buf, n, last := first, len(first), false
	for {
		part := &types.CompletedPart{PartNumber: aws.Int32(int32(len(parts) + 1))}
		parts = append(parts, part)
		full, data := buf, buf[:n]
		g.Go(func() error {
			defer func() { free <- full }()
			return u.part(ctx, part, data)
		})
		if last {
			break
		}
		select {
		case buf = <-free:
		default:
			buf = make([]byte, u.s.o.PartSize)
		}
		var err error
		n, last, err = fill(ctx, r, buf)
		if err == nil && n > 0 && len(parts) == maxParts {
			err = hint.Wrap(fmt.Errorf("more than %d parts of %d bytes", maxParts, u.s.o.PartSize),
				"set a larger part size")
		}
		if err != nil {
			// Where a part failed, that is the cause of the end of ctx, and err.
			_ = g.Wait()
			return nil, err
		}
		if n == 0 {
			break // the stream ended where the last part did
		}
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	completed := make([]types.CompletedPart, len(parts))
	for i, p := range parts {
		completed[i] = *p
	}
	return completed, nil
}

// part sends one part and notes what the server calls it.
func (u *upload) part(ctx context.Context, p *types.CompletedPart, data []byte) error {
	p.ChecksumCRC32 = u.s.sum(data)
	out, err := u.s.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &u.s.o.Bucket, Key: &u.key, UploadId: &u.id, PartNumber: p.PartNumber,
		Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))),
		ChecksumCRC32: p.ChecksumCRC32,
	}, u.s.persist)
	if err != nil {
		return u.s.explain(ctx, err)
	}
	p.ETag = out.ETag
	return nil
}

// finish makes the object of the parts.
func (u *upload) finish(ctx context.Context, parts []types.CompletedPart) error {
	out, err := u.s.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &u.s.o.Bucket, Key: &u.key, UploadId: &u.id,
		IfNoneMatch:     aws.String("*"),
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	}, u.s.persist)
	if err != nil {
		// Aborting cannot harm an object that is complete after all, and
		// after it nothing can still become one: then it can be settled.
		aerr := u.abort(ctx)
		if err := u.settle(ctx, err); err != nil {
			return errors.Join(err, aerr)
		}
		return nil
	}
	if err := u.seal.confirm(out.ServerSideEncryption, out.SSEKMSKeyId); err != nil {
		return errors.Join(err, u.remove(ctx, out.VersionId))
	}
	return nil
}

// abort drops the parts that were sent, whatever became of ctx.
func (u *upload) abort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	_, err := u.s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
		Bucket: &u.s.o.Bucket, Key: &u.key, UploadId: &u.id,
	}, u.s.persist)
	if err != nil && code(err) != "NoSuchUpload" {
		return hint.Wrap(fmt.Errorf("abort the upload: %w", u.s.explain(ctx, err)),
			"parts that were sent stay in the bucket and cost money; a lifecycle rule for incomplete uploads removes them")
	}
	return nil
}
