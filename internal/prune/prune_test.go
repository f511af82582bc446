package prune_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/catalog/catalogtest"
	"github.com/vapora-platform/vapora-backup/internal/prune"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// The whole way: plan, request, two approvals, a day, and then the deletion.
func TestTheWholeWay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if got := len(h.engine().Plan(h.now).Deletions()); got != 20 {
		t.Fatalf("got %d deletions planned, want ten of each destination", got)
	}
	h.wantLeft("primary", 0) // a plan deletes nothing
	r := h.request()
	if len(r.Deletions) != 20 || r.Objects != 80 || r.Bytes == 0 {
		t.Errorf("got %d deletions, %d objects, %d bytes", len(r.Deletions), r.Objects, r.Bytes)
	}
	apply := func() (prune.Outcome, error) { return h.desk(h.machine).Apply(t.Context(), h.engine(), r.ID[:17]) }
	notReady := func(when string) {
		t.Helper()
		if _, err := apply(); !errors.Is(err, prune.ErrNotReady) {
			t.Errorf("%s: got %v, want ErrNotReady", when, err)
		}
		h.wantLeft("primary", 0)
	}
	notReady("without approvals")
	h.approve(r.ID, h.people[0])
	notReady("with one approval")
	h.approve(r.ID, h.people[0]) // again
	notReady("with one approval, twice")
	h.approve(r.ID, h.people[2])
	notReady("at once")
	h.now = h.now.Add(day - time.Second)
	notReady("a second too early")
	h.now = h.now.Add(time.Second)
	h.limits.StaleAfter = 2 * day // nothing was backed up on that day
	out, err := apply()
	if err != nil || len(out.Deleted) != 20 || out.Objects != 80 || out.Bytes != r.Bytes {
		t.Fatalf("got %+v, %v", out, err)
	}
	h.wantLeft("primary", 10)
	h.wantLeft("secondary", 10)
	if _, err := apply(); !errors.Is(err, prune.ErrNotReady) || !strings.Contains(err.Error(), "applied") {
		t.Errorf("again: got %v", err)
	}
}

// An approval counts only by an approver's key, once, not the requester's, and
// for these very bytes.
func TestApprovals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stranger := newPerson(t, "stranger")
	e := h.engine()
	plan, err := e.Check(t.Context(), h.now)
	if err != nil {
		t.Fatal(err)
	}
	// Whose key does not count cannot even ask: nobody could take that back.
	if _, err := h.desk(stranger).Submit(t.Context(), e, plan, "o", "why", ""); !errors.Is(err, prune.ErrUncounted) {
		t.Errorf("a stranger requests: got %v", err)
	}
	// An approver requests.
	r, err := h.desk(h.people[0]).Submit(t.Context(), e, plan, "o", "why", "")
	if err != nil {
		t.Fatal(err)
	}
	for who, want := range map[*person]error{&stranger: prune.ErrNotApprover, &h.people[0]: prune.ErrRequester, &h.machine: prune.ErrNotApprover} {
		if _, err := h.desk(*who).Approve(t.Context(), r.ID, ""); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", who.name, err, want)
		}
	}
	if err := h.desk(stranger).Withdraw(t.Context(), r.ID, ""); !errors.Is(err, prune.ErrUncounted) {
		t.Errorf("a stranger withdraws: got %v", err)
	}
	h.approve(r.ID, h.people[1])
	// One person under two names, in a config that should not be, is one.
	d := h.desk(h.machine)
	d.Approvers = append(d.Approvers, prune.Approver{Name: "another name", Key: h.people[1].key})
	if s := only(t, d); len(s.Approvals) != 1 || s.Word(h.now) != "waiting for approval" {
		t.Errorf("got %+v", s)
	}
	// A forged approval, and one that was moved here from another request.
	forged := catalog.Key{Kind: catalog.Deletions, Source: "requests", ID: r.ID, Suffix: ".approval-ffff.json"}
	if err := catalog.PutRecord(t.Context(), h.stores["primary"], forged, map[string]string{"request": r.ID}, stranger.signer, storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if s := only(t, h.desk(h.machine)); len(s.Approvals) != 1 || len(s.Ignored) != 1 {
		t.Errorf("got %+v", s)
	}
}

