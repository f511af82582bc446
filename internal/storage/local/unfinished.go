package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

var _ storage.Sweeper = (*Store)(nil)

// Unfinished implements storage.Sweeper: files whose writer was killed before it
// could give them their name. No key is known of them.
func (s *Store) Unfinished(ctx context.Context, before time.Time, _ func(string) bool) iter.Seq2[storage.Unfinished, error] {
	return func(yield func(storage.Unfinished, error) bool) {
		root, err := s.openRoot()
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield(storage.Unfinished{}, fmt.Errorf("look into %s: %w", s.dir, cause(err)))
			return
		}
		defer root.Close()
		err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil:
				return storage.Ended(ctx)
			case gone(err):
				return nil
			case err != nil:
				return err
			case !d.Type().IsRegular() || !strings.HasPrefix(d.Name(), partial):
				return nil
			}
			info, err := d.Info()
			if gone(err) {
				return nil
			}
			if err != nil {
				return err
			}
			if at := info.ModTime().UTC(); at.Before(before) && !yield(storage.Unfinished{ID: name, Size: info.Size(), Started: at}, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(storage.Unfinished{}, fmt.Errorf("look into %s: %w", s.dir, err))
		}
	}
}

// Abandon implements storage.Sweeper.
func (s *Store) Abandon(ctx context.Context, u storage.Unfinished) error {
	if !strings.HasPrefix(path.Base(u.ID), partial) {
		return fmt.Errorf("abandon %s: %w", u.ID, storage.ErrKey) // it is somebody's file
	}
	if err := storage.Ended(ctx); err != nil {
		return err
	}
	root, err := s.openRoot()
	if err != nil {
		return fmt.Errorf("abandon %s: %w", u.ID, cause(err))
	}
	defer root.Close()
	if err := root.Remove(filepath.FromSlash(u.ID)); err != nil && !gone(err) {
		return fmt.Errorf("abandon %s: %w", u.ID, cause(err))
	}
	removeEmpty(root, path.Dir(u.ID))
	return nil
}
