package replica_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/azuretest"
	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/replica"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/azblob"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// A world is the strategy's three locations and a clock that a test turns.
type world struct {
	now        time.Time
	to         []backup.Destination
	stores     []*mortal
	recipients *crypt.Recipients
	signer     *crypt.Signer
	trusted    *crypt.Trusted
	// real stores have clocks of their own: for them no lock has ended yet.
	real  bool
	every time.Duration // a backup
}

// mortal is a store that can be killed.
type mortal struct {
	storage.Store
	dead bool
}

var errDead = errors.New("no connection")

func (m *mortal) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	if m.dead {
		return errDead
	}
	return m.Store.Put(ctx, key, r, o)
}

// newWorld has "Backup Storage Strategy" of the seed as its config.
func newWorld(t *testing.T, start time.Time, stores ...storage.Store) *world {
	t.Helper()
	w := &world{now: start}
	_, public, err := crypt.GenerateIdentity(crypt.X25519, start)
	if err != nil {
		t.Fatal(err)
	}
	if w.recipients, err = crypt.ParseRecipients([]string{public}); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	w.signer, w.trusted = h.signer, h.trusted
	for i, d := range []backup.Destination{
		{Name: "primary", Keep: retention.Policy{Hourly: day, Daily: 30 * day}, Required: true},
		{Name: "secondary", Takes: retention.Day, Keep: retention.Policy{Daily: 30 * day, Weekly: 90 * day}},
		{Name: "archive", Takes: retention.Month, Keep: retention.Policy{Monthly: 7 * 365 * day}},
	} {
		m := &mortal{Store: stores[i]}
		d.Store = m
		if _, ok := stores[i].(storage.Locker); ok {
			d.Lock.Mode = storage.Governance
		}
		w.stores, w.to = append(w.stores, m), append(w.to, d)
	}
	return w
}

type little struct{}

func (little) Dump(_ context.Context, w io.Writer) (backup.Details, error) {
	_, err := io.Copy(w, strings.NewReader("OPTION IMPORT;\n"))
	return backup.Details{Engine: "surrealdb-3.3.5", Inventory: struct{}{}}, err
}

func (w *world) backup(t *testing.T) (*backup.Result, error) {
	t.Helper()
	return backup.Run(t.Context(), backup.Job{
		Kind: "database", Source: "vapora", Suffix: ".surql", Dump: little{}, Destinations: w.to,
		Recipients: w.recipients, Signer: w.signer, Tool: catalog.Tool{Name: "t", Version: "1"}, Host: "h",
		Now: func() time.Time { return w.now }, Random: rand.Reader,
	})
}

