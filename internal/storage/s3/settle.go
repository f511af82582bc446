package s3

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// settle finds out what became of a write whose answer says that it failed, or
// was lost: the SDK sends a request again when the first answer does not come,
// and then the second one may say that the object is there already. And there
// are servers that first store an object and then refuse its lock.
func (u *upload) settle(ctx context.Context, err error) error {
	refused := !doubtful(err)
	if refused && u.lock.IsZero() {
		return u.refused(ctx, err)
	}
	head, herr := u.head(ctx)
	mine := herr == nil && head.Metadata[tokenName] == u.token
	if mine {
		u.version = head.VersionId
	}
	switch {
	case mine && refused:
		return errors.Join(u.refused(ctx, err), u.remove(ctx))
	case mine:
		if err := u.seal.confirm(head.ServerSideEncryption, head.SSEKMSKeyId); err != nil {
			return errors.Join(err, u.remove(ctx))
		}
		return nil
	case herr == nil && !refused:
		return errExist(err)
	}
	return u.refused(ctx, err)
}

// refused explains why the server would not take an object.
func (u *upload) refused(ctx context.Context, err error) error {
	switch {
	case !u.lock.IsZero() && lockUnknown(err):
		return u.s.cannotLock(err)
	case code(err) == "InvalidStorageClass":
		return hint.Wrap(&fault{fmt.Sprintf("the server has no storage class %q", u.class), []error{err}},
			"set another storage_class for the destination, or none")
	}
	return u.s.explain(ctx, err)
}

// head looks at the object that lies under the key, whatever became of ctx.
func (u *upload) head(ctx context.Context) (*s3.HeadObjectOutput, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	out, err := u.s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &u.s.o.Bucket, Key: &u.key})
	if err != nil {
		return nil, fmt.Errorf("look at the object: %w", u.s.explain(ctx, err))
	}
	return out, nil
}

// remove takes back an object of this Put, the very version if there are any.
func (u *upload) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	_, err := u.s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &u.s.o.Bucket, Key: &u.key, VersionId: u.version})
	if err != nil {
		return fmt.Errorf("remove the object again: %w", u.s.explain(ctx, err))
	}
	return nil
}
