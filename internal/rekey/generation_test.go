package rekey_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/rekey"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// superseded are the keys of what prune may take.
func superseded(h *house) []string {
	var out []string
	for _, o := range h.entry().Superseded() {
		out = append(out, o.Key)
	}
	return out
}

// Prune takes what is superseded, key by key, and readers notice nothing.
func TestSuperseded(t *testing.T) {
	t.Parallel()
	a, b, c := newKey(t, crypt.X25519), newKey(t, crypt.X25519), newKey(t, crypt.X25519)
	h := newHouse(t, a)
	if got := superseded(h); got != nil {
		t.Errorf("before: got %q", got)
	}
	original := h.entry().Keys()
	for _, tag := range []string{"before-upgrade", "a.zst.age"} {
		if err := catalog.Tag(t.Context(), h.store, h.entry(), tag, storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	h.rewrap(recipients(t, b))
	got := superseded(h)
	if slices.Sort(got); !slices.Equal(got, original) {
		t.Errorf("got %q, want %q", got, original)
	}
	// A good copy of an old one, and an object of an interrupted one, go too.
	repair := h.first(".repair-1.surql.zst.age")
	h.store.Set(repair, []byte(h.contents()[h.first(".surql.zst.age")]))
	left := h.first(".rewrap-2.surql.zst.age")
	h.store.Set(left, []byte("half done"))
	if got := superseded(h); !slices.Contains(got, repair) || slices.Contains(got, left) {
		t.Errorf("got %q, want %s and not %s, which may be under way", got, repair, left)
	}
	h.whole(b)
	h.old = b
	h.rewrap(recipients(t, c))
	dead := superseded(h)
	if len(dead) != 4+4+2 || !slices.Contains(dead, left) {
		t.Errorf("got %q", dead)
	}
	for _, key := range dead {
		if err := h.store.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		h.whole(c)
	}
	if got := h.entry(); len(got.Keys()) != 4+2 || superseded(h) != nil {
		t.Errorf("left: %q", got.Keys())
	}
	for _, key := range h.entry().Keys() {
		if !strings.Contains(key, ".rewrap-3.") && !strings.Contains(key, ".tag-") {
			t.Errorf("left: %s", key)
		}
	}
}

// A manifest goes before the objects that it names: what is left of an old
// generation is never taken for one.
func TestSupersededManifestsFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t, newKey(t, crypt.X25519))
	for range 2 {
		h.rewrap(recipients(t, h.old, newKey(t, crypt.X25519)))
	}
	want := []string{h.first(".manifest.json"), h.first(".rewrap-1.manifest.json")}
	if got := superseded(h); len(got) != 8 || !slices.Equal(got[:2], want) {
		t.Errorf("got %q, want %q first", got, want)
	}
}

// A good copy of a damaged object of a generation is taken in its place.
func TestRepairOfAGeneration(t *testing.T) {
	t.Parallel()
	h := newHouse(t, newKey(t, crypt.X25519))
	renewed := newKey(t, crypt.X25519)
	h.rewrap(recipients(t, renewed))
	for _, suffix := range []string{".surql.zst.age", ".secrets.json.zst.age", ".manifest.json", ".manifest.json.minisig"} {
		at := h.keyWith(".rewrap-1" + suffix)
		good := h.contents()[at]
		h.store.Set(at, []byte("nonsense"))
		beside, err := h.entry().NextRepair(at)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.store.Put(t.Context(), beside.String(), strings.NewReader(good), storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		h.whole(renewed)
	}
	if got := superseded(h); len(got) != 4 {
		t.Errorf("got %q, want the four of generation 0", got)
	}
	h.old, renewed = renewed, newKey(t, crypt.X25519)
	h.rewrap(recipients(t, renewed)) // from the good copies
	h.whole(renewed)
}

// Only keys that this program writes count as generations.
func TestNoGeneration(t *testing.T) {
	t.Parallel()
	h := newHouse(t, newKey(t, crypt.X25519))
	base := h.first("")
	for _, odd := range []string{
		".rewrap-0.manifest.json", ".rewrap-01.manifest.json", ".rewrap--1.manifest.json", ".rewrap-1x.manifest.json", ".rewrap-.manifest.json",
		".rewrap-1000000.manifest.json", ".rewrap-99999999999999999999.manifest.json", ".rewrap-1", ".rewrap-1manifest.json",
		".rewrap-1.rewrap-2.manifest.json", ".rewrap-7.surql.zst.age",
	} {
		h.store.Set(base+odd, []byte("nonsense"))
	}
	h.whole(h.old)
	res := h.rewrap(recipients(t, newKey(t, crypt.X25519)))
	if res.Generation != 8 {
		t.Errorf("got generation %d, want 8", res.Generation)
	}
	h.store.Set(base+".rewrap-999999.surql.zst.age", nil)
	if _, err := rekey.Rewrap(t.Context(), h.entry(), h.options(recipients(t, h.old))); err == nil || !strings.Contains(err.Error(), "none can follow") {
		t.Errorf("got %v", err)
	}
}

// What readers see can be read in parts and thawed, as what it stands for.
func TestCurrentStore(t *testing.T) {
	t.Parallel()
	h := newHouse(t, newKey(t, crypt.X25519))
	h.rewrap(recipients(t, newKey(t, crypt.X25519)))
	if err := catalog.Tag(t.Context(), h.store, h.entry(), "kept", storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	e, s := h.entry().Repaired(h.store)
	if _, ok := e.Object(h.first(".tag-kept")); !ok || !slices.Equal(e.Tags, []string{"kept"}) || len(e.Objects) != 5 {
		t.Errorf("got %q, %q, want the tag and four parts", e.Tags, e.Keys())
	}
	key := e.Key(".surql.zst.age").String()
	want := h.contents()[h.keyWith(".rewrap-1.surql")]
	if o, ok := e.Object(key); !ok || o.Size != int64(len(want)) {
		t.Errorf("got %+v, %v", o, ok)
	}
	r, err := s.(storage.Ranger).GetRange(t.Context(), key, 10, 100)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != want[10:110] {
		t.Errorf("got %q, %v", got, err)
	}
	if err := s.Put(t.Context(), key, bytes.NewReader(nil), storage.PutOptions{}); err == nil {
		t.Error("replaced an object")
	}
	other := catalog.Key{Kind: "database", Source: "other", ID: e.ID, Suffix: ".surql.zst.age"}.String()
	h.store.Set(other, []byte("another's"))
	body, err := s.Get(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(body); string(got) != "another's" {
		t.Errorf("another backup: got %q", got)
	}
	if temperature, err := s.(storage.Thawer).Temperature(t.Context(), key); err != nil || temperature.Cold {
		t.Errorf("got %+v, %v", temperature, err)
	}
	if err := s.(storage.Thawer).Thaw(t.Context(), key, "", 1); err != nil {
		t.Error(err)
	}
}
