package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Put implements storage.Store.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	err := refuse(o)
	if err == nil {
		err = s.put(ctx, key, s.Bandwidth.Reader(ctx, r))
	}
	if err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	return nil
}

// refuse refuses what a folder cannot do.
func refuse(o storage.PutOptions) error {
	switch {
	case !o.Lock.IsZero():
		return fmt.Errorf("a folder: %w", storage.ErrNoLock)
	case o.Class != "":
		return fmt.Errorf("a folder has no storage class %q", o.Class)
	}
	return nil
}

func (s *Store) put(ctx context.Context, key string, r io.Reader) (err error) {
	if err := check(key); err != nil {
		return err
	}
	if err := storage.Ended(ctx); err != nil {
		return err
	}
	root, err := s.openOrMake()
	if err != nil {
		return err
	}
	defer root.Close()
	// Early, so that a long stream is not read in vain; commit decides.
	if _, err := root.Lstat(filepath.FromSlash(key)); err == nil {
		return fs.ErrExist
	}
	folder, name := path.Split(key)
	folder = path.Clean(folder)
	temp := partial + rand.Text()
	dir, f, err := s.create(root, folder, temp)
	if err != nil {
		removeEmpty(root, folder)
		return err
	}
	defer dir.Close()
	defer func() {
		if err != nil {
			err = errors.Join(err, discard(dir, temp))
			removeEmpty(root, folder)
		}
	}()
	if err := s.write(ctx, f, folder, r); err != nil {
		return err
	}
	if err := s.commit(dir, temp, name); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fs.ErrExist
		}
		return s.locate("name the file in", folder, err)
	}
	if err := s.syncFolders(root, folder); err != nil {
		return errors.Join(err, discard(dir, name))
	}
	return nil
}

// write puts all that r gives into f, and on the disk, and closes it.
func (s *Store) write(ctx context.Context, f *os.File, folder string, r io.Reader) error {
	defer f.Close() // a second Close after the one below does no harm
	if err := fill(ctx, f, r); err != nil {
		if we, ok := errors.AsType[*fs.PathError](err); ok && we.Path == f.Name() {
			return s.locate("write to", folder, err)
		}
		return err
	}
	if err := s.sync(f); err != nil {
		return s.locate("write to", folder, err)
	}
	if err := f.Close(); err != nil {
		return s.locate("write to", folder, err)
	}
	return storage.Ended(ctx)
}

// fill copies r to f until r's io.EOF or the end of ctx.
func fill(ctx context.Context, f *os.File, r io.Reader) error {
	// The wrappers hide ReadFrom and WriteTo, which would not look at ctx and
	// choose smaller pieces.
	_, err := io.CopyBuffer(struct{ io.Writer }{f}, &source{ctx, r}, make([]byte, 256<<10))
	return err
}

// source ends with its context.
type source struct {
	ctx context.Context
	r   io.Reader
}

func (s *source) Read(p []byte) (int, error) {
	if err := storage.Ended(s.ctx); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}

// discard removes a file that must not stay; one that was never made is fine.
func discard(dir *os.Root, name string) error {
	err := dir.Remove(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("remove unfinished file: %w", err)
}
