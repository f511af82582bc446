package storagetest

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync/atomic"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// An Op is a method of a store.
type Op string

// The methods that a Faulty can let fail.
const (
	Put      Op = "put"
	Get      Op = "get"
	GetRange Op = "get range"
	List     Op = "list"
	Delete   Op = "delete"
)

// A Faulty hands every call on to its Store, but for the one that is to fail.
// Fill in the fields before use; it is then safe for concurrent use.
type Faulty struct {
	Store storage.Store // must be a storage.Ranger where GetRange is called

	Op   Op     // which method fails
	Key  string // only keys (for List, prefixes) that contain this are counted
	Nth  int    // the Nth counted call fails; 0 is every one
	Err  error  // with this error, wrapped
	Late bool   // a failing Put first reads all of its reader, a failing List first yields all

	calls atomic.Int64
}

var (
	_ storage.Store  = (*Faulty)(nil)
	_ storage.Ranger = (*Faulty)(nil)
)

// Calls is how many calls have been counted.
func (f *Faulty) Calls() int { return int(f.calls.Load()) }

func (f *Faulty) due(op Op, key string) error {
	if op != f.Op || !strings.Contains(key, f.Key) {
		return nil
	}
	if n := f.calls.Add(1); f.Nth != 0 && int(n) != f.Nth {
		return nil
	}
	return fmt.Errorf("%s %s: %w", op, key, f.Err)
}

// Put implements storage.Store.
func (f *Faulty) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	if err := f.due(Put, key); err != nil {
		if f.Late {
			if _, rerr := io.Copy(io.Discard, r); rerr != nil {
				return fmt.Errorf("put %s: %w", key, rerr)
			}
		}
		return err
	}
	return f.Store.Put(ctx, key, r, o)
}

// Get implements storage.Store.
func (f *Faulty) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := f.due(Get, key); err != nil {
		return nil, err
	}
	return f.Store.Get(ctx, key)
}

// GetRange implements storage.Ranger.
func (f *Faulty) GetRange(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := f.due(GetRange, key); err != nil {
		return nil, err
	}
	return f.Store.(storage.Ranger).GetRange(ctx, key, offset, length)
}

// List implements storage.Store.
func (f *Faulty) List(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) {
		fault := f.due(List, prefix)
		if fault != nil && !f.Late {
			yield(storage.Object{}, fault)
			return
		}
		for o, err := range f.Store.List(ctx, prefix) {
			if !yield(o, err) || err != nil {
				return
			}
		}
		if fault != nil {
			yield(storage.Object{}, fault)
		}
	}
}

// Delete implements storage.Store.
func (f *Faulty) Delete(ctx context.Context, key string) error {
	if err := f.due(Delete, key); err != nil {
		return err
	}
	return f.Store.Delete(ctx, key)
}
