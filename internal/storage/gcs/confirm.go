package gcs

import (
	"fmt"
	"strings"

	gcs "cloud.google.com/go/storage"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// confirm compares what the server says of the object with what was asked for:
// one that does not know a wish takes it without a word.
func (u *upload) confirm(got *gcs.ObjectAttrs) error {
	if got.Size != u.size || got.CRC32C != u.sum {
		return fmt.Errorf("sent %d bytes with the CRC32C %08x, the server confirmed %d with %08x", u.size, u.sum, got.Size, got.CRC32C)
	}
	if u.kms != "" && !sameKey(got.KMSKeyName, u.kms) {
		return hint.Wrap(fmt.Errorf("asked for key %s, the server confirmed %s", u.kms, orNone(got.KMSKeyName)),
			"the server cannot do this: remove the key from the destination, or use another server")
	}
	if u.class != "" && !strings.EqualFold(got.StorageClass, u.class) {
		return hint.Wrap(fmt.Errorf("asked for class %s, the server confirmed %s", u.class, orNone(got.StorageClass)),
			"a bucket with Autoclass chooses by itself: remove the class from the destination")
	}
	return u.confirmLock(got)
}

func (u *upload) confirmLock(got *gcs.ObjectAttrs) error {
	if u.lock.IsZero() {
		return nil
	}
	l := lockOf(got.Retention)
	if l.Mode != u.lock.Mode || l.Until.Before(u.lock.Until) {
		return fmt.Errorf("asked for a lock, %s, the server confirmed %s: %w", u.lock, orNone(l.String()), storage.ErrNoLock)
	}
	return nil
}

// sameKey says whether the key of an answer, which names the version too, is
// the one that was asked for.
func sameKey(got, want string) bool {
	return got == want || strings.HasPrefix(got, want+"/cryptoKeyVersions/")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
