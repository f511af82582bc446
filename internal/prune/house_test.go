package prune_test

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/catalog/catalogtest"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/prune"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

const day = 24 * time.Hour

var start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// A person has a key.
type person struct {
	name   string
	signer *crypt.Signer
	key    *crypt.Trusted
}

// A house is two destinations with forty daily backups, a machine that signs
// them, and people who may approve.
type house struct {
	t       *testing.T
	now     time.Time
	stores  map[string]*storagetest.Memory
	use     map[string]storage.Store // in the place of these
	machine person
	people  []person
	keep    retention.Policy
	limits  retention.Limits
	ids     []string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{
		t: t, now: start.Add(39*day + time.Hour), stores: map[string]*storagetest.Memory{}, use: map[string]storage.Store{},
		keep: retention.Policy{Daily: 30 * day}, limits: retention.Limits{StaleAfter: day, MaxShare: 0.5},
	}
	h.machine = newPerson(t, "machine")
	for _, name := range []string{"operations", "security", "recovery"} {
		h.people = append(h.people, newPerson(t, name))
	}
	for _, name := range []string{"primary", "secondary"} {
		h.stores[name] = &storagetest.Memory{Now: func() time.Time { return h.now }}
	}
	for i := range 40 {
		h.ids = append(h.ids, catalogtest.Put(t, start.Add(time.Duration(i)*day), h.machine.signer, storage.Lock{}, h.stores["primary"], h.stores["secondary"]))
	}
	return h
}

func newPerson(t *testing.T, name string) person {
	t.Helper()
	p := person{name: name}
	p.signer, p.key = catalogtest.Key(t)
	return p
}

func (h *house) store(name string) storage.Store {
	if s, ok := h.use[name]; ok {
		return s
	}
	return h.stores[name]
}

func (h *house) engine() prune.Engine {
	h.t.Helper()
	e := prune.Engine{Limits: h.limits}
	for _, name := range []string{"primary", "secondary"} {
		listing, err := catalog.List(h.t.Context(), h.store(name), catalog.Filter{})
		if err != nil {
			h.t.Fatal(err)
		}
		e.Places = append(e.Places, prune.NewPlace(name, &prune.Backups{Store: h.store(name), Verifier: h.machine.key}, listing, retention.Day,
			func(string) retention.Policy { return h.keep }))
	}
	return e
}

// desk is the desk with somebody at it.
func (h *house) desk(who person) prune.Desk {
	d := prune.Desk{
		Home: h.store("primary"), Trusted: h.machine.key, Need: 2, Delay: day, Expires: 14 * day,
		Now: func() time.Time { return h.now }, Random: rand.Reader,
	}
	if who.signer != nil {
		d.Signer = who.signer
	}
	for _, p := range h.people {
		d.Approvers = append(d.Approvers, prune.Approver{Name: p.name, Key: p.key})
	}
	return d
}

// request is one by the machine, for all that goes.
func (h *house) request() prune.Request {
	h.t.Helper()
	e := h.engine()
	plan, err := e.Check(h.t.Context(), h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := h.desk(h.machine).Submit(h.t.Context(), e, plan, "cron@host", "retention", "")
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *house) approve(id string, who ...person) {
	h.t.Helper()
	for _, p := range who {
		if _, err := h.desk(p).Approve(h.t.Context(), id, ""); err != nil {
			h.t.Fatal(err)
		}
	}
}

// have are the IDs of the backups that a destination holds.
func (h *house) have(name string) []string {
	h.t.Helper()
	listing, err := catalog.List(h.t.Context(), h.stores[name], catalog.Filter{})
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, e := range listing.Entries {
		out = append(out, e.ID)
	}
	return out
}

// wantLeft wants a destination to hold those from the n-th on, and of the others
// nothing.
func (h *house) wantLeft(name string, n int) {
	h.t.Helper()
	if got := h.have(name); !slices.Equal(got, h.ids[n:]) {
		h.t.Errorf("%s: got %d backups, want the %d from %s on", name, len(got), len(h.ids[n:]), h.ids[n])
	}
	listing, err := catalog.List(h.t.Context(), h.stores[name], catalog.Filter{})
	if err != nil || len(listing.Orphans) != 0 {
		h.t.Errorf("%s: left over: %v, %v", name, listing.Orphans, err)
	}
}
