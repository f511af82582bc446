package replica_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/catalog/catalogtest"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/replica"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

const day = 24 * time.Hour

var start = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// A house has places, and a key that signs what is put there.
type house struct {
	t       *testing.T
	signer  *crypt.Signer
	trusted *crypt.Trusted
	places  []replica.Place
	stores  map[string]*storagetest.Memory
}

func newHouse(t *testing.T, names ...string) *house {
	t.Helper()
	h := &house{t: t, stores: map[string]*storagetest.Memory{}}
	h.signer, h.trusted = catalogtest.Key(t)
	for _, name := range names {
		s := &storagetest.Memory{Now: func() time.Time { return start }}
		h.stores[name] = s
		h.places = append(h.places, replica.Place{
			Name: name, Store: s, Source: true, Target: true,
			Lock: func(time.Time, time.Time) storage.Lock { return storage.Lock{} },
		})
	}
	return h
}

func always(p retention.Policy) func(string) retention.Policy {
	return func(string) retention.Policy { return p }
}

func (h *house) place(name string) *replica.Place {
	return &h.places[slices.IndexFunc(h.places, func(p replica.Place) bool { return p.Name == name })]
}

// backup puts a backup of a moment into places.
func (h *house) backup(when time.Time, names ...string) string {
	h.t.Helper()
	var stores []storage.Store
	for _, name := range names {
		stores = append(stores, h.stores[name])
	}
	return catalogtest.Put(h.t, when, h.signer, storage.Lock{}, stores...)
}

// look lists the places again.
func (h *house) look() replica.Payer {
	h.t.Helper()
	for i := range h.places {
		listing, err := catalog.List(h.t.Context(), h.stores[h.places[i].Name], catalog.Filter{})
		if err != nil {
			h.t.Fatal(err)
		}
		h.places[i].Entries = listing.Entries
	}
	return replica.Payer{Places: h.places, Verifier: h.trusted}
}

func (h *house) debts(now time.Time) []string {
	h.t.Helper()
	var out []string
	for _, d := range replica.Debts(h.look().Places, now) {
		out = append(out, fmt.Sprintf("%s to %s from %s", d.Entry.ID[:8], d.To, strings.Join(d.From, "+")))
	}
	return out
}

// pay pays all debts and wants none left.
func (h *house) pay(now time.Time) []replica.Paid {
	h.t.Helper()
	p := h.look()
	var out []replica.Paid
	for _, d := range replica.Debts(p.Places, now) {
		paid, err := p.Pay(h.t.Context(), d)
		if err != nil {
			h.t.Fatal(err)
		}
		out = append(out, paid)
	}
	if left := h.debts(now); left != nil {
		h.t.Errorf("left after all was paid: %q", left)
	}
	return out
}

// same wants every object of a backup to be alike in two places.
func (h *house) same(a, b string) {
	h.t.Helper()
	if x, y := h.stores[a].Keys(), h.stores[b].Keys(); !slices.Equal(x, y) {
		h.t.Fatalf("got %q at %s, %q at %s", y, b, x, a)
	}
	for _, key := range h.stores[a].Keys() {
		x, _ := h.stores[a].Bytes(key)
		y, _ := h.stores[b].Bytes(key)
		if !bytes.Equal(x, y) {
			h.t.Errorf("%s differs", key)
		}
	}
}

func TestDebts(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "all", "daily", "archive")
	h.place("daily").Takes, h.place("daily").Keep = retention.Day, always(retention.Policy{Daily: 3 * day})
	h.place("archive").Takes = retention.Month
	for i := range 10 { // two a day, from the first of November on
		h.backup(start.Add(time.Duration(i)*12*time.Hour), "all")
	}
	now := start.Add(5*day - time.Hour)
	want := []string{
		"20261105 to daily from all", "20261104 to daily from all", "20261103 to daily from all", "20261101 to archive from all",
	}
	if got := h.debts(now); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	h.pay(now)
	if got := len(h.stores["daily"].Keys()); got != 3*4+1 {
		t.Errorf("got %d objects, want those of three backups and the README", got)
	}
	// It need not be copied where it came from.
	h.places[0].Takes, h.places[0].Target = retention.Hour, false
	h.stores["all"] = &storagetest.Memory{}
	h.places[0].Store = h.stores["all"]
	if got := h.debts(now); got != nil {
		t.Errorf("got %q for a place that is no target", got)
	}
}

