//go:build unix

package local

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// syncFolder puts the entries of a folder on the disk. A folder that somebody
// else has removed meanwhile, being empty, has none.
func syncFolder(root *os.Root, folder string) error {
	f, err := root.Open(filepath.FromSlash(folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	err = f.Sync()
	// Some network file systems have no such thing and keep entries at once.
	if errors.Is(err, unix.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// removeFolder removes an empty folder and nothing else: os.Root.Remove would
// remove a file that took its place.
func removeFolder(root *os.Root, folder string) error {
	parent, err := root.Open(filepath.FromSlash(path.Dir(folder)))
	if err != nil {
		return err
	}
	defer parent.Close()
	return unix.Unlinkat(int(parent.Fd()), path.Base(folder), unix.AT_REMOVEDIR)
}
