//go:build !unix

package local

import (
	"io/fs"
	"os"
	"path/filepath"
)

// syncFolder does nothing: here folders cannot be synced.
func syncFolder(*os.Root, string) error { return nil }

// removeFolder removes an empty folder.
func removeFolder(root *os.Root, folder string) error {
	info, err := root.Lstat(filepath.FromSlash(folder))
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fs.ErrInvalid
	}
	return root.Remove(filepath.FromSlash(folder))
}