func (w *world) places(t *testing.T) []replica.Place {
	t.Helper()
	var out []replica.Place
	for _, d := range w.to {
		listing, err := catalog.List(t.Context(), d.Store, catalog.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		if len(listing.Orphans) != 0 {
			t.Errorf("%s: half backups: %v", d.Name, listing.Orphans)
		}
		out = append(out, replica.Place{
			Name: d.Name, Store: d.Store, Takes: d.Takes, Keep: always(d.Keep), Entries: listing.Entries, Source: true, Target: true,
			Lock: func(taken, until time.Time) storage.Lock { return d.Lock.At(taken, until, w.now) },
		})
	}
	return out
}

// sync makes all debts good, and says how many there were of each place.
func (w *world) sync(t *testing.T) map[string]int {
	t.Helper()
	p := replica.Payer{Places: w.places(t), Verifier: w.trusted}
	got := map[string]int{}
	for _, d := range replica.Debts(p.Places, w.now) {
		if _, err := p.Pay(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		got[d.To]++
	}
	if left := replica.Debts(w.places(t), w.now); len(left) > 0 {
		t.Errorf("%s: still in debt: %v", w.now, left)
	}
	return got
}

// live takes a backup every so often for some days. Each store in turn is dead
// for a while, over the first of a month, and what it missed is made good.
func (w *world) live(t *testing.T, days int, every, dead time.Duration) (missed [3]map[string]int) {
	t.Helper()
	start := w.now
	w.every = every
	next := 0
	for ; w.now.Sub(start) < time.Duration(days)*day; w.now = w.now.Add(every) {
		if next < 3 {
			switch s, since := w.stores[next], w.now.Sub(start)-time.Duration(next+1)*90*day; {
			case !s.dead && since >= 0 && w.now.Day() > 25:
				s.dead = true
			case s.dead && w.now.Day() == 1+int(dead/day):
				s.dead = false
				missed[next] = w.sync(t)
				next++
			}
		}
		res, err := w.backup(t)
		if err != nil && (!w.stores[0].dead || !errors.Is(err, errDead)) {
			t.Fatalf("%s: %v", w.now, err)
		}
		if res != nil && res.Partial() != (w.stores[1].dead && res.Destinations[1].Skipped == "" || w.stores[2].dead && res.Destinations[2].Skipped == "") {
			t.Fatalf("%s: got %+v", w.now, res)
		}
	}
	if next != 3 {
		t.Errorf("%d stores were killed, want 3", next)
	}
	return missed
}

// check wants one backup in each slot of each place, and every lock to end when
// the retention lets its backup go.
func (w *world) check(t *testing.T, start time.Time) {
	t.Helper()
	for i, p := range w.places(t) {
		slots := map[time.Time]int{}
		for _, e := range p.Entries {
			slots[p.Takes.Start(e.Time)]++
		}
		for slot, n := range slots {
			if n != 1 {
				t.Errorf("%s: %d backups in the slot of %s", p.Name, n, slot)
			}
		}
		for at := start; at.Before(w.now) && p.Takes != retention.Each; at = at.Add(w.every) {
			if slots[p.Takes.Start(at)] == 0 {
				t.Errorf("%s: none in the slot of %s", p.Name, p.Takes.Start(at))
			}
		}
		if locker, ok := w.stores[i].Store.(storage.Locker); ok {
			w.checkLocks(t, p, locker)
		}
	}
}

func (w *world) checkLocks(t *testing.T, p replica.Place, locker storage.Locker) {
	t.Helper()
	items := catalog.Items(p.Entries)
	for i, d := range p.Keep("database").Decide(items, w.now) {
		objects := p.Entries[i].Objects
		if w.real { // each in its turn
			objects = objects[i%len(objects):][:1]
		}
		for _, o := range objects {
			got, err := locker.Protection(t.Context(), o.Key)
			if err != nil {
				t.Fatal(err)
			}
			want := d.Until
			if !w.real && !want.After(w.now) {
				want = time.Time{} // it has ended
			}
			if !got.Lock.Until.Equal(want) {
				t.Errorf("%s: %s: locked until %s, want %s", p.Name, o.Key, got.Lock.Until, want)
				return
			}
		}
	}
}

// The strategy's three locations over 400 days, every three hours.
func TestFourHundredDays(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 15, 6, 0, 0, 0, time.UTC)
	var w *world
	clock := func() time.Time { return w.now }
	w = newWorld(t, start, &storagetest.Memory{Now: clock}, &storagetest.Memory{Now: clock}, &storagetest.Memory{Now: clock})
	missed := w.live(t, 400, 3*time.Hour, 5*day)
	// The primary gets back what the secondary took meanwhile; the others get
	// the first of each of their slots.
	if m := missed[0]; m["primary"] < 8 || len(m) != 1 {
		t.Errorf("after the death of the primary: got debts %v", m)
	}
	if m := missed[1]; m["secondary"] < 8 || len(m) != 1 {
		t.Errorf("after the death of the secondary: got debts %v", m)
	}
	if m := missed[2]; m["archive"] != 1 || len(m) != 1 {
		t.Errorf("after the death of the archive: got debts %v", m)
	}
	w.check(t, start)
	if n := len(w.places(t)[0].Entries); n < (400-15)*8 {
		t.Errorf("the primary took %d backups", n)
	}
}

// The same on real stores, whose locks are real ones. Their clocks are not the
// test's, so it lives in a time when every lock is still to come.
func TestFourHundredDaysOnRealStores(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t, s3test.Versitygw)
	bucket := func() storage.Store {
		s, err := s3.Open(t.Context(), s3.Options{
			Bucket: server.LockedBucket(t), Endpoint: server.Endpoint, PathStyle: true, Region: server.Region,
			AccessKey: server.AccessKey, SecretKey: server.SecretKey,
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	emulator := azuretest.Start(t)
	azure, err := azblob.Open(t.Context(), azblob.Options{
		Account: emulator.Account, AccountKey: emulator.Key, Endpoint: emulator.Endpoint, Container: emulator.Container(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2100, 1, 15, 6, 0, 0, 0, time.UTC)
	w := newWorld(t, start, bucket(), unlocked{azure}, bucket())
	w.real = true
	for i, m := range w.live(t, 400, 16*time.Hour, 3*day) {
		if name := w.to[i].Name; m[name] < 1 || len(m) != 1 {
			t.Errorf("after the death of %s: got debts %v", name, m)
		}
	}
	w.check(t, start)
}

// unlocked is a store whose locks are not asked for: the emulator has none.
type unlocked struct{ storage.Store }
