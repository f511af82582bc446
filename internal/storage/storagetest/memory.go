package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A Memory is a store for tests. It ignores its context on purpose: a real
// store that notices a cancelled context hides the fault of a caller that ends
// a stream as if all were well. The zero value is an empty store.
type Memory struct {
	// Now is its clock, nil for the machine's.
	Now func() time.Time

	mu      sync.Mutex
	objects map[string]object
}

type object struct {
	data     []byte
	modified time.Time
	class    string
	lock     storage.Lock
	hold     bool
}

func (m *Memory) now() time.Time {
	if m.Now == nil {
		return time.Now().UTC()
	}
	return m.Now().UTC()
}

var (
	_ storage.Store  = (*Memory)(nil)
	_ storage.Ranger = (*Memory)(nil)
	_ storage.Locker = (*Memory)(nil)
)

// Put implements storage.Store, but for its context.
func (m *Memory) Put(_ context.Context, key string, r io.Reader, o storage.PutOptions) error {
	if err := storage.CheckKey(key); err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.objects[key]; ok {
		return fmt.Errorf("put %s: %w", key, fs.ErrExist)
	}
	m.set(key, object{data: data, modified: m.now(), class: o.Class, lock: o.Lock})
	return nil
}

// Set plants an object, or replaces one: what an attacker or a failing disk
// may do, and no Store.
func (m *Memory) Set(key string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(key, object{data: bytes.Clone(data), modified: m.now()})
}

func (m *Memory) set(key string, o object) {
	if m.objects == nil {
		m.objects = make(map[string]object)
	}
	m.objects[key] = o
}

// Bytes returns a copy of an object, and whether there is one.
func (m *Memory) Bytes(key string) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[key]
	return bytes.Clone(o.data), ok
}

// Keys returns the sorted keys of all objects.
func (m *Memory) Keys() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.objects))
}

// Get implements storage.Store, but for its context.
func (m *Memory) Get(_ context.Context, key string) (io.ReadCloser, error) {
	o, err := m.get(key)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(o.data)), nil
}

// GetRange implements storage.Ranger, but for its context.
func (m *Memory) GetRange(_ context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := storage.CheckRange(offset, length); err != nil {
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	o, err := m.get(key)
	if err != nil {
		return nil, err
	}
	rest := o.data[min(offset, int64(len(o.data))):]
	return storage.Exactly(io.NopCloser(bytes.NewReader(rest)), length), nil
}

func (m *Memory) get(key string) (object, error) {
	if err := storage.CheckKey(key); err != nil {
		return object{}, fmt.Errorf("get %s: %w", key, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[key]
	if !ok {
		return object{}, fmt.Errorf("get %s: %w", key, fs.ErrNotExist)
	}
	return o, nil
}

// List implements storage.Store, but for its context.
func (m *Memory) List(_ context.Context, prefix string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) {
		for _, o := range m.listing(prefix) {
			if !yield(o, nil) {
				return
			}
		}
	}
}

func (m *Memory) listing(prefix string) []storage.Object {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []storage.Object
	for key, o := range m.objects {
		if strings.HasPrefix(key, prefix) {
			out = append(out, storage.Object{Key: key, Size: int64(len(o.data)), Modified: o.modified, Class: o.class})
		}
	}
	return out
}

// Delete implements storage.Store, but for its context.
func (m *Memory) Delete(_ context.Context, key string) error {
	if err := storage.CheckKey(key); err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch o, ok := m.objects[key]; {
	case !ok:
		return fmt.Errorf("delete %s: %w", key, fs.ErrNotExist)
	case o.hold, o.lock.Until.After(m.now()):
		return fmt.Errorf("delete %s: %w", key, storage.ErrLocked)
	}
	delete(m.objects, key)
	return nil
}

// CheckLock implements storage.Locker.
func (m *Memory) CheckLock(context.Context) error { return nil }

// Protection implements storage.Locker.
func (m *Memory) Protection(_ context.Context, key string) (storage.Protection, error) {
	o, err := m.get(key)
	if err != nil {
		return storage.Protection{}, err
	}
	p := storage.Protection{Hold: o.hold}
	if o.lock.Until.After(m.now()) {
		p.Lock = o.lock
	}
	return p, nil
}

// Hold implements storage.Locker.
func (m *Memory) Hold(_ context.Context, key string, on bool) error {
	o, err := m.get(key)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o.hold = on
	m.objects[key] = o
	return nil
}
