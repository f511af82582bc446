package rekey_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/rekey"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

var errBroken = errors.New("the network broke")

// Whichever write or read fails, and however: readers have a whole backup, the
// old one unless all was written, and the same command finishes it.
func TestRewrapInterrupted(t *testing.T) {
	t.Parallel()
	old, renewed := newKey(t, crypt.X25519), newKey(t, crypt.X25519)
	for name, c := range map[string]struct {
		calls int
		store func(h *house, n int) storage.Store
	}{
		"writes that do not begin": {5, func(h *house, n int) storage.Store {
			return &storagetest.Faulty{Store: h.store, Op: storagetest.Put, Nth: n, Err: errBroken}
		}},
		"writes that break": {5, func(h *house, n int) storage.Store {
			return &storagetest.Faulty{Store: h.store, Op: storagetest.Put, Nth: n, Err: errBroken, Late: true}
		}},
		"writes whose answer is lost": {5, func(h *house, n int) storage.Store { return &mute{h.store, n} }},
		// Manifest and signature; an object, which is opened and summed again, and another; these two.
		"reads": {10, func(h *house, n int) storage.Store {
			return &storagetest.Faulty{Store: h.store, Op: storagetest.Get, Nth: n, Err: errBroken}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ {
				h := newHouse(t, old)
				before := h.contents()
				o := h.options(recipients(t, renewed))
				o.Store = c.store(h, n)
				_, err := rekey.Rewrap(t.Context(), h.entry(), o)
				if err == nil {
					if n != c.calls+1 {
						t.Errorf("got %d calls, want %d", n-1, c.calls)
					}
					break
				}
				if !errors.Is(err, errBroken) {
					t.Fatalf("call %d: got %v, want %v", n, err, errBroken)
				}
				h.untouched(before)
				if _, written := h.contents()[strings.Replace(h.first(".manifest.json"), ".manifest", ".rewrap-1.manifest", 1)]; written {
					h.whole(renewed)
				} else {
					h.whole(old)
				}
				h.rewrap(recipients(t, renewed))
				h.whole(renewed)
				h.untouched(before)
				if res := h.rewrap(recipients(t, renewed)); !res.Skipped {
					t.Errorf("call %d: got %+v after it was finished", n, res)
				}
			}
		})
	}
}

// first is the key of an object in generation 0.
func (h *house) first(suffix string) string { return h.entry().Key(suffix).String() }

// mute stores what is put, and breaks before it can say so the n-th time.
type mute struct {
	storage.Store
	n int
}

func (m *mute) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	err := m.Store.Put(ctx, key, r, o)
	if m.n--; m.n == 0 {
		return errBroken
	}
	return err
}

// What a store makes of the new bytes is noticed before anybody reads them, with
// a key that opens them and without.
func TestRewrapReadsBack(t *testing.T) {
	t.Parallel()
	old, renewed := newKey(t, crypt.X25519), newKey(t, crypt.X25519)
	for _, with := range [][]key{{old}, {old, renewed}} {
		for _, part := range []string{".rewrap-1.surql", ".rewrap-1.secrets"} {
			h := newHouse(t, old)
			o := h.options(recipients(t, renewed))
			o.Identities, o.Store = together(t, with...), &altering{h.store, part, lastBit}
			_, err := rekey.Rewrap(t.Context(), h.entry(), o)
			if err == nil || !strings.Contains(err.Error(), "cannot be read back") {
				t.Errorf("%s: got %v", part, err)
			}
			h.whole(old)
		}
	}
	h := newHouse(t, old)
	o := h.options(recipients(t, renewed))
	o.Store = &altering{h.store, ".rewrap-1.manifest.json", lastBit}
	if _, err := rekey.Rewrap(t.Context(), h.entry(), o); err == nil || !strings.Contains(err.Error(), "the new generation is there") {
		t.Errorf("manifest: got %v", err)
	}
	// No signature tells this one.
	h = newHouse(t, old)
	h.store, h.trusted = &storagetest.Memory{}, nil
	h.take(taken, nil, old)
	other := func(text []byte) []byte { return bytes.Replace(text, []byte(`"v1"`), []byte(`"v2"`), 1) }
	o = rekey.Options{Store: &altering{h.store, ".manifest.json", other}, Identities: old.identities, Recipients: recipients(t, renewed)}
	if _, err := rekey.Rewrap(t.Context(), h.entry(), o); err == nil || !strings.Contains(err.Error(), "not what was written") {
		t.Errorf("unsigned manifest: got %v", err)
	}
}

// Where the new data is out of reach at once, it says so.
func TestRewrapIntoTheCold(t *testing.T) {
	t.Parallel()
	old, renewed := newKey(t, crypt.X25519), newKey(t, crypt.X25519)
	h := newHouse(t, old)
	o := h.options(recipients(t, renewed))
	o.Store = &storagetest.Faulty{Store: h.store, Op: storagetest.Get, Key: ".rewrap-1.surql", Err: storage.ErrCold}
	res, err := rekey.Rewrap(t.Context(), h.entry(), o)
	if err != nil || !res.Cold || res.Opened {
		t.Errorf("got %+v, %v, want it cold", res, err)
	}
	h.whole(renewed)

	h = newHouse(t, old)
	o = h.options(recipients(t, renewed))
	o.Store = &storagetest.Faulty{Store: h.store, Op: storagetest.Get, Key: ".surql", Err: storage.ErrCold}
	if _, err := rekey.Rewrap(t.Context(), h.entry(), o); !errors.Is(err, storage.ErrCold) {
		t.Errorf("out of the cold: got %v, want ErrCold", err)
	}
}

// altering is a store that changes what is put under some keys.
type altering struct {
	storage.Store
	part string
	with func([]byte) []byte
}

func lastBit(text []byte) []byte {
	text[len(text)-1] ^= 1
	return text
}

func (s *altering) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if strings.Contains(key, s.part) {
		text = s.with(text)
	}
	return s.Store.Put(ctx, key, bytes.NewReader(text), o)
}
