package catalog_test

import (
	"io"
	"slices"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// Readers see the newest good copy of an object under the key of the object. A copy of a
// copy is nothing that this program writes: whoever plants one makes nobody look for more
// than is there.
func TestRepaired(t *testing.T) {
	t.Parallel()
	key := catalog.Key{Kind: "database", Source: "vapora", ID: "20261128T041834Z-ciedkr", Suffix: ".surql.zst.age"}
	planted := key.With(".repair-1.repair-3.surql.zst.age").String()
	store, e := &storagetest.Memory{}, catalog.Entry{Kind: key.Kind, Source: key.Source, ID: key.ID}
	for _, k := range []string{key.String(), key.Repair(1).String(), key.Repair(2).String(), planted} {
		store.Set(k, []byte(k))
		e.Objects = append(e.Objects, storage.Object{Key: k})
	}
	seen, mended := e.Repaired(store)
	var keys []string
	for _, o := range seen.Objects {
		keys = append(keys, o.Key)
	}
	slices.Sort(keys)
	if want := []string{planted, key.String()}; !slices.Equal(keys, want) {
		t.Errorf("readers see %q, want %q", keys, want)
	}
	r, err := mended.Get(t.Context(), key.String())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != key.Repair(2).String() {
		t.Errorf("read %q and %v, want the second good copy", got, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if next, err := e.NextRepair(key.String()); err != nil || next != key.Repair(3) {
		t.Errorf("got %v and %v for the next good copy", next, err)
	}
}
