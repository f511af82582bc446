package azblob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// policy is the lock as Azure's immutability policy: who may set policies may
// lift one that is unlocked, nobody one that is locked.
func (u *upload) policy() (*blob.ImmutabilityPolicySetting, *time.Time) {
	if u.lock.IsZero() {
		return nil, nil
	}
	mode := blob.ImmutabilityPolicySettingUnlocked
	if u.lock.Mode == storage.Compliance {
		mode = blob.ImmutabilityPolicySettingLocked
	}
	// The header has seconds; never shorter than what was asked for.
	until := u.lock.Until.UTC().Add(time.Second - 1).Truncate(time.Second)
	return &mode, &until
}

// CheckLock implements storage.Locker. It needs the right to read the
// container's properties.
func (s *Store) CheckLock(ctx context.Context) error {
	out, err := s.client.GetProperties(ctx, nil)
	switch {
	case err == nil && value(out.IsImmutableStorageWithVersioningEnabled):
		return nil
	case err == nil, status(err) == http.StatusNotImplemented:
		return s.cannotLock()
	}
	return fmt.Errorf("ask container %s for immutability: %w", s.o.Container, s.explain(ctx, err))
}

func (s *Store) cannotLock() error {
	return hint.Wrap(fmt.Errorf("container %s: %w", s.o.Container, storage.ErrNoLock),
		"make a container with version-level immutability support (and versioning in the account), or remove lock from the destination")
}

// confirmLock asks the server for the lock of the object that was just put: one
// that does not know locks takes the wish without a word.
func (u *upload) confirmLock(ctx context.Context) error {
	if u.lock.IsZero() {
		return nil
	}
	head, err := u.head(ctx)
	if err != nil {
		return fmt.Errorf("%w: the server did not confirm the lock: %w", storage.ErrNoLock, err)
	}
	got := protection(head).Lock
	if got.Mode == u.lock.Mode && !got.Until.Before(u.lock.Until) {
		return nil
	}
	said := got.String()
	if said == "" {
		said = "none"
	}
	err = fmt.Errorf("asked for a lock, %s, the server confirmed %s: %w", u.lock, said, storage.ErrNoLock)
	return hint.Wrap(err, "%s", hint.Of(u.s.cannotLock()))
}

// protection reads what keeps an object. The server's own clock says whether
// the lock has ended.
func protection(p blob.GetPropertiesResponse) (out storage.Protection) {
	out.Hold = value(p.LegalHold)
	now := time.Now()
	if p.Date != nil {
		now = *p.Date
	}
	until := value(p.ImmutabilityPolicyExpiresOn).UTC()
	if !until.After(now) {
		return out
	}
	out.Lock = storage.Lock{Mode: storage.Governance, Until: until}
	if strings.EqualFold(string(value(p.ImmutabilityPolicyMode)), string(blob.ImmutabilityPolicyModeLocked)) {
		out.Lock.Mode = storage.Compliance
	}
	return out
}

// Protection implements storage.Locker.
func (s *Store) Protection(ctx context.Context, key string) (storage.Protection, error) {
	b, err := s.blob(key)
	if err != nil {
		return storage.Protection{}, fmt.Errorf("look at the lock of %s: %w", key, err)
	}
	head, err := b.GetProperties(ctx, nil)
	if err != nil {
		return storage.Protection{}, fmt.Errorf("look at the lock of %s: %w", key, s.explain(ctx, err))
	}
	return protection(head), nil
}

// Hold implements storage.Locker. It needs the right to set immutability
// policies.
func (s *Store) Hold(ctx context.Context, key string, on bool) error {
	b, err := s.blob(key)
	if err == nil {
		err = s.hold(ctx, b, on)
	}
	if err != nil {
		return fmt.Errorf("set the legal hold of %s: %w", key, err)
	}
	return nil
}

func (s *Store) hold(ctx context.Context, b *blockblob.Client, on bool) error {
	_, err := b.SetLegalHold(ctx, on, nil)
	switch {
	case err == nil:
		return nil
	case status(err) == http.StatusNotImplemented:
		return s.cannotLock()
	case status(err) == 0, status(err) == http.StatusNotFound:
		return s.explain(ctx, err)
	}
	// What Azure answers where it cannot lock is in no documentation.
	if lerr := s.CheckLock(ctx); errors.Is(lerr, storage.ErrNoLock) {
		return lerr
	}
	return s.explain(ctx, err)
}

// blob returns the client of one object.
func (s *Store) blob(key string) (*blockblob.Client, error) {
	full, err := s.key(key)
	if err != nil {
		return nil, err
	}
	return s.client.NewBlockBlobClient(full), nil
}