// What an interruption left of a request keeps nobody from the others.
func TestHalfARequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := h.engine()
	plan, err := e.Check(t.Context(), h.now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.desk(h.machine).Submit(t.Context(), e, plan, "o", "why", ""); err != nil {
		t.Fatal(err)
	}
	key := catalog.Key{Kind: catalog.Deletions, Source: "requests", ID: "20260101T000000Z-abcdef", Suffix: ".request.json.minisig"}
	if err := h.stores["primary"].Put(t.Context(), key.String(), strings.NewReader("x"), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	all, strange, err := h.desk(h.machine).Requests(t.Context())
	if err != nil || len(all) != 1 || len(strange) != 1 {
		t.Errorf("got %d requests, %q and %v, want one and one that is strange", len(all), strange, err)
	}
}

func only(t *testing.T, d prune.Desk) prune.State {
	t.Helper()
	all, strange, err := d.Requests(t.Context())
	if err != nil || len(all) != 1 || len(strange) != 0 {
		t.Fatalf("got %v, %v, %v, want one request", all, strange, err)
	}
	return all[0]
}

// Somebody with the machine's key puts another request in the place of the one
// that was approved.
func TestTheApprovedBytesCount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.request()
	h.approve(r.ID, h.people[0], h.people[1])
	other := newHouse(t)
	other.machine = h.machine
	key := catalog.Key{Kind: catalog.Deletions, Source: "requests", ID: r.ID, Suffix: ".request.json"}
	r.Reason = "something else"
	scratch := &storagetest.Memory{}
	if err := catalog.PutRecord(t.Context(), scratch, key, r, h.machine.signer, storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, k := range scratch.Keys() {
		text, _ := scratch.Bytes(k)
		h.stores["primary"].Set(k, text)
	}
	s := only(t, h.desk(h.machine))
	if len(s.Approvals) != 0 || len(s.Ignored) != 2 || s.Reason != "something else" {
		t.Errorf("got %+v", s)
	}
	// Unsigned changes make it no request at all.
	text, _ := h.stores["primary"].Bytes(key.String())
	h.stores["primary"].Set(key.String(), bytes.Replace(text, []byte("something"), []byte("anything."), 1))
	if all, strange, err := h.desk(h.machine).Requests(t.Context()); err != nil || len(all) != 0 || len(strange) != 1 {
		t.Errorf("got %v, %v, %v", all, strange, err)
	}
}

func TestRequestsEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.request()
	h.approve(r.ID, h.people[0], h.people[1])
	h.now = h.now.Add(15 * day)
	if _, err := h.desk(h.machine).Apply(t.Context(), h.engine(), r.ID); !errors.Is(err, prune.ErrNotReady) || !strings.Contains(err.Error(), "expired") {
		t.Errorf("expired: got %v", err)
	}
	h.now = h.now.Add(-15 * day)
	if err := h.desk(h.people[2]).Withdraw(t.Context(), r.ID, "no"); err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(2 * day)
	if _, err := h.desk(h.machine).Apply(t.Context(), h.engine(), r.ID); !errors.Is(err, prune.ErrNotReady) || !strings.Contains(err.Error(), "withdrawn") {
		t.Errorf("withdrawn: got %v", err)
	}
	if _, err := h.desk(h.people[0]).Approve(t.Context(), r.ID, ""); !errors.Is(err, prune.ErrNotReady) {
		t.Errorf("approved after it was withdrawn: %v", err)
	}
	h.wantLeft("primary", 0)
}

// What only one of the two plans names stays.
func TestBothPlansMustNameIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.request()
	h.approve(r.ID, h.people[0], h.people[1])
	h.now = h.now.Add(3 * day)
	for i := range 3 { // and time goes on: three more would go
		id := catalogtest.Put(t, start.Add(time.Duration(40+i)*day), h.machine.signer, storage.Lock{}, h.stores["primary"], h.stores["secondary"])
		h.ids = append(h.ids, id)
	}
	if err := h.stores["primary"].Hold(t.Context(), h.key(2, ".surql.zst.age"), true); err != nil {
		t.Fatal(err)
	}
	out, err := h.desk(h.machine).Apply(t.Context(), h.engine(), r.ID)
	if err != nil || len(out.Deleted) != 19 || len(out.Skipped) != 1 || out.Skipped[0].Why != "kept: held" {
		t.Fatalf("got %+v, %v", out, err)
	}
	h.wantLeft("secondary", 10)
	if got := len(h.have("primary")); got != 34 {
		t.Errorf("got %d left, want 34", got)
	}
}

