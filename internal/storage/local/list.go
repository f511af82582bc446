package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strings"
	"syscall"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// List implements storage.Store. Only regular files are objects.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) {
		root, err := s.openRoot()
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield(storage.Object{}, fmt.Errorf("list %s: %w", s.dir, cause(err)))
			return
		}
		defer root.Close()
		if err := walk(ctx, root, prefix, yield); err != nil {
			yield(storage.Object{}, fmt.Errorf("list %s: %w", s.dir, err))
		}
	}
}

// walk yields the objects below prefix, and returns an error that is still to
// be yielded.
func walk(ctx context.Context, root *os.Root, prefix string, yield func(storage.Object, error) bool) error {
	start := "."
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		start = prefix[:i]
	}
	if !fs.ValidPath(start) {
		return nil // no object's key begins like that
	}
	return fs.WalkDir(root.FS(), start, func(name string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return storage.Ended(ctx)
		case gone(err):
			return nil // removed since its folder was read, or never there
		case err != nil:
			return err
		case d.IsDir():
			if name != start && !overlap(name+"/", prefix) {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular() || strings.HasPrefix(d.Name(), partial) || !strings.HasPrefix(name, prefix):
			return nil
		}
		info, err := d.Info()
		if gone(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if !yield(storage.Object{Key: name, Size: info.Size(), Modified: info.ModTime().UTC()}, nil) {
			return fs.SkipAll
		}
		return nil
	})
}

// overlap says whether one begins with the other.
func overlap(a, b string) bool {
	return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
}

func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
