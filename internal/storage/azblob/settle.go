package azblob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// made is what the server says of the object that it has just made.
type made struct {
	scope, version *string
	etag           *azcore.ETag
}

// settle finds out what became of a write whose answer says that it failed, or
// was lost: the SDK sends a request again when the first answer does not come,
// and then the second one may say that the object is there already.
func (u *upload) settle(ctx context.Context, err error) error {
	if !doubtful(err) {
		return u.refused(ctx, err)
	}
	head, herr := u.head(ctx)
	switch {
	case herr == nil && token(head.Metadata) == u.token:
		return u.confirm(ctx, made{head.EncryptionScope, head.VersionID, head.ETag})
	case herr == nil, isLocked(err) && !errors.Is(herr, fs.ErrNotExist):
		return errExist(err)
	}
	return u.refused(ctx, err)
}

// refused explains why there is no object of this Put.
func (u *upload) refused(ctx context.Context, err error) error {
	switch {
	case bloberror.HasCode(err, bloberror.InvalidBlockList):
		return &fault{"the blocks that were sent are gone: another Put of the same key has ended meanwhile", []error{reply(err)}}
	case u.lock.IsZero() || status(err) == 0:
		return u.s.explain(ctx, err)
	}
	// What Azure answers where it cannot lock is in no documentation.
	if lerr := u.s.CheckLock(ctx); errors.Is(lerr, storage.ErrNoLock) {
		return lerr
	}
	return u.s.explain(ctx, err)
}

// token returns the token of a Put. Metadata are headers, whose names come back
// in another case.
func token(metadata map[string]*string) string {
	for name, value := range metadata {
		if strings.EqualFold(name, tokenName) && value != nil {
			return *value
		}
	}
	return ""
}

// head looks at the object that lies under the key, whatever became of ctx.
func (u *upload) head(ctx context.Context) (blob.GetPropertiesResponse, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	out, err := u.blob.GetProperties(ctx, nil)
	if err != nil {
		return out, fmt.Errorf("look at the object: %w", u.s.explain(ctx, err))
	}
	return out, nil
}

// confirm checks that the object is what was asked for, and takes it back if it
// is not.
func (u *upload) confirm(ctx context.Context, m made) error {
	err := u.confirmScope(m)
	if err == nil {
		err = u.confirmLock(ctx)
	}
	if err != nil {
		return errors.Join(err, u.remove(ctx, m))
	}
	return nil
}

// remove takes back an object of this Put.
func (u *upload) remove(ctx context.Context, m made) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	if err := erase(u.s.persist(ctx), u.blob.BlobClient(), m.version, m.etag); err != nil {
		return fmt.Errorf("remove the object again: %w", u.s.explain(ctx, err))
	}
	return nil
}
