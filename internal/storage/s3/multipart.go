package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// grace is how long the parts under way may go on when an upload is given up:
// a server may still store a part whose connection is cut at its end, after
// the abort, and then keep it for ever.
const grace = 5 * time.Second

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

// create begins the upload. Where the server says that it encrypts in another
// way, the upload is aborted before it has seen a byte. MinIO says nothing
// here, but with each part.
func (u *upload) create(ctx context.Context) error {
	in := &s3.CreateMultipartUploadInput{
		Bucket: &u.s.o.Bucket, Key: &u.key,
		Metadata:       map[string]string{tokenName: u.token},
		StorageClass:   types.StorageClass(u.class),
		ObjectLockMode: lockMode(u.lock), ObjectLockRetainUntilDate: lockUntil(u.lock),
		ServerSideEncryption: u.seal.sse(), SSEKMSKeyId: u.seal.keyID(),
	}
	if u.sums() {
		in.ChecksumAlgorithm = types.ChecksumAlgorithmCrc32
	}
	out, err := u.s.client.CreateMultipartUpload(ctx, in, u.s.persist)
	if err != nil {
		return u.refused(ctx, err)
	}
	u.id = aws.ToString(out.UploadId)
	u.partsConfirm = out.ServerSideEncryption == ""
	if u.partsConfirm {
		return nil
	}
	if err := u.seal.confirm(out.ServerSideEncryption, out.SSEKMSKeyId); err != nil {
		return errors.Join(err, u.abort(ctx))
	}
	return nil
}

// part sends one part and notes what the server calls it.
func (u *upload) part(ctx context.Context, p *types.CompletedPart, data []byte) error {
	p.ChecksumCRC32 = u.sum(data)
	out, err := u.s.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &u.s.o.Bucket, Key: &u.key, UploadId: &u.id, PartNumber: p.PartNumber,
		Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))),
		ChecksumCRC32: p.ChecksumCRC32,
	}, u.s.persist)
	if err != nil {
		return u.s.explain(ctx, err)
	}
	if u.partsConfirm {
		if err := u.seal.confirm(out.ServerSideEncryption, out.SSEKMSKeyId); err != nil {
			return err
		}
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
	u.version = out.VersionId
	return u.confirmWhole(ctx, out)
}

// confirmWhole checks the encryption of the complete object, where need be by
// looking at the object itself.
func (u *upload) confirmWhole(ctx context.Context, out *s3.CompleteMultipartUploadOutput) error {
	mode, key := out.ServerSideEncryption, out.SSEKMSKeyId
	var herr error
	if u.seal.mode != "" && mode == "" {
		var head *s3.HeadObjectOutput
		if head, herr = u.head(ctx); herr == nil {
			mode, key = head.ServerSideEncryption, head.SSEKMSKeyId
		}
	}
	if err := u.seal.confirm(mode, key); err != nil {
		return errors.Join(err, herr, u.remove(ctx))
	}
	return nil
}

// abort drops the parts that were sent, whatever became of ctx.
func (u *upload) abort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	again := time.NewTicker(cleanupTime / 50)
	defer again.Stop()
	for {
		gone, err := u.abortOnce(ctx)
		if gone {
			return nil
		}
		if err != nil {
			return hint.Wrap(fmt.Errorf("abort the upload: %w", err),
				"parts that were sent stay in the bucket and cost money; a lifecycle rule for incomplete uploads removes them")
		}
		select {
		case <-again.C:
		case <-ctx.Done():
		}
	}
}

// abortOnce says whether nothing is left. A part whose connection has just been
// given up may still be on its way through the server and outlive an abort.
func (u *upload) abortOnce(ctx context.Context) (gone bool, err error) {
	_, err = u.s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
		Bucket: &u.s.o.Bucket, Key: &u.key, UploadId: &u.id,
	}, u.s.persist)
	if err != nil && code(err) != "NoSuchUpload" {
		return false, u.s.explain(ctx, err)
	}
	_, err = u.s.client.ListParts(ctx, &s3.ListPartsInput{
		Bucket: &u.s.o.Bucket, Key: &u.key, UploadId: &u.id, MaxParts: aws.Int32(1),
	}, u.s.persist)
	switch {
	case code(err) == "NoSuchUpload":
		return true, nil
	case status(err) == http.StatusForbidden:
		return true, nil // these credentials may abort, but not look
	case err != nil:
		return false, u.s.explain(ctx, err)
	}
	return false, nil
}
