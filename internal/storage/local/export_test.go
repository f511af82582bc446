package local

import (
	"os"
	"path/filepath"
)

// OpenTelling opens a store that tells of each step which makes an object last, and fails
// where told does.
func OpenTelling(o Options, told func(step string) error) (*Store, error) {
	s, err := Open(o)
	if err != nil {
		return nil, err
	}
	commit, sync, syncFolder := s.commit, s.sync, s.syncFolder
	s.sync = func(f *os.File) error {
		if err := told("sync file"); err != nil {
			return err
		}
		return sync(f)
	}
	s.commit = func(folder *os.Root, from, to string) error {
		if err := told("name " + to); err != nil {
			return err
		}
		return commit(folder, from, to)
	}
	s.syncFolder = func(root *os.Root, folder string) error {
		if err := told("sync " + filepath.ToSlash(folder)); err != nil {
			return err
		}
		return syncFolder(root, folder)
	}
	return s, nil
}

// OpenLinking opens a store as on a file system that cannot rename without
// replacing.
func OpenLinking(o Options) (*Store, error) {
	s, err := Open(o)
	if err == nil {
		s.commit = link
	}
	return s, err
}
