package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// repairMark begins the suffix of a good copy of a damaged object. Nothing that
// was written is replaced: the copy lies beside the object, with the same bytes
// that the object once had, and readers take it in its place.
const repairMark = ".repair-"

// Repair returns the key of the n-th good copy of the object.
func (k Key) Repair(n int) Key { return k.With(repairMark + strconv.Itoa(n) + k.Suffix) }

// repairs returns the key of which k is the n-th good copy, and k and 0 if it
// is none.
func (k Key) repairs() (of Key, n int) {
	rest, ok := strings.CutPrefix(k.Suffix, repairMark)
	number, suffix, dotted := strings.Cut(rest, ".")
	n, err := strconv.Atoi(number)
	if !ok || !dotted || strings.HasPrefix("."+suffix, repairMark) || err != nil || n < 1 || n >= mostGenerations || strconv.Itoa(n) != number {
		return k, 0
	}
	return k.With("." + suffix), n
}

// Repaired returns the entry and the store as readers should see them: the
// newest good copy of an object in the place of the object, and the generation
// that counts in the place of the backup.
func (e Entry) Repaired(s storage.Store) (Entry, storage.Store) {
	mended, s := e.mended(s)
	return mended.current(s)
}

func (e Entry) mended(s storage.Store) (Entry, storage.Store) {
	newest := map[string]int{}
	keys := map[string]string{}
	objects := map[string]storage.Object{}
	for _, o := range e.Objects {
		key, err := ParseKey(o.Key)
		if err != nil {
			continue // an entry that a listing made has none such
		}
		of, n := key.repairs()
		if last, ok := newest[of.String()]; !ok || n > last {
			newest[of.String()], keys[of.String()], objects[of.String()] = n, o.Key, o
		}
	}
	seen := e
	seen.Objects = nil
	for _, o := range e.Objects {
		if best, ok := objects[o.Key]; ok {
			best.Key = o.Key
			seen.Objects = append(seen.Objects, best)
			delete(objects, o.Key)
		}
	}
	// What is left are copies whose original is gone.
	for key, o := range objects {
		if keys[key] != key {
			o.Key = key
			seen.Objects = append(seen.Objects, o)
		}
	}
	for key, at := range keys {
		if key == at {
			delete(keys, key)
		}
	}
	if len(keys) == 0 {
		return seen, s
	}
	return seen, &elsewhere{s, func(key string) string {
		if at, ok := keys[key]; ok {
			return at
		}
		return key
	}}
}

// InGeneration is the store with the parts of one backup where generation n has
// them, to read and to write.
func InGeneration(s storage.Store, e Entry, n int) storage.Store {
	return &elsewhere{s, func(key string) string {
		k, err := ParseKey(key)
		if err != nil || k.With("") != e.Key("") {
			return key
		}
		return k.InGeneration(n).String()
	}}
}

// NextRepair returns the key for another good copy of an object that readers
// see under that key.
func (e Entry) NextRepair(object string) (Key, error) {
	key, err := ParseKey(e.Place(object))
	if err != nil {
		return Key{}, err
	}
	last := 0
	for _, o := range e.Objects {
		if k, err := ParseKey(o.Key); err == nil {
			if of, n := k.repairs(); of == key {
				last = max(last, n)
			}
		}
	}
	if last+1 >= mostGenerations {
		return Key{}, fmt.Errorf("good copy %d of %s is there, and none can follow it", last, key)
	}
	return key.Repair(last + 1), nil
}

// An elsewhere store has objects under other keys than it is asked for.
type elsewhere struct {
	storage.Store
	key func(string) string
}

func (r *elsewhere) Put(ctx context.Context, key string, body io.Reader, o storage.PutOptions) error {
	return r.Store.Put(ctx, r.key(key), body, o)
}

func (r *elsewhere) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	return r.Store.Get(ctx, r.key(key))
}

func (r *elsewhere) GetRange(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	ranger, ok := r.Store.(storage.Ranger)
	if !ok {
		return nil, fmt.Errorf("read %s in parts: %w", key, errors.ErrUnsupported)
	}
	return ranger.GetRange(ctx, r.key(key), offset, length)
}

// Temperature implements storage.Thawer; a store that never gets cold is warm.
func (r *elsewhere) Temperature(ctx context.Context, key string) (storage.Temperature, error) {
	if thawer, ok := r.Store.(storage.Thawer); ok {
		return thawer.Temperature(ctx, r.key(key))
	}
	return storage.Temperature{}, nil
}

// Thaw implements storage.Thawer.
func (r *elsewhere) Thaw(ctx context.Context, key, tier string, days int) error {
	if thawer, ok := r.Store.(storage.Thawer); ok {
		return thawer.Thaw(ctx, r.key(key), tier, days)
	}
	return nil
}
