package replica_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/replica"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// inspect returns the faults of the only backup of a place, and mends them.
func (h *house) mend(name string) []string {
	h.t.Helper()
	p := h.look()
	var out []string
	faults, err := p.Inspect(h.t.Context(), name, h.place(name).Entries[0])
	if err != nil {
		h.t.Fatal(err)
	}
	for _, f := range faults {
		out = append(out, f.Object.Role)
		if !errors.Is(f.Err, archive.ErrDamaged) && !errors.Is(f.Err, fs.ErrNotExist) {
			h.t.Errorf("got fault %v", f.Err)
		}
		if _, err := p.Repair(h.t.Context(), f); err != nil {
			h.t.Fatal(err)
		}
	}
	slices.Sort(out)
	return out
}

// Each harm is found, and mended without replacing anything, so that the place
// alone has a good backup again; also when it comes a second time.
func TestRepair(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		suffix string
		text   string // in its place; "": it is gone
		want   string
	}{
		"data changed":      {".surql.zst.age", "nonsense", "data"},
		"data gone":         {".surql.zst.age", "", "data"},
		"secrets changed":   {".secrets.json.zst.age", "nonsense", "secrets"},
		"manifest changed":  {".manifest.json", "{}", "manifest"},
		"signature changed": {".manifest.json.minisig", "x", "manifest"},
		"signature gone":    {".manifest.json.minisig", "", "manifest"},
	} {
		h := newHouse(t, "bad", "good")
		id := h.backup(start, "bad", "good")
		bad := h.stores["bad"]
		key := catalog.Key{Kind: "database", Source: "vapora", ID: id, Suffix: x.suffix}.String()
		for round := range 2 {
			for _, k := range bad.Keys() { // the newest copy of it
				if k == key || strings.Contains(k, ".repair-") && strings.HasSuffix(k, x.suffix) {
					harm(t, bad, k, x.text)
				}
			}
			before := contents(bad)
			if got := h.mend("bad"); !slices.Equal(got, []string{x.want}) {
				t.Errorf("%s, round %d: got faults of %q, want of %s", name, round, got, x.want)
			}
			for k, text := range before {
				if now, _ := bad.Bytes(k); string(now) != text {
					t.Errorf("%s: %s was replaced", name, k)
				}
			}
			if got := h.mend("bad"); got != nil {
				t.Errorf("%s, round %d: still faulty: %q", name, round, got)
			}
		}
		// The other place burns down: what is left is a whole backup.
		h.stores["good"] = &storagetest.Memory{}
		h.place("good").Store = h.stores["good"]
		h.pay(start)
		if got := h.mend("good"); got != nil {
			t.Errorf("%s: the copy of the mended one: %q", name, got)
		}
		for _, k := range h.stores["good"].Keys() {
			if strings.Contains(k, ".repair-") {
				t.Errorf("%s: copied as a repair: %s", name, k)
			}
		}
	}
}

func harm(t *testing.T, s *storagetest.Memory, key, text string) {
	t.Helper()
	if text != "" {
		s.Set(key, []byte(text))
		return
	}
	if err := s.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
}

func contents(s *storagetest.Memory) map[string]string {
	out := map[string]string{}
	for _, k := range s.Keys() {
		text, _ := s.Bytes(k)
		out[k] = string(text)
	}
	return out
}

func TestRepairNeedsAGoodCopy(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "bad", "worse")
	id := h.backup(start, "bad", "worse")
	key := catalog.Key{Kind: "database", Source: "vapora", ID: id, Suffix: ".surql.zst.age"}.String()
	for _, s := range h.stores {
		s.Set(key, []byte("nonsense"))
	}
	p := h.look()
	faults, err := p.Inspect(t.Context(), "bad", h.place("bad").Entries[0])
	if err != nil || len(faults) != 1 {
		t.Fatalf("got %v, %v", faults, err)
	}
	if _, err := p.Repair(t.Context(), faults[0]); !errors.Is(err, archive.ErrDamaged) || !strings.Contains(err.Error(), "at worse: ") {
		t.Errorf("got %v", err)
	}
	if n := len(h.stores["bad"].Keys()); n != 5 {
		t.Errorf("got %d objects, want the five that were there", n)
	}
}

// A place that cannot be read is not judged.
func TestInspectTellsThePlaceFromTheBackup(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "a", "b")
	h.backup(start, "a", "b")
	p := h.look()
	denied := errors.New("denied")
	for _, key := range []string{".surql", ".manifest.json", ".minisig"} {
		p.Places[0].Store = &storagetest.Faulty{Store: h.stores["a"], Op: storagetest.Get, Key: key, Err: denied}
		if faults, err := p.Inspect(t.Context(), "a", p.Places[0].Entries[0]); !errors.Is(err, denied) || faults != nil {
			t.Errorf("%s: got %v, %v", key, faults, err)
		}
	}
}

// A place that was sealed anew, and whose manifest is damaged, is not put back to the
// older generation that another place has.
func TestRepairUndoesNoRewrap(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "anew", "older")
	id := h.backup(start, "anew", "older")
	s := h.stores["anew"]
	at := func(suffix string) string {
		return catalog.Key{Kind: "database", Source: "vapora", ID: id, Suffix: suffix}.String()
	}
	for _, suffix := range []string{".surql.zst.age", catalog.SecretsSuffix, catalog.SignatureSuffix, catalog.ManifestSuffix} {
		s.Set(at(".rewrap-1"+suffix), []byte("sealed anew")) // the manifest is none any more
	}
	before := contents(s)
	p := h.look()
	faults, err := p.Inspect(t.Context(), "anew", h.place("anew").Entries[0])
	if err != nil || len(faults) != 1 || faults[0].Object.Role != replica.RoleManifest {
		t.Fatalf("got %v, %v, want a fault of the manifest alone", faults, err)
	}
	if _, err := p.Repair(t.Context(), faults[0]); err == nil || !strings.Contains(hint.Of(err), "keys rewrap") {
		t.Errorf("got %v, want it refused", err)
	}
	if after := contents(s); len(after) != len(before) {
		t.Errorf("got %d objects, want the %d that were there", len(after), len(before))
	}
	// A single damaged object is no other generation.
	text, _ := s.Bytes(at(".surql.zst.age"))
	s.Set(at(".rewrap-1.surql.zst.age"), text)
	h.look()
	if got := h.mend("anew"); !slices.Equal(got, []string{"manifest", "secrets"}) {
		t.Errorf("got faults of %q", got)
	}
}