func (h *house) key(i int, suffix string) string {
	return catalog.Key{Kind: "database", Source: "vapora", ID: h.ids[i], Suffix: suffix}.String()
}

// A deletion that is interrupted at any step leaves no half backup that counts,
// and the same call ends it.
func TestInterruptedAtEveryDelete(t *testing.T) {
	t.Parallel()
	broken := errors.New("the network broke")
	for n := 1; ; n++ {
		h := newHouse(t)
		r := h.request()
		h.approve(r.ID, h.people[0], h.people[1])
		h.now = h.now.Add(day)
		h.limits.StaleAfter = 3 * day
		faulty := &storagetest.Faulty{Store: h.stores["secondary"], Op: storagetest.Delete, Nth: n, Err: broken}
		h.use["secondary"] = faulty
		_, err := h.desk(h.machine).Apply(t.Context(), h.engine(), r.ID)
		delete(h.use, "secondary")
		if err == nil {
			if n <= 40 {
				t.Errorf("got %d deletes, want 40", faulty.Calls())
			}
			return
		}
		if !errors.Is(err, broken) || only(t, h.desk(h.machine)).Applied {
			t.Fatalf("delete %d: got %v", n, err)
		}
		for _, id := range h.have("secondary") { // what is listed is whole
			e := catalog.Key{Kind: "database", Source: "vapora", ID: id, Suffix: ".surql.zst.age"}
			if _, ok := h.stores["secondary"].Bytes(e.String()); !ok {
				t.Errorf("delete %d: %s is listed and has no data", n, id)
			}
		}
		if _, err := h.desk(h.machine).Apply(t.Context(), h.engine(), r.ID); err != nil {
			t.Fatalf("delete %d, again: %v", n, err)
		}
		h.wantLeft("primary", 10)
		h.wantLeft("secondary", 10)
	}
}

// Each refusal.
func TestRefusals(t *testing.T) {
	t.Parallel()
	submit := func(h *house, reason, unsafe string) (prune.Request, error) {
		e := h.engine()
		plan, err := e.Check(t.Context(), h.now)
		if err != nil {
			return prune.Request{}, err
		}
		return h.desk(h.machine).Submit(t.Context(), e, plan, "x", reason, unsafe)
	}
	for name, x := range map[string]struct {
		change func(h *house)
		reason string
		want   error
		text   string
	}{
		"no reason":      {func(*house) {}, " ", nil, "no reason given"},
		"no policy":      {func(h *house) { h.keep = retention.Policy{} }, "r", prune.ErrNoPolicy, ""},
		"nothing to do":  {func(h *house) { h.keep = retention.Policy{Daily: 1000 * day} }, "r", prune.ErrNothingToDel, ""},
		"stopped":        {func(h *house) { h.now = h.now.Add(3 * day) }, "r", prune.ErrNothingToDel, ""},
		"too large":      {func(h *house) { h.keep = retention.Policy{Daily: 5 * day} }, "r", prune.ErrTooMany, "at most 50 %"},
		"too many":       {func(h *house) { h.limits = retention.Limits{MaxCount: 19} }, "r", prune.ErrTooMany, "at most 19"},
		"nobody signed":  {func(h *house) { h.machine.signer = nil }, "r", nil, "no signing key"},
		"not to be read": {func(h *house) { h.use["primary"] = unreadable(h.stores["primary"]) }, "r", errDenied, ""},
	} {
		h := newHouse(t)
		x.change(h)
		r, err := submit(h, x.reason, "")
		if err == nil || x.want != nil && !errors.Is(err, x.want) || !strings.Contains(err.Error(), x.text) {
			t.Errorf("%s: got %+v, %v, want %v %s", name, r.ID, err, x.want, x.text)
		}
	}
	h := newHouse(t)
	h.keep = retention.Policy{Daily: 5 * day}
	if r, err := submit(h, "r", "we moved away"); err != nil || r.Unsafe == "" {
		t.Errorf("with a reason: got %v", err)
	}
}

