package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// run takes a backup at a moment.
func run(t *testing.T, k keys, when time.Time, to ...backup.Destination) (*backup.Result, error) {
	t.Helper()
	j := job(k, &source{text: noise(1000), details: details()}, to...)
	j.Now = func() time.Time { return when }
	return backup.Run(t.Context(), j)
}

// A destination takes the first backup of its slot and no other of it.
func TestCadence(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	all, daily := &storagetest.Memory{}, &storagetest.Memory{}
	for _, x := range []struct {
		after time.Duration
		due   bool
	}{{0, true}, {time.Hour, false}, {9 * time.Hour, false}, {10 * time.Hour, true}, {11 * time.Hour, false}} {
		res, err := run(t, k, start.Add(x.after), // from 14:00 on
			required("all", all), backup.Destination{Name: "daily", Store: daily, Takes: retention.Day})
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Destinations[1]; (got.Skipped == "") != x.due || got.Err != nil || res.Partial() {
			t.Errorf("after %s: got %+v, want it due: %v", x.after, got, x.due)
		}
	}
	for s, want := range map[*storagetest.Memory]int{all: 5, daily: 2} {
		if got, err := catalog.List(t.Context(), s, catalog.Filter{}); err != nil || len(got.Entries) != want {
			t.Errorf("got %d backups, %v, want %d", len(got.Entries), err, want)
		}
	}
}

// Where nothing is due, nothing is read.
func TestNothingIsDue(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	d := backup.Destination{Name: "daily", Store: &storagetest.Memory{}, Takes: retention.Day, Required: true}
	if _, err := run(t, k, start, d); err != nil {
		t.Fatal(err)
	}
	j := job(k, nil, d)
	j.Now = func() time.Time { return start.Add(time.Hour) }
	j.Dump = untouched{t}
	res, err := backup.Run(t.Context(), j)
	if err != nil || res.Manifest != nil || res.Destinations[0].Skipped != "not due: takes daily" {
		t.Errorf("got %+v, %v", res, err)
	}
}

type untouched struct{ t *testing.T }

func (u untouched) Dump(context.Context, io.Writer) (backup.Details, error) {
	u.t.Error("the source was read")
	return backup.Details{}, nil
}