// A copy that is known to be bad hides no good one.
func TestDebtsOfWhatIsBadSomewhere(t *testing.T) {
	t.Parallel()
	e := catalog.Entry{Kind: "database", Source: "vapora", ID: "20261101T000000Z-aaaaaa", Time: start, Size: 1}
	worse := e
	worse.Verifications = []catalog.Verification{{At: start.Add(time.Hour), Level: "sums"}}
	places := []replica.Place{
		{Name: "a", Entries: []catalog.Entry{worse}, Source: true},
		{Name: "b", Entries: []catalog.Entry{e}, Source: true},
		{Name: "c", Target: true},
	}
	if got := replica.Debts(places, start.Add(day)); len(got) != 1 || got[0].To != "c" {
		t.Errorf("got %+v, want one debt to c", got)
	}
}

func TestPayTakesTheNextCopyWhereOneIsBad(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(s *storagetest.Memory, key string){
		"data":      func(s *storagetest.Memory, key string) { s.Set(key+".surql.zst.age", []byte("sealed nonsense")) },
		"cut":       func(s *storagetest.Memory, key string) { s.Set(key+".surql.zst.age", []byte("sealed")) },
		"longer":    func(s *storagetest.Memory, key string) { s.Set(key+".surql.zst.age", make([]byte, 1000)) },
		"manifest":  func(s *storagetest.Memory, key string) { s.Set(key+".manifest.json", []byte("{}")) },
		"signature": func(s *storagetest.Memory, key string) { s.Set(key+".manifest.json.minisig", []byte("none")) },
	} {
		h := newHouse(t, "bad", "good", "new")
		id := h.backup(start, "bad", "good")
		harm(h.stores["bad"], catalog.Key{Kind: "database", Source: "vapora", ID: id}.String())
		paid := h.pay(start)
		if len(paid) != 1 || paid[0].From != "good" || len(paid[0].Bad) != 1 || paid[0].Bad[0].Place != "bad" {
			t.Errorf("%s: got %+v, want it from good and bad named", name, paid)
		}
		h.same("good", "new")
	}
}

// A copy is younger than the moment of a revocation, so that a signature that still
// counts where it lies would not there.
func TestPayMakesNoCopyThatWouldNotCount(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "a", "b")
	id := h.backup(start, "a")
	if err := h.trusted.Revoke(h.signer.PublicKey(), start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	p := h.look()
	_, err := p.Pay(t.Context(), replica.Debts(p.Places, start.Add(day))[0])
	if !errors.Is(err, crypt.ErrRevoked) || !strings.Contains(hint.Of(err), "keys sign-again") || len(h.stores["b"].Keys()) != 0 {
		t.Errorf("got %v and %q", err, h.stores["b"].Keys())
	}
	// Nor is such a manifest put beside a bad one.
	h.stores["b"].Set(catalog.Key{Kind: "database", Source: "vapora", ID: id, Suffix: catalog.ManifestSuffix}.String(), []byte("{}"))
	p = h.look()
	faults, err := p.Inspect(t.Context(), "b", p.Places[1].Entries[0])
	if err != nil || len(faults) == 0 || faults[0].Object.Role != replica.RoleManifest {
		t.Fatalf("got %v, %v, want a fault of the manifest", faults, err)
	}
	if _, err := p.Repair(t.Context(), faults[0]); !errors.Is(err, crypt.ErrRevoked) {
		t.Errorf("repair: got %v", err)
	}
}

func TestPayFailsWhereNoCopyIsGood(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "bad", "new")
	id := h.backup(start, "bad")
	h.stores["bad"].Set(catalog.Key{Kind: "database", Source: "vapora", ID: id, Suffix: ".surql.zst.age"}.String(), []byte("x"))
	p := h.look()
	_, err := p.Pay(t.Context(), replica.Debts(p.Places, start)[0])
	if !errors.Is(err, archive.ErrDamaged) || !strings.Contains(err.Error(), "at bad: ") {
		t.Errorf("got %v", err)
	}
	for _, key := range h.stores["new"].Keys() {
		if strings.HasSuffix(key, ".manifest.json") || strings.Contains(key, ".surql") {
			t.Errorf("left behind: %s", key)
		}
	}
}

