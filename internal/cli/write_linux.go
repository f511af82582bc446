package cli

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// settle gives the file from the name to, and fails with fs.ErrExist where the name is
// taken. Where the file system cannot do that in one step it takes two.
func settle(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return claim(from, to)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}
