package rekey_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/rekey"
	"github.com/vapora-platform/vapora-backup/internal/stocktool"
)

// For each kind of new key: it opens the backup, the old one does not, nothing
// that was there has changed, and the manifest tells of nothing else.
func TestRewrap(t *testing.T) {
	t.Parallel()
	for name, to := range map[string][]key{
		"x25519": {newKey(t, crypt.X25519)}, "pq": {newKey(t, crypt.PostQuantum), newKey(t, crypt.PostQuantum)},
		"ssh and x25519": {sshKey(t), newKey(t, crypt.X25519)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, newKey(t, crypt.X25519))
			before, was := h.contents(), h.manifest()
			res := h.rewrap(recipients(t, to...))
			if res.Skipped || res.Generation != 1 || res.Opened || res.Cold || res.Bytes < int64(len(h.plain)) {
				t.Errorf("got %+v", res)
			}
			h.untouched(before)
			for _, k := range to {
				h.whole(k)
				h.byHand(k)
			}
			h.closed(h.old)
			is := h.manifest()
			if got, want := is.Recipients, recipients(t, to...).Fingerprints(); !reflect.DeepEqual(got, want) {
				t.Errorf("got recipients %q, want %q", got, want)
			}
			is.Recipients = was.Recipients
			for i := range is.Objects {
				if is.Objects[i].Stored == was.Objects[i].Stored || is.Objects[i].Head == was.Objects[i].Head {
					t.Errorf("%s: the stored sum, or that of the head, is that of the old one", is.Objects[i].Role)
				}
				is.Objects[i].Stored, is.Objects[i].Head = was.Objects[i].Stored, was.Objects[i].Head
			}
			if !reflect.DeepEqual(is, was) {
				t.Errorf("got manifest %+v, want %+v", is, was)
			}
		})
	}
}

// byHand follows README.txt with ID=….rewrap-1.
func (h *house) byHand(k key) {
	h.t.Helper()
	dir := h.t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, suffix := range []string{".manifest.json", ".manifest.json.minisig", ".surql.zst.age", ".secrets.json.zst.age"} {
		text, _ := h.store.Bytes(h.keyWith(".rewrap-1" + suffix))
		if err := os.WriteFile(file("ID"+suffix), text, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
	run := func(stdin []byte, name string, args ...string) []byte {
		out, err := stocktool.Run(h.t, stdin, name, args...)
		if err != nil {
			h.t.Fatal(err)
		}
		return out
	}
	said := run(nil, "minisign", "-V", "-P", h.signer.PublicKey(), "-m", file("ID.manifest.json"), "-x", file("ID.manifest.json.minisig"))
	if id := h.entry().ID; !strings.Contains(string(said), id) {
		h.t.Errorf("minisign says %q, want it to name %s", said, id)
	}
	if got := run(run(nil, "age", "-d", "-i", k.file, file("ID.surql.zst.age")), "zstd", "-d"); string(got) != h.plain {
		h.t.Errorf("by hand: got %d bytes, want %d", len(got), len(h.plain))
	}
	if got := run(run(nil, "age", "-d", "-i", k.file, file("ID.secrets.json.zst.age")), "zstd", "-d"); string(got) != hush {
		h.t.Errorf("by hand: got %q, want %q", got, hush)
	}
}

// What is sealed for exactly these is left alone; any other set is another.
func TestRewrapAgain(t *testing.T) {
	t.Parallel()
	a, b, c := newKey(t, crypt.X25519), newKey(t, crypt.X25519), newKey(t, crypt.X25519)
	h := newHouse(t, a)
	n := len(h.store.Keys())
	if res := h.rewrap(recipients(t, a)); !res.Skipped || len(h.store.Keys()) != n {
		t.Errorf("got %+v, want nothing done", res)
	}
	if res := h.rewrap(recipients(t, a, b)); res.Generation != 1 || !res.Opened {
		t.Errorf("got %+v, want it opened with the key at hand", res)
	}
	if res := h.rewrap(recipients(t, b, a)); !res.Skipped {
		t.Errorf("in another order: got %+v", res)
	}
	h.whole(a)
	h.whole(b)
	if res := h.rewrap(recipients(t, c)); res.Generation != 2 || res.Opened {
		t.Errorf("got %+v, want generation 2, which no key at hand opens", res)
	}
	h.whole(c)
	h.closed(a)
	h.old = c
	if res := h.rewrap(recipients(t, a)); res.Generation != 3 {
		t.Errorf("got %+v, want generation 3", res)
	}
	h.whole(a)
}

// The new identity, where it is at hand, opens what was written.
func TestRewrapOpensWhatItWrote(t *testing.T) {
	t.Parallel()
	old, renewed := newKey(t, crypt.X25519), newKey(t, crypt.PostQuantum)
	h := newHouse(t, old)
	o := h.options(recipients(t, renewed))
	o.Identities = together(t, old, renewed)
	read := 0
	o.Progress = func(n int) { read += n }
	res, err := rekey.Rewrap(t.Context(), h.entry(), o)
	if err != nil || !res.Opened {
		t.Errorf("got %+v, %v, want it opened", res, err)
	}
	if read < len(h.plain) {
		t.Errorf("told of %d bytes", read)
	}
}
