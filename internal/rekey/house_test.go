package rekey_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/rekey"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// A house has a store with one backup of some chunks, sealed for one key.
type house struct {
	t       *testing.T
	store   *storagetest.Memory
	old     key
	signer  *crypt.Signer
	trusted *crypt.Trusted
	plain   string
}

const hush = "the keys that the dump lacks"

func (h *house) Dump(_ context.Context, w io.Writer) (backup.Details, error) {
	_, err := io.WriteString(w, h.plain)
	return backup.Details{Engine: "surrealdb-3.3.5", Inventory: len(h.plain), Secrets: []byte(hush)}, err
}

func newHouse(t *testing.T, old key) *house {
	t.Helper()
	random := make([]byte, 200_000) // which no compression makes less
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, store: &storagetest.Memory{Now: func() time.Time { return taken }}, old: old, plain: string(random)}
	h.signer = newSigner(t)
	h.trusted = trust(t, h.signer)
	h.take(taken, h.signer, old)
	return h
}

// take takes a backup.
func (h *house) take(when time.Time, signer catalog.Signer, keys ...key) {
	h.t.Helper()
	_, err := backup.Run(h.t.Context(), backup.Job{
		Kind: "database", Source: "vapora", Suffix: ".surql", Dump: h,
		Destinations: []backup.Destination{{Name: "primary", Store: h.store, Required: true}},
		Recipients:   recipients(h.t, keys...), Signer: signer, Tool: catalog.Tool{Name: "vapora-backup", Version: "v1"},
		Now: func() time.Time { return when }, Random: rand.Reader,
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// entry lists the only backup, whichever of its generations are left.
func (h *house) entry() catalog.Entry {
	h.t.Helper()
	listing, err := catalog.List(h.t.Context(), h.store, catalog.Filter{Kind: "database"})
	if err != nil {
		h.t.Fatal(err)
	}
	all := slices.Concat(listing.Entries, listing.Orphans)
	if len(all) != 1 {
		h.t.Fatalf("got %d backups, want 1", len(all))
	}
	return all[0]
}

func (h *house) options(to *crypt.Recipients) rekey.Options {
	return rekey.Options{Store: h.store, Identities: h.old.identities, Recipients: to, Verifier: h.trusted, Signer: h.signer}
}

func (h *house) rewrap(to *crypt.Recipients) rekey.Result {
	h.t.Helper()
	res, err := rekey.Rewrap(h.t.Context(), h.entry(), h.options(to))
	if err != nil {
		h.t.Fatal(err)
	}
	return res
}

// manifest reads the manifest as readers do.
func (h *house) manifest() *catalog.Manifest {
	h.t.Helper()
	e, s := h.entry().Repaired(h.store)
	m, _, err := catalog.Load(h.t.Context(), s, e, h.verifier())
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

func (h *house) verifier() (v catalog.Verifier) {
	if h.trusted != nil {
		v = h.trusted
	}
	return v
}

// whole wants the backup, as readers see it, to be whole, and to open with a key.
func (h *house) whole(with key) {
	h.t.Helper()
	e, s := h.entry().Repaired(h.store)
	m := h.manifest()
	if err := e.Holds(m); err != nil {
		h.t.Error(err)
	}
	for _, o := range m.Objects {
		want := h.plain
		if o.Role == catalog.RoleSecrets {
			want = hush
		}
		if got, err := plain(h.t, s, o, with); err != nil || got != want {
			h.t.Errorf("%s: got %d bytes, %v, want %d", o.Role, len(got), err, len(want))
		}
	}
}

// plain reads an object, and proves all that its manifest says of it.
func plain(t *testing.T, s storage.Store, o catalog.Object, with key) (string, error) {
	t.Helper()
	body, err := s.Get(t.Context(), o.Key)
	if err != nil {
		return "", err
	}
	var stored bytes.Buffer
	r, err := archive.NewReader(io.TeeReader(body, &stored), with.identities, o.Summary(), 1)
	if err != nil {
		return "", err
	}
	got, err := io.ReadAll(r)
	err = errors.Join(err, r.Close(), body.Close())
	if err == nil && o.Head.SHA256 == "" {
		err = errors.New("its manifest has no head")
	}
	if err == nil {
		_, err = archive.OpenFile(bytes.NewReader(stored.Bytes()), o.Summary(), with.identities)
	}
	return string(got), err
}

// closed wants the backup, as readers see it, not to open with a key.
func (h *house) closed(with key) {
	h.t.Helper()
	for _, o := range h.manifest().Objects {
		_, s := h.entry().Repaired(h.store)
		body, err := s.Get(h.t.Context(), o.Key)
		if err != nil {
			h.t.Fatal(err)
		}
		if _, err := with.identities.Open(body); err == nil {
			h.t.Errorf("%s: opens with a key that it is not sealed for", o.Role)
		}
	}
}

// contents are all objects of the store.
func (h *house) contents() map[string]string {
	out := map[string]string{}
	for _, k := range h.store.Keys() {
		text, _ := h.store.Bytes(k)
		out[k] = string(text)
	}
	return out
}

// untouched wants all that was there to be there.
func (h *house) untouched(before map[string]string) {
	h.t.Helper()
	now := h.contents()
	for k, text := range before {
		if now[k] != text {
			h.t.Errorf("%s was changed", k)
		}
	}
}

// keyWith returns the first key in the store that has these parts.
func (h *house) keyWith(parts ...string) string {
	h.t.Helper()
	for _, k := range h.store.Keys() {
		if !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(k, p) }) {
			return k
		}
	}
	h.t.Fatalf("no key with %q in %q", parts, h.store.Keys())
	return ""
}

// flip changes a bit of an object.
func (h *house) flip(key string, at int) {
	h.t.Helper()
	text, _ := h.store.Bytes(key)
	text[(at+len(text))%len(text)] ^= 1
	h.store.Set(key, text)
}