// A copy that fails at any write is no backup, and is finished by the next run.
func TestPayIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	broken := errors.New("the network broke")
	for n := 1; ; n++ {
		h := newHouse(t, "a", "b")
		h.backup(start, "a")
		faulty := &storagetest.Faulty{Store: h.stores["b"], Op: storagetest.Put, Nth: n, Err: broken, Late: true}
		h.place("b").Store = faulty
		p := h.look()
		_, err := p.Pay(t.Context(), replica.Debts(p.Places, start)[0])
		if err == nil {
			if n != 6 { // README, data, secrets, signature, manifest
				t.Errorf("got %d writes, want 5", n-1)
			}
			return
		}
		if !errors.Is(err, broken) {
			t.Fatalf("write %d: got %v, want %v", n, err, broken)
		}
		if got := h.look().Places[1].Entries; len(got) != 0 {
			t.Errorf("write %d failed, and there is a backup", n)
		}
		h.place("b").Store = h.stores["b"]
		h.pay(start)
		h.same("a", "b")
	}
}

// What lies in the way with other content is never taken for the copy.
func TestPayDoesNotTrustWhatLiesThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "a", "b")
	id := h.backup(start, "a")
	h.stores["b"].Set(catalog.Key{Kind: "database", Source: "vapora", ID: id, Suffix: ".surql.zst.age"}.String(), []byte("mine"))
	p := h.look()
	_, err := p.Pay(t.Context(), replica.Debts(p.Places, start)[0])
	if err == nil || !strings.Contains(err.Error(), "with other content") {
		t.Errorf("got %v", err)
	}
	if len(h.look().Places[1].Entries) != 0 {
		t.Error("it was committed")
	}
}

// sweptStore loses the data of a backup at the moment of its manifest, as where
// `prune orphans` took it for what a failed run left.
type sweptStore struct{ *storagetest.Memory }

func (s sweptStore) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	if base, ok := strings.CutSuffix(key, catalog.ManifestSuffix); ok {
		if err := s.Delete(ctx, base+".surql.zst.age"); err != nil {
			return err
		}
	}
	return s.Memory.Put(ctx, key, r, o)
}

// A copy whose data is swept while it is made is no success, stands for nothing, and is
// mended.
func TestPayLooksAtTheCopy(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "a", "b")
	h.backup(start, "a")
	h.place("b").Store = sweptStore{h.stores["b"]}
	p := h.look()
	_, err := p.Pay(t.Context(), replica.Debts(p.Places, start)[0])
	if err == nil || !strings.Contains(err.Error(), "data: missing") || !strings.Contains(hint.Of(err), "sync --repair") {
		t.Errorf("got %v", err)
	}
	h.place("b").Store = h.stores["b"]
	h.look()
	if item := h.place("b").Entries[0].Item(); !item.Bad || item.Doubt == "" {
		t.Errorf("got %+v, want it to stand for nothing", item)
	}
	if got := h.mend("b"); !slices.Equal(got, []string{"data"}) {
		t.Errorf("got faults of %q", got)
	}
	h.look()
	if item := h.place("b").Entries[0].Item(); item.Bad {
		t.Errorf("mended: got %+v", item)
	}
	h.same("a", "b")
}

func TestPayLocks(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "a", "b")
	h.backup(start, "a")
	b := h.place("b")
	b.Keep, b.Class = always(retention.Policy{Daily: 30 * day}), "ARCHIVE"
	b.Lock = func(_, until time.Time) storage.Lock { return storage.Lock{Mode: storage.Compliance, Until: until} }
	if paid := h.pay(start.Add(day)); !paid[0].Lock.Until.Equal(start.Add(30 * day)) {
		t.Errorf("got a lock until %s", paid[0].Lock.Until)
	}
	for _, o := range h.look().Places[1].Entries[0].Objects {
		p, err := h.stores["b"].Protection(t.Context(), o.Key)
		if err != nil || !p.Lock.Until.Equal(start.Add(30*day)) || (o.Class == "ARCHIVE") != strings.Contains(o.Key, ".surql") {
			t.Errorf("%s: got %v, %v, class %q", o.Key, p, err, o.Class)
		}
	}
}

func TestPayEndsWithItsContext(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "a", "b")
	h.backup(start, "a")
	p := h.look()
	ctx, cancel := context.WithCancel(t.Context())
	p.Progress = func(int) { cancel() }
	p.Places[1].Store = heeds{h.stores["b"]}
	if _, err := p.Pay(ctx, replica.Debts(p.Places, start)[0]); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(h.look().Places[1].Entries) != 0 {
		t.Error("it was committed")
	}
}

// heeds is a store that notices the end of its context, as real ones do.
type heeds struct{ *storagetest.Memory }

func (s heeds) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	text, err := io.ReadAll(r)
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	return s.Memory.Put(ctx, key, bytes.NewReader(text), o)
}
