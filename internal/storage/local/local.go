// Package local keeps objects as files below one folder.
//
// An object's key is its path. Files are 0600 and folders 0700; an object is
// on the disk, folder entries included, when Put returns. While it is being
// written its file has a name that no key can have and List never shows; a
// process that is killed leaves such a file behind, and it may be deleted.
// Nothing outside the folder is read or written: symbolic links that lead out
// of it are refused.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// partial begins the name of a file that is still being written.
const partial = ".partial-"

// Options say where a Store is.
type Options struct {
	// Dir is the folder that holds the objects. The first Put makes it, and
	// the folders above it, where they are missing; until then the store is empty.
	Dir string
	// Removable says that the folder lies on a disk that is not always there:
	// where the folder is missing, it is not made, and everything that is asked is
	// storage.ErrOffline.
	Removable bool
	// Bandwidth bounds what is read and written; nil does not.
	Bandwidth *storage.Bandwidth
}

// A Store is a folder of objects.
type Store struct {
	Options
	dir string // absolute
	// commit gives a finished file its name, and never replaces one.
	commit func(folder *os.Root, from, to string) error
	// sync puts a file's bytes on the disk, syncFolder the entries of a folder.
	sync       func(*os.File) error
	syncFolder func(root *os.Root, folder string) error
}

var (
	_ storage.Store  = (*Store)(nil)
	_ storage.Ranger = (*Store)(nil)
)

// Open returns the store in o.Dir. It changes nothing on the disk.
func Open(o Options) (*Store, error) {
	if o.Dir == "" {
		return nil, errors.New("open local store: no folder given")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("open local store: %w", err)
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("open local store: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("open local store: %s is not a folder", dir)
	}
	return &Store{Options: o, dir: dir, commit: commit, sync: (*os.File).Sync, syncFolder: syncFolder}, nil
}

// Get implements storage.Store.
func (s *Store) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	f, _, err := s.open(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	return &reader{s.Bandwidth.Reader(ctx, f), ctx, f}, nil
}

// GetRange implements storage.Ranger.
func (s *Store) GetRange(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := storage.CheckRange(offset, length); err != nil {
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	f, size, err := s.open(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	if offset+length > size {
		f.Close()
		return nil, fmt.Errorf("get %s: %d bytes from %d of %d: %w", key, length, offset, size, io.ErrUnexpectedEOF)
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		f.Close()
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	return storage.Exactly(&reader{s.Bandwidth.Reader(ctx, f), ctx, f}, length), nil
}

// open opens the file of an object and tells its size.
func (s *Store) open(ctx context.Context, key string) (*os.File, int64, error) {
	if err := check(key); err != nil {
		return nil, 0, err
	}
	if err := storage.Ended(ctx); err != nil {
		return nil, 0, err
	}
	root, err := s.openRoot()
	if err != nil {
		return nil, 0, s.missing(err)
	}
	defer root.Close()
	info, err := stat(root, key)
	if err != nil {
		return nil, 0, s.missing(err)
	}
	f, err := root.Open(filepath.FromSlash(key))
	if err != nil {
		return nil, 0, s.missing(err)
	}
	return f, info.Size(), nil
}

// Delete implements storage.Store. It removes folders that it leaves empty.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := s.delete(ctx, key); err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return nil
}

func (s *Store) delete(ctx context.Context, key string) error {
	if err := check(key); err != nil {
		return err
	}
	if err := storage.Ended(ctx); err != nil {
		return err
	}
	root, err := s.openRoot()
	if err != nil {
		return s.missing(err)
	}
	defer root.Close()
	if _, err := stat(root, key); err != nil {
		return s.missing(err)
	}
	if err := root.Remove(filepath.FromSlash(key)); err != nil {
		return s.missing(err)
	}
	kept := removeEmpty(root, path.Dir(key))
	if err := s.syncFolder(root, kept); err != nil {
		return s.locate("sync folder", kept, err)
	}
	return nil
}

// stat finds the object of a key: a regular file. Anything else is none of
// ours, and opening it (a pipe) could hang.
func stat(root *os.Root, key string) (fs.FileInfo, error) {
	info, err := root.Lstat(filepath.FromSlash(key))
	if err == nil && !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	return info, err
}

// openRoot opens the folder of the store.
func (s *Store) openRoot() (*os.Root, error) {
	root, err := os.OpenRoot(s.dir)
	if s.Removable && errors.Is(err, fs.ErrNotExist) {
		return nil, &offline{s.dir}
	}
	return root, err
}

// offline is the absence of a removable disk. It is not fs.ErrNotExist: the
// objects are somewhere.
type offline struct{ dir string }

func (o *offline) Error() string { return "folder " + o.dir + " is " + storage.ErrOffline.Error() }
func (o *offline) Unwrap() error { return storage.ErrOffline }

// missing makes fs.ErrNotExist of every way in which a file can be absent, and
// names the folder of the store in other errors.
func (s *Store) missing(err error) error {
	if errors.Is(err, storage.ErrOffline) {
		return err
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return fs.ErrNotExist
	}
	return fmt.Errorf("folder %s: %w", s.dir, cause(err))
}

// locate says which folder of the store an error is about.
func (s *Store) locate(verb, folder string, err error) error {
	return fmt.Errorf("%s %s: %w", verb, filepath.Join(s.dir, filepath.FromSlash(folder)), cause(err))
}

// cause strips the path that package os adds, which is relative to the root
// and names temporary files.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// check refuses keys that no object of this store can have.
func check(key string) error {
	if err := storage.CheckKey(key); err != nil {
		return err
	}
	for segment := range strings.SplitSeq(key, "/") {
		if strings.HasPrefix(segment, partial) {
			return fmt.Errorf("%w: %q has a segment that begins with %s", storage.ErrKey, key, partial)
		}
	}
	return nil
}

// reader ends with its context.
type reader struct {
	r   io.Reader // of f
	ctx context.Context
	f   *os.File
}

func (r *reader) Read(p []byte) (int, error) {
	if err := storage.Ended(r.ctx); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

func (r *reader) Close() error { return r.f.Close() }
