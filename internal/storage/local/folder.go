package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// openOrMake opens the folder of the store and makes it where it is missing.
func (s *Store) openOrMake() (*os.Root, error) {
	root, err := s.openRoot()
	if err == nil {
		return root, nil
	}
	if errors.Is(err, storage.ErrOffline) {
		return nil, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open folder %s: %w", s.dir, cause(err))
	}
	// The topmost folder that is there gets a new entry, which must last too.
	top := s.dir
	for !exists(top) && filepath.Dir(top) != top {
		top = filepath.Dir(top)
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder %s: %w", s.dir, cause(err))
	}
	for dir := s.dir; dir != top; {
		dir = filepath.Dir(dir)
		if err := syncPath(dir); err != nil {
			return nil, fmt.Errorf("sync folder %s: %w", dir, cause(err))
		}
	}
	if root, err = os.OpenRoot(s.dir); err != nil {
		return nil, fmt.Errorf("open folder %s: %w", s.dir, cause(err))
	}
	return root, nil
}

func syncPath(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return syncFolder(root, ".")
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// create makes a file in a folder of the store, and the folder, and those
// above it, where they are missing. It returns the folder too.
func (s *Store) create(root *os.Root, folder, name string) (*os.Root, *os.File, error) {
	// Another Put that fails, or a Delete, may remove the folder before it has
	// the file, because it is empty: then it is made again. MkdirAll says that a
	// folder is there which went between its own two looks; a file that is in the
	// way for good says the same, and fails in the end.
	const tries = 100
	for try := 0; ; try++ {
		dir, err := makeFolder(root, folder)
		again := errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist)
		if err == nil {
			var f *os.File
			if f, err = dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
				return dir, f, nil
			}
			dir.Close()
			again = errors.Is(err, fs.ErrNotExist)
		}
		if !again || try == tries {
			return nil, nil, s.locate("create a file in", folder, err)
		}
	}
}

func makeFolder(root *os.Root, folder string) (*os.Root, error) {
	if err := root.MkdirAll(filepath.FromSlash(folder), 0o700); err != nil {
		return nil, err
	}
	return root.OpenRoot(filepath.FromSlash(folder))
}

// syncFolders puts the entries of folder and of all above it on the disk. Any
// of them may be new, made by this Put or by one beside it.
func (s *Store) syncFolders(root *os.Root, folder string) error {
	for {
		if err := s.syncFolder(root, folder); err != nil {
			return s.locate("sync folder", folder, err)
		}
		if folder == "." {
			return nil
		}
		folder = path.Dir(folder)
	}
}

// removeEmpty removes folder and those above it as long as they are empty, and
// returns the first that stays.
func removeEmpty(root *os.Root, folder string) string {
	for folder != "." {
		err := removeFolder(root, folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			break
		}
		folder = path.Dir(folder)
	}
	return folder
}
