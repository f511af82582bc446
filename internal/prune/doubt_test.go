package prune_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/catalog/catalogtest"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// check plans with a look, by the policies and limits of the house.
func (h *house) check() retention.Plan {
	h.t.Helper()
	plan, err := h.engine().Check(h.t.Context(), h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	return plan
}

// goes are the IDs that would go at a destination.
func goes(p retention.Plan, place string) []string {
	var out []string
	for _, d := range p.Deletions() {
		if d.Place == place {
			out = append(out, d.ID)
		}
	}
	return out
}

// Who is trusted has changed: what the old key signed, and what was taken before
// anything was signed, stays as long as it would if it were good.
func TestKeptThoughNobodyVouches(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.machine = newPerson(t, "another machine")
	for i := range 2 {
		when := start.Add(time.Duration(40+i) * day)
		h.ids = append(h.ids, catalogtest.Put(t, when, h.machine.signer, storage.Lock{}, h.stores["primary"], h.stores["secondary"]))
	}
	h.now = start.Add(41*day + time.Hour)
	plan := h.check()
	if got := goes(plan, "primary"); !slices.Equal(got, h.ids[:12]) {
		t.Errorf("got %d to go, want the twelve that are too old", len(got))
	}
	d, _, _ := plan.Lookup().Decision(retention.Deletion{Place: "primary", Kind: "database", Source: "vapora", ID: h.ids[20]})
	if why := d.Why(""); !strings.HasPrefix(why, "kept: "+retention.RuleDoubt+" until ") || !strings.Contains(d.Doubt, "signature does not count") {
		t.Errorf("got %q for %q", why, d.Doubt)
	}
}

// A signature that somebody plants beside the good one has nothing deleted; a signed
// word that the backup is bad has.
func TestSpoiledLooksDeleteNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.stores["primary"]
	s.Set(h.key(20, ".repair-9"+catalog.SignatureSuffix), []byte("nonsense"))
	if err := s.Delete(t.Context(), h.key(21, ".surql.zst.age")); err != nil {
		t.Fatal(err)
	}
	bad := catalog.Entry{Kind: "database", Source: "vapora", ID: h.ids[22]}.VerificationKey(h.now, "sums", false)
	if err := catalog.PutRecord(t.Context(), s, bad, map[string]string{}, h.machine.signer, storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, want := goes(h.check(), "primary"), append(slices.Clone(h.ids[:10]), h.ids[22]); !slices.Equal(got, want) {
		t.Errorf("got %d to go, want the ten that are too old and the bad one", len(got))
	}
}

// say puts a verification beside a backup, signed by somebody, or a word in a key
// that nobody signed.
func (h *house) say(i int, level string, good bool, when time.Time, by *person) {
	h.t.Helper()
	key := catalog.Entry{Kind: "database", Source: "vapora", ID: h.ids[i]}.VerificationKey(when, level, good)
	if by == nil {
		h.stores["primary"].Set(key.String(), []byte("{}"))
		return
	}
	if err := catalog.PutRecord(h.t.Context(), h.stores["primary"], key, map[string]string{}, by.signer, storage.PutOptions{}); err != nil {
		h.t.Fatal(err)
	}
}

// What a key says of a verification counts only where somebody who is trusted signed
// the record: neither does a planted word displace the last that was verified, nor
// does it make good what was found bad.
func TestOnlySignedVerificationsCount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stranger := newPerson(t, "stranger")
	at := h.now.Add(-5 * time.Hour)
	h.say(3, "sums", true, at, &h.machine) // the last that was verified, and too old
	h.say(5, "sums", true, at.Add(time.Hour), nil)
	h.say(20, "sums", true, at.Add(time.Hour), &stranger)
	h.say(22, "deep", false, at, &h.machine) // bad, whatever is planted
	h.say(22, "deep", true, at.Add(time.Hour), nil)
	h.say(22, "sums", true, at.Add(2*time.Hour), &h.machine)
	h.say(39, "deep", false, at, nil) // and the newest is not bad
	want := append(slices.Clone(h.ids[:10]), h.ids[22])
	want = slices.DeleteFunc(want, func(id string) bool { return id == h.ids[3] })
	if got := goes(h.check(), "primary"); !slices.Equal(got, want) {
		t.Errorf("got %q to go, want %q", got, want)
	}
}