// Every object of a backup is locked until the policy lets it go, and only the
// data goes into the cold.
func TestLockAndClass(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	const day = 24 * time.Hour
	s := &storagetest.Memory{Now: func() time.Time { return start }}
	d := backup.Destination{
		Name: "archive", Store: s, Keep: retention.Policy{Hourly: day, Daily: 30 * day}, Class: "DEEP_ARCHIVE",
		Lock: backup.LockWish{Mode: storage.Compliance},
	}
	for i, want := range []time.Duration{30 * day, day} { // the first of the day, and another
		when := start.Add(time.Duration(i) * time.Hour)
		res, err := run(t, k, when, d)
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Destinations[0]; !got.Lock.Until.Equal(when.Add(want)) || got.Class != "DEEP_ARCHIVE" {
			t.Errorf("got %+v, want it locked for %s", got, want)
		}
		listing, err := catalog.List(t.Context(), s, catalog.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range listing.Entries[i].Objects {
			p, err := s.Protection(t.Context(), o.Key)
			if err != nil || p.Lock != res.Destinations[0].Lock {
				t.Errorf("%s: got %v, %v, want %v", o.Key, p.Lock, err, res.Destinations[0].Lock)
			}
			if cold := strings.HasSuffix(o.Key, ".surql.zst.age"); cold != (o.Class == "DEEP_ARCHIVE") {
				t.Errorf("%s: got class %q", o.Key, o.Class)
			}
		}
	}
}

// A wish with a duration does not ask what is there.
func TestLockForAWhile(t *testing.T) {
	t.Parallel()
	s := &storagetest.Faulty{Store: &storagetest.Memory{}, Op: storagetest.List, Err: errDenied}
	res, err := run(t, newKeys(t), start, backup.Destination{
		Name: "a", Store: s, Required: true, Lock: backup.LockWish{Mode: storage.Governance, Lasts: time.Hour},
	})
	if err != nil || s.Calls() != 0 || !res.Destinations[0].Lock.Until.Equal(start.Add(time.Hour)) {
		t.Errorf("got %+v, %v and %d listings", res, err, s.Calls())
	}
}

// Credentials that may only write: what is due is not known, so it is taken, and
// the lock is as long as it would be were this the first in the slot: a daily one at
// three in the morning stands for its day.
func TestWriteOnly(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	midnight := time.Date(2026, 11, 23, 0, 5, 0, 0, time.UTC)
	s := &storagetest.Memory{Now: func() time.Time { return midnight }}
	d := backup.Destination{
		Name: "a", Store: &storagetest.Faulty{Store: s, Op: storagetest.List, Err: fs.ErrPermission}, Required: true, Takes: retention.Day,
		Keep: retention.Policy{Hourly: time.Hour, Daily: 48 * time.Hour}, Lock: backup.LockWish{Mode: storage.Governance},
	}
	for after, want := range map[time.Duration]time.Duration{0: 48 * time.Hour, 3 * time.Hour: 48 * time.Hour, 30 * time.Hour: time.Hour} {
		if d.Takes = retention.Day; after > 24*time.Hour {
			d.Takes = retention.Each // any of a day may be the first
		}
		res, err := run(t, k, midnight.Add(after), d)
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Destinations[0]; !got.Unseen || got.Skipped != "" || !got.Lock.Until.Equal(midnight.Add(after+want)) {
			t.Errorf("got %+v, want it taken and locked for %s", got, want)
		}
	}
	// A lock that comes to nothing is told.
	d.Takes, d.Keep = retention.Each, retention.Policy{Daily: 48 * time.Hour}
	res, err := run(t, k, midnight.Add(5*time.Hour), d)
	if got := res.Destinations[0]; err != nil || !got.Unlocked || !got.Lock.IsZero() {
		t.Errorf("got %+v, %v, want it to say that nothing is locked", got, err)
	}
}

func TestOffline(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	gone := func() storage.Store {
		return &storagetest.Faulty{Store: &storagetest.Memory{}, Op: storagetest.List, Err: fmt.Errorf("disk: %w", storage.ErrOffline)}
	}
	primary := &storagetest.Memory{}
	res, err := run(t, k, start, required("primary", primary), backup.Destination{Name: "usb", Store: gone(), Offline: true})
	if err != nil || res.Partial() || res.Destinations[1].Skipped != "offline" {
		t.Errorf("got %+v, %v, want the absent disk skipped", res, err)
	}
	res, err = run(t, k, start.Add(time.Minute), required("primary", primary), backup.Destination{Name: "usb", Store: gone(), Offline: true, Required: true})
	if res == nil || !errors.Is(err, storage.ErrOffline) {
		t.Errorf("got %+v, %v, want a required disk missed", res, err)
	}
	// A run that leaves no backup anywhere is none, whatever may be absent.
	for _, required := range []bool{true, false} {
		res, err = run(t, k, start, backup.Destination{Name: "usb", Store: gone(), Offline: true, Required: required})
		if res != nil || !errors.Is(err, storage.ErrOffline) {
			t.Errorf("alone, required %v: got %+v, %v, want an error", required, res, err)
		}
	}
	// One that is always there is missed.
	res, err = run(t, k, start.Add(time.Hour), required("primary", primary), backup.Destination{Name: "disk", Store: gone(), Takes: retention.Day})
	if err != nil || !res.Partial() || !errors.Is(res.Destinations[1].Err, storage.ErrOffline) {
		t.Errorf("got %+v, %v, want a partial run", res, err)
	}
}

// A clocked store says what time it is.
type clocked struct {
	*storagetest.Memory
	time time.Time
}

func (c clocked) Time(context.Context) (time.Time, error) { return c.time, nil }

func TestClock(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for off, wrong := range map[time.Duration]bool{
		0: false, 4 * time.Minute: false, -4 * time.Minute: false, 6 * time.Minute: true, -6 * time.Minute: true,
	} {
		c := clocked{&storagetest.Memory{}, start.Add(off)}
		_, err := run(t, k, start, required("a", c))
		if errors.Is(err, backup.ErrClock) != wrong || (err != nil) != wrong {
			t.Errorf("%s off: got %v, want an error: %v", off, err, wrong)
		}
		if wrong {
			wantEmpty(t, c.Memory)
		}
	}
	// Beside one whose clock is right it is dropped.
	res, err := run(t, k, start, required("a", &storagetest.Memory{}), optional("b", clocked{&storagetest.Memory{}, start.Add(time.Hour)}))
	if err != nil || !res.Partial() {
		t.Errorf("got %+v, %v, want a partial run", res, err)
	}
}
