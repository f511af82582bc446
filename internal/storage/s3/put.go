package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

const (
	// cleanupTime is how long a Put that failed or was cancelled may still take.
	cleanupTime = 10 * time.Second
	// tokenName is the metadata that tells one Put from another.
	tokenName = "vapora-put"
)

// Put implements storage.Store. A stream that fits one part is one request, a
// longer one a multipart upload, which is aborted on any failure. It needs
// s3:PutObject and, to abort, s3:AbortMultipartUpload; with a lock also
// s3:PutObjectRetention and s3:GetObjectRetention. It cannot see that a server
// takes a storage class for another one.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	full, err := s.key(key)
	if err == nil {
		u := &upload{s: s, key: full, token: rand.Text(), seal: s.o.SSE.seal(o.Kind), class: o.Class, lock: o.Lock}
		err = u.run(ctx, r)
	}
	if err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	return nil
}

// An upload is one Put.
type upload struct {
	s     *Store
	key   string
	token string
	seal  seal
	class string
	lock  storage.Lock
	id    string // of the multipart upload

	version *string // of the object, once it is there and where there are any

	// partsConfirm is set where the answers to the parts must confirm the
	// encryption, because that to the beginning did not.
	partsConfirm bool
}

func (u *upload) run(ctx context.Context, r io.Reader) error {
	buf := make([]byte, u.s.o.PartSize)
	n, last, err := fill(ctx, r, buf)
	if err != nil {
		return err
	}
	if last {
		err = u.single(ctx, buf[:n])
	} else {
		err = u.multipart(ctx, buf, r)
	}
	if err != nil {
		return err
	}
	return u.confirmLock(ctx)
}

// fill reads until buf is full or r ends, and says whether it ended. It is not
// io.ReadFull, for which a stream that was cut is like one that is short.
func fill(ctx context.Context, r io.Reader, buf []byte) (n int, last bool, err error) {
	for idle := 0; n < len(buf); {
		if err := storage.Ended(ctx); err != nil {
			return n, false, err
		}
		m, err := r.Read(buf[n:])
		n += m
		if err == io.EOF {
			return n, true, nil
		}
		if err != nil {
			return n, false, err
		}
		if idle++; m > 0 {
			idle = 0
		}
		if idle == 100 {
			return n, false, io.ErrNoProgress
		}
	}
	return n, false, nil
}

// single stores an object in one request.
func (u *upload) single(ctx context.Context, data []byte) error {
	if err := storage.Ended(ctx); err != nil {
		return err
	}
	out, err := u.s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &u.s.o.Bucket, Key: &u.key,
		Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))),
		ChecksumCRC32:     u.sum(data),
		ChecksumAlgorithm: u.algorithm(),
		IfNoneMatch:       aws.String("*"),
		Metadata:          map[string]string{tokenName: u.token},
		StorageClass:      types.StorageClass(u.class),
		ObjectLockMode:    lockMode(u.lock), ObjectLockRetainUntilDate: lockUntil(u.lock),
		ServerSideEncryption: u.seal.sse(), SSEKMSKeyId: u.seal.keyID(),
	}, u.s.persist)
	if err != nil {
		return u.settle(ctx, err)
	}
	u.version = out.VersionId
	if err := u.seal.confirm(out.ServerSideEncryption, out.SSEKMSKeyId); err != nil {
		return errors.Join(err, u.remove(ctx))
	}
	return nil
}

// sums reports whether checksums are sent. Amazon wants them with a lock.
func (u *upload) sums() bool { return u.s.o.Checksums == ChecksumsSupported || !u.lock.IsZero() }

// algorithm names what sum returns: Amazon takes no lock without its name, and
// elsewhere the sum itself tells.
func (u *upload) algorithm() types.ChecksumAlgorithm {
	if u.lock.IsZero() {
		return ""
	}
	return types.ChecksumAlgorithmCrc32
}

// sum is the checksum of an object or a part, nil where none is to be sent.
func (u *upload) sum(data []byte) *string {
	if !u.sums() {
		return nil
	}
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data))
	return aws.String(base64.StdEncoding.EncodeToString(sum))
}

// persist has a write tried more often than a read: more is lost with it.
func (s *Store) persist(o *s3.Options) { o.RetryMaxAttempts = s.o.Attempts }
