package azblob

import (
	"context"
	"crypto/rand"
	"fmt"
	"hash/crc64"
	"io"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

const (
	// cleanupTime is how long a Put that failed or was cancelled may still take.
	cleanupTime = 10 * time.Second
	// grace is how long the request that makes the object may go on when the
	// context has ended: the server may have it already, and only the answer
	// tells whether there is an object now.
	grace = 5 * time.Second
	// tokenName is the metadata that tells one Put from another.
	tokenName = "vaporaput" // Azure wants an identifier
)

// crcTable is that of Azure's checksums.
var crcTable = crc64.MakeTable(0x9A6C9329AC4BC9B5)

// Put implements storage.Store. A stream that fits one block is one request, a
// longer one becomes blocks, which are made an object by one more request.
// Blocks of a Put that fails are seen by nobody, and cannot be removed by
// anybody: Azure drops them within a week.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	full, err := s.key(key)
	if err == nil {
		u := &upload{s: s, blob: s.client.NewBlockBlobClient(full), token: rand.Text(), scope: s.scope(o.Kind), class: o.Class, lock: o.Lock}
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
	blob  *blockblob.Client
	token string
	scope string
	class string
	lock  storage.Lock
}

func (u *upload) run(ctx context.Context, r io.Reader) error {
	buf := make([]byte, u.s.o.PartSize)
	n, last, err := fill(ctx, r, buf)
	if err != nil {
		return err
	}
	if last {
		return u.single(ctx, buf[:n])
	}
	ids, err := u.send(ctx, buf, r)
	if err != nil {
		return err
	}
	return u.commit(ctx, ids)
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
	mode, until := u.policy()
	sending, stop := outlive(ctx, grace)
	defer stop()
	out, err := u.blob.Upload(u.s.persist(sending), newPayload(data), &blockblob.UploadOptions{
		TransactionalValidation: checksum(data),
		Metadata:                map[string]*string{tokenName: &u.token},
		Tier:                    optional(blob.AccessTier(u.class)),
		CPKScopeInfo:            &blob.CPKScopeInfo{EncryptionScope: optional(u.scope)},
		AccessConditions:        absent(),
		ImmutabilityPolicyMode:  mode, ImmutabilityPolicyExpiryTime: until,
	})
	if err != nil {
		return u.settle(ctx, err)
	}
	return u.confirm(ctx, made{out.EncryptionScope, out.VersionID, out.ETag})
}

// commit makes the object of the blocks.
func (u *upload) commit(ctx context.Context, ids []string) error {
	if err := storage.Ended(ctx); err != nil {
		return err
	}
	mode, until := u.policy()
	sending, stop := outlive(ctx, grace)
	defer stop()
	out, err := u.blob.CommitBlockList(u.s.persist(sending), ids, &blockblob.CommitBlockListOptions{
		Metadata:               map[string]*string{tokenName: &u.token},
		Tier:                   optional(blob.AccessTier(u.class)),
		CPKScopeInfo:           &blob.CPKScopeInfo{EncryptionScope: optional(u.scope)},
		AccessConditions:       absent(),
		ImmutabilityPolicyMode: mode, ImmutabilityPolicyExpiryTime: until,
	})
	if err != nil {
		return u.settle(ctx, err)
	}
	return u.confirm(ctx, made{out.EncryptionScope, out.VersionID, out.ETag})
}

// checksum is computed here because the SDK would copy the data for it.
func checksum(data []byte) blob.TransferValidationType {
	return blob.TransferValidationTypeCRC64(crc64.Checksum(data, crcTable))
}

// absent is the condition that the object is not there yet.
func absent() *blob.AccessConditions {
	every := azcore.ETagAny
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: &every}}
}

// optional is nil for what is empty.
func optional[T ~string](value T) *T {
	if value == "" {
		return nil
	}
	return &value
}

// outlive returns a context that ends some time after ctx.
func outlive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	unwatch := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(d):
			cancel(context.Cause(ctx))
		case <-longer.Done():
		}
	})
	return longer, func() {
		unwatch()
		cancel(nil)
	}
}
