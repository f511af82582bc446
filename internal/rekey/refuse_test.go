package rekey_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/rekey"
)

// What must not be rewrapped is left as it was, and nobody takes what is there.
func TestRewrapRefuses(t *testing.T) {
	t.Parallel()
	other := newKey(t, crypt.X25519)
	stranger := newSigner(t)
	for name, c := range map[string]struct {
		harm   func(h *house, o *rekey.Options)
		want   error
		said   string
		hinted bool
	}{
		"wrong identity":  {func(_ *house, o *rekey.Options) { o.Identities = other.identities }, crypt.ErrNoMatch, "", true},
		"data changed":    {func(h *house, _ *rekey.Options) { h.flip(h.keyWith(".surql"), -1) }, archive.ErrDamaged, "data", false},
		"header changed":  {func(h *house, _ *rekey.Options) { h.flip(h.keyWith(".surql"), 30) }, nil, "data", false},
		"secrets changed": {func(h *house, _ *rekey.Options) { h.flip(h.keyWith(".secrets"), -1) }, archive.ErrDamaged, "secrets", false},
		"data cut": {func(h *house, _ *rekey.Options) {
			h.store.Set(h.keyWith(".surql"), []byte(h.contents()[h.keyWith(".surql")][:90_000]))
		}, archive.ErrDamaged, "data", false},
		"data longer": {func(h *house, _ *rekey.Options) {
			h.store.Set(h.keyWith(".surql"), []byte(h.contents()[h.keyWith(".surql")]+"x"))
		}, archive.ErrDamaged, "data", false},
		"manifest changed":   {func(h *house, _ *rekey.Options) { h.flip(h.keyWith(".manifest.json"), -2) }, catalog.ErrUntrusted, "", false},
		"signer unknown":     {func(_ *house, o *rekey.Options) { o.Signer = stranger }, crypt.ErrUntrusted, "signing.key", false},
		"no signer":          {func(_ *house, o *rekey.Options) { o.Signer = nil }, nil, "no signing key", true},
		"nobody trusted":     {func(_ *house, o *rekey.Options) { o.Verifier = nil }, nil, "nobody is trusted", true},
		"signed, no keys":    {func(_ *house, o *rekey.Options) { o.Signer, o.Verifier = nil, nil }, nil, "it is signed", true},
		"by a stranger":      {func(h *house, o *rekey.Options) { o.Signer, o.Verifier = stranger, trust(h.t, stranger) }, catalog.ErrUntrusted, "", false},
		"by a revoked key":   {func(h *house, _ *rekey.Options) { h.revoke() }, crypt.ErrRevoked, "", false},
		"of a newer program": {func(h *house, _ *rekey.Options) { h.newer() }, nil, "does not know", true},
	} {
		h := newHouse(t, newKey(t, crypt.X25519))
		o := h.options(recipients(t, newKey(t, crypt.X25519)))
		c.harm(h, &o)
		n := len(h.store.Keys())
		_, err := rekey.Rewrap(t.Context(), h.entry(), o)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.said) || !strings.Contains(err.Error(), h.entry().ID) || c.hinted && hint.Of(err) == "" {
			t.Errorf("%s: got %v with hint %q", name, err, hint.Of(err))
		}
		if e, _ := h.entry().Repaired(h.store); len(e.Objects) != 4 || len(h.store.Keys()) > n+1 {
			t.Errorf("%s: got %q", name, h.store.Keys())
		}
	}
}

func (h *house) revoke() {
	if err := h.trusted.Revoke(h.signer.PublicKey(), taken.Add(time.Hour)); err != nil {
		h.t.Fatal(err)
	}
}

// newer adds to the manifest what this program does not know.
func (h *house) newer() {
	h.t.Helper()
	key := h.keyWith(".manifest.json")
	text := strings.Replace(h.contents()[key], "{\n", "{\n  \"later\": 1,\n", 1)
	k, err := catalog.ParseKey(key)
	if err != nil {
		h.t.Fatal(err)
	}
	sig, err := h.signer.Sign([]byte(text), "vapora-backup kind database source vapora id "+k.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	h.store.Set(key, []byte(text))
	h.store.Set(key+".minisig", sig)
}
