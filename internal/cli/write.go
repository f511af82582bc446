package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// occupied is the error of a file that is there.
func occupied(path string) error {
	return hint.Wrap(fmt.Errorf("write %s: it exists, and is not replaced", path), "choose another folder or name, or move the file away")
}

// free refuses a path for --output where something is, before hours of reading.
func free(path string) error {
	if path == "-" {
		return nil
	}
	if _, err := os.Lstat(path); err == nil {
		return occupied(path)
	}
	return nil
}

// writeProved writes a file that appears only when write has returned nil, and that
// replaces none.
func writeProved(path string, write func(io.Writer) error) (n int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", path, strip(err))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(fill(f, path, write, &n), f.Close()); err != nil {
		return 0, err
	}
	err = settle(f.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return 0, occupied(path)
	}
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", path, strip(err))
	}
	return n, nil
}

// fill writes all of the file, down to the disk.
func fill(f *os.File, path string, write func(io.Writer) error, n *int64) error {
	if err := write(f); err != nil {
		return err
	}
	var err error
	if *n, err = f.Seek(0, io.SeekCurrent); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// claim gives the file from the name to by way of an empty file that only one can make,
// and then takes the place of: for what knows neither hard links nor a rename that
// never replaces.
func claim(from, to string) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Close(), os.Rename(from, to)); err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}

// strip takes the temporary file's name out of an error.
func strip(err error) error {
	var link *os.LinkError
	var path *fs.PathError
	switch {
	case errors.As(err, &link):
		return link.Err
	case errors.As(err, &path):
		return path.Err
	}
	return err
}
