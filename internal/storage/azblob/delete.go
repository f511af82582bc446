package azblob

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Delete implements storage.Store. In an account with versions it deletes the
// very version that is read, where the credentials may do that; else that
// becomes a previous one, which is not listed, and which the account's own
// rules keep and remove.
func (s *Store) Delete(ctx context.Context, key string) error {
	full, err := s.key(key)
	if err == nil {
		err = s.delete(ctx, s.client.NewBlobClient(full))
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return nil
}

func (s *Store) delete(ctx context.Context, b *blob.Client) error {
	head, err := b.GetProperties(ctx, nil)
	if status(err) == http.StatusForbidden {
		head, err = blob.GetPropertiesResponse{}, nil // one may delete and not read
	}
	if err != nil {
		return s.explain(ctx, err)
	}
	// Asked here because a version that is protected does not keep its object
	// from becoming a previous version.
	switch p := protection(head); {
	case p.Hold:
		return fmt.Errorf("%w by a legal hold", storage.ErrLocked)
	case !p.Lock.IsZero():
		return fmt.Errorf("%w, %s", storage.ErrLocked, p.Lock)
	}
	err = erase(ctx, b, head.VersionID, head.ETag)
	switch {
	case err == nil:
		return nil
	case head.ETag == nil:
		return s.explain(ctx, err)
	case status(err) == http.StatusPreconditionFailed:
		if _, err = b.GetProperties(ctx, nil); err == nil {
			return errors.New("the object was replaced meanwhile")
		}
	}
	if status(err) == http.StatusNotFound {
		return nil // it was there just now: the answer to a first attempt was lost
	}
	return s.explain(ctx, err)
}

// erase deletes a blob: the version, if there is one and the credentials may;
// else what has the ETag, if that is known.
func erase(ctx context.Context, b *blob.Client, version *string, etag *azcore.ETag) error {
	if value(version) != "" {
		v, err := b.WithVersionID(*version)
		if err != nil {
			return err
		}
		if _, err = v.Delete(ctx, nil); status(err) != http.StatusForbidden {
			return err
		}
	}
	_, err := b.Delete(ctx, &blob.DeleteOptions{
		AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: etag}},
	})
	return err
}
