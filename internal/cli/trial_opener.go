package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/drill"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// A trialOpener tells keys that do not fit, or do not work, from a backup that does not
// open: only that is a verdict of a restore test.
type trialOpener struct {
	*crypt.Identities
	m *catalog.Manifest
}

func (o trialOpener) Open(src io.Reader) (io.Reader, error) {
	r, err := o.Identities.Open(src)
	return r, o.blame(err)
}

func (o trialOpener) OpenAt(src io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	r, plain, err := o.Identities.OpenAt(src, size)
	return r, plain, o.blame(err)
}

func (o trialOpener) blame(err error) error {
	var damaged interface{ Damaged() bool }
	switch {
	case err == nil, errors.As(err, &damaged) && damaged.Damaged():
		return err
	case !errors.Is(err, crypt.ErrNoMatch):
		return fmt.Errorf("%w: %w", drill.ErrNotTried, err)
	case o.fits():
		return err // the manifest says that it is sealed for us, and it is not
	}
	return hint.Wrap(fmt.Errorf("%w: %w", drill.ErrNotTried, err),
		"name the identity of one of its recipients with --identity FILE; the manifest names them: vapora-backup show %s", o.m.ID)
}

// fits reports whether the backup should open with these keys. What only a plugin can
// tell of its own is not known, and said to be no.
func (o trialOpener) fits() bool {
	return slices.ContainsFunc(o.Recipients(), func(r crypt.Recipient) bool {
		return r.Public != "" && slices.Contains(o.m.Recipients, r.Fingerprint)
	})
}