var errDenied = errors.New("denied")

func unreadable(s storage.Store) storage.Store {
	return &storagetest.Faulty{Store: s, Op: storagetest.Get, Key: "database/", Err: errDenied}
}

// Backups that nobody vouches for do not displace the real ones: an attacker who
// may only write puts his own at the start of each day.
func TestForgedBackupsDisplaceNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	attacker := newPerson(t, "attacker")
	for i := range 40 {
		catalogtest.Put(t, start.Add(time.Duration(i)*day-time.Second+time.Duration(i%2)*time.Second), attacker.signer, storage.Lock{}, h.stores["primary"])
		catalogtest.Put(t, start.Add(time.Duration(i)*day), nil, storage.Lock{}, h.stores["primary"])
	}
	h.limits = retention.Limits{}
	plan, err := h.engine().Check(t.Context(), h.now)
	if err != nil {
		t.Fatal(err)
	}
	gone := map[string]bool{}
	for _, d := range plan.Deletions() {
		if d.Place == "primary" {
			gone[d.ID] = true
		}
	}
	for i, id := range h.ids {
		if gone[id] != (i < 10) {
			t.Errorf("%s: goes: %v", id, gone[id])
		}
	}
}

// Locked objects wait for the day on which their lock ends.
func TestLockedOnesWait(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := catalogtest.Put(t, start.Add(-time.Hour), h.machine.signer, storage.Lock{Mode: storage.Compliance, Until: h.now.Add(10 * day)}, h.stores["primary"])
	plan, err := h.engine().Check(t.Context(), h.now)
	if err != nil {
		t.Fatal(err)
	}
	d, _, _ := plan.Lookup().Decision(retention.Deletion{Place: "primary", Kind: "database", Source: "vapora", ID: id})
	if why := d.Why(""); why != "kept: locked until "+h.now.Add(10*day).Format("2006-01-02 15:04Z") {
		t.Errorf("got %q", why)
	}
	// Even if the store is asked all the same.
	listing, err := catalog.List(t.Context(), h.stores["primary"], catalog.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	b := &prune.Backups{Store: h.stores["primary"]}
	prune.NewPlace("primary", b, listing, retention.Each, func(string) retention.Policy { return retention.Policy{} })
	ref := retention.Deletion{Place: "primary", Kind: "database", Source: "vapora", ID: id}
	if err := b.Delete(t.Context(), ref); !errors.Is(err, storage.ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
	if objects, _ := b.Weigh(ref); objects != 4 {
		t.Errorf("got %d objects left, want all four", objects)
	}
}

func TestScheduled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	out, err := h.engine().Scheduled(t.Context(), func() time.Time { return h.now }, "")
	if err != nil || len(out.Deleted) != 20 {
		t.Errorf("got %+v, %v", out, err)
	}
	h.wantLeft("secondary", 10)
	out, err = h.engine().Scheduled(t.Context(), func() time.Time { return h.now }, "")
	if err != nil || len(out.Deleted) != 0 {
		t.Errorf("again: got %+v, %v", out, err)
	}
	h.keep = retention.Policy{Daily: day}
	if _, err = h.engine().Scheduled(t.Context(), func() time.Time { return h.now }, ""); !errors.Is(err, prune.ErrTooMany) {
		t.Errorf("got %v", err)
	}
	text, err := json.Marshal(out)
	if err != nil || !strings.Contains(string(text), `"deleted":[],"skipped":[],"refused":[]`) {
		t.Errorf("got %s, %v", text, err)
	}
}

// Where backups have stopped nothing goes, and who deletes by a schedule is told.
func TestScheduledNamesWhatItRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.now = h.now.Add(5 * day)
	out, err := h.engine().Scheduled(t.Context(), func() time.Time { return h.now }, "")
	if err != nil || len(out.Deleted) != 0 || len(out.Refused) != 2 {
		t.Fatalf("got %+v, %v, want nothing deleted, and both groups", out, err)
	}
	want := prune.Refusal{Place: "secondary", Kind: "database", Source: "vapora",
		Why: "backups have stopped: the newest good one is 121h0m0s old, and pruning now would eat history"}
	if got := out.Refused[1]; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
