package prune_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/prune"
)

// leftover is what failed runs left at the primary destination.
func (h *house) leftover(v catalog.Verifier, recipients ...string) prune.Leftovers {
	h.t.Helper()
	s := h.stores["primary"]
	l, err := catalog.List(h.t.Context(), s, catalog.Filter{})
	if err != nil {
		h.t.Fatal(err)
	}
	b := &prune.Backups{Store: s, Verifier: v}
	if recipients != nil {
		b.Recipients = func(string) []string { return recipients }
	}
	left, err := prune.Leftover(h.t.Context(), "primary", b, l, nil, h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	return left
}

// generation plants a generation of a backup with the signed manifest of the first,
// and the data changed by a function.
func (h *house) generation(i int, mark string, change func([]byte)) {
	h.t.Helper()
	s := h.stores["primary"]
	for _, suffix := range []string{".surql.zst.age", catalog.SecretsSuffix, catalog.SignatureSuffix, catalog.ManifestSuffix} {
		text, ok := s.Bytes(h.key(i, suffix))
		if !ok {
			h.t.Fatalf("no %s", suffix)
		}
		if suffix == ".surql.zst.age" {
			change(text)
		}
		s.Set(h.key(i, mark+suffix), text)
	}
}

// A manifest is signed for its backup, and not for a generation: somebody who may
// only write plants another one of the same size, and nothing goes for it.
func TestForgedGenerationSupersedesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.generation(20, ".rewrap-9", func(text []byte) { text[0] ^= 1 })
	h.generation(21, ".rewrap-1", func([]byte) {})
	h.now = h.now.Add(2 * day)
	left := h.leftover(h.machine.key)
	var got []string
	for _, o := range left.Superseded {
		got = append(got, o.Key)
	}
	if len(got) != 4 || slices.ContainsFunc(got, func(k string) bool { return !strings.Contains(k, h.ids[21]) }) {
		t.Errorf("got %q, want the four objects of %s", got, h.ids[21])
	}
	if len(left.Stays) != 1 || !strings.Contains(left.Stays[0], h.ids[20]) {
		t.Errorf("got %q, want a word about %s", left.Stays, h.ids[20])
	}
	// Where nobody is trusted nothing is told from a forged one.
	if left := h.leftover(nil); len(left.Superseded) != 0 || len(left.Stays) != 2 {
		t.Errorf("nobody is trusted: got %v, %q", left.Superseded, left.Stays)
	}
}

// A generation for recipients who are gone, which somebody kept and plants again, is
// whole and signed, and takes the place of none.
func TestOldGenerationSupersedesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.generation(21, ".rewrap-9", func([]byte) {})
	h.now = h.now.Add(2 * day)
	for recipient, want := range map[string]int{"age1x": 4, "age1new": 0} { // the manifests are for age1x
		if left := h.leftover(h.machine.key, recipient); len(left.Superseded) != want || (len(left.Stays) == 0) != (want > 0) {
			t.Errorf("sealed for %s today: got %d objects to go, %q, want %d", recipient, len(left.Superseded), left.Stays, want)
		}
	}
}
