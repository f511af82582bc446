package drill_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/catalog/catalogtest"
	"github.com/vapora-platform/vapora-backup/internal/drill"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// notes are a second kind of backup, for these tests: all that it takes to be
// tried is a Try.
type notes struct {
	try func(r *drill.Report) error
}

func (n notes) Try(_ context.Context, _ *catalog.Manifest, r *drill.Report) error { return n.try(r) }

func TestRun(t *testing.T) {
	t.Parallel()
	m, _ := catalogtest.Manifest(t, noon)
	broken := errors.New("no server")
	for name, x := range map[string]struct {
		try     func(r *drill.Report) error
		rto     time.Duration
		verdict string
		text    string
	}{
		"good":           {func(r *drill.Report) error { r.Assert("a", true, "1"); r.Restore = 2; return nil }, 4 * time.Hour, drill.Passed, ""},
		"no promise":     {func(r *drill.Report) error { r.Assert("a", true, "1"); r.Restore = 1e9; return nil }, 0, drill.Passed, ""},
		"one is not so":  {func(r *drill.Report) error { r.Assert("a", true, "1"); r.Assert("b", false, "2"); return nil }, 0, drill.Failed, ""},
		"too slow":       {func(r *drill.Report) error { r.Assert("a", true, "1"); r.Restore = 3601; return nil }, time.Hour, drill.Failed, ""},
		"it broke":       {func(r *drill.Report) error { r.Assert("a", true, "1"); return broken }, 0, drill.Failed, "no server"},
		"it says naught": {func(*drill.Report) error { return nil }, time.Hour, drill.Failed, "nothing was asserted"},
	} {
		r, err := drill.Run(t.Context(), drill.Drill{
			Kind: notes{x.try}, Manifest: m, RTO: x.rto, Now: func() time.Time { return noon },
		})
		if err != nil || r.Verdict != x.verdict || r.OK() != (x.verdict == drill.Passed) || r.Error != x.text || r.Backup != m.ID || r.ID == "" {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
	}
}

// What is not the backup's fault is no verdict.
func TestNotTried(t *testing.T) {
	t.Parallel()
	m, _ := catalogtest.Manifest(t, noon)
	r, err := drill.Run(t.Context(), drill.Drill{
		Kind: notes{func(r *drill.Report) error {
			r.Assert("a", true, "1")
			return fmt.Errorf("read: %w: no key", drill.ErrNotTried)
		}}, Manifest: m, Now: time.Now,
	})
	if r != nil || !errors.Is(err, drill.ErrNotTried) {
		t.Errorf("got %+v, %v, want no report", r, err)
	}
}

// A report is a record: signed, stored once, and no backup.
func TestStore(t *testing.T) {
	t.Parallel()
	signer, trusted := catalogtest.Key(t)
	_, stranger := catalogtest.Key(t)
	m, _ := catalogtest.Manifest(t, noon)
	r, err := drill.Run(t.Context(), drill.Drill{
		Kind: notes{func(r *drill.Report) error {
			defer r.Phase("reading")()
			r.Assert("a", false, "it is %d", 7)
			r.Note("by hand")
			return nil
		}}, Manifest: m, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &storagetest.Memory{}
	if err := drill.Store(t.Context(), s, r, signer, storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	l, err := catalog.List(t.Context(), s, catalog.Filter{})
	if err != nil || len(l.Records) != 1 || len(l.Entries)+len(l.Orphans)+l.Foreign != 0 {
		t.Fatalf("got %+v, %v", l, err)
	}
	got, err := drill.Load(t.Context(), s, l.Records[0], trusted)
	if err != nil || got.Verdict != drill.Failed || got.Assertions[0].Detail != "it is 7" || got.Notes[0] != "by hand" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, ok := got.Seconds["reading"]; !ok {
		t.Errorf("got phases %v", got.Seconds)
	}
	if _, err := drill.Load(t.Context(), s, l.Records[0], stranger); !errors.Is(err, catalog.ErrUntrusted) {
		t.Errorf("got %v", err)
	}
}

func TestPick(t *testing.T) {
	t.Parallel()
	var entries []catalog.Entry
	for i := range 10 {
		entries = append(entries, catalog.Entry{ID: string(rune('a' + i)), Time: noon.Add(time.Duration(i-10) * 24 * time.Hour)})
	}
	entries = append(entries, catalog.Entry{ID: "future", Time: noon.Add(time.Hour)})
	if e, err := drill.Pick(entries, drill.Latest, 0, 0, noon); err != nil || e.ID != "j" {
		t.Errorf("latest: got %v, %v", e.ID, err)
	}
	seen := map[string]bool{}
	for seed := range uint64(200) {
		e, err := drill.Pick(entries, drill.Random, 3*24*time.Hour, seed+1, noon)
		again, _ := drill.Pick(entries, drill.Random, 3*24*time.Hour, seed+1, noon)
		if err != nil || e.ID != again.ID {
			t.Fatalf("seed %d: got %s and %s, %v", seed, e.ID, again.ID, err)
		}
		seen[e.ID] = true
	}
	if len(seen) != 3 || !seen["h"] || !seen["j"] {
		t.Errorf("of the last three days: got %v", seen)
	}
	for name, x := range map[string][]catalog.Entry{"none": nil, "none of so late": entries[:2], "only of the future": entries[10:]} {
		if e, err := drill.Pick(x, drill.Latest, time.Hour, 0, noon); err == nil {
			t.Errorf("%s: got %v", name, e.ID)
		}
	}
}

func TestDue(t *testing.T) {
	t.Parallel()
	count := func(rule string) (days []string) {
		t.Helper()
		for d := range 365 {
			day := time.Date(2026, 1, 1, 2, 0, 0, 0, time.UTC).AddDate(0, 0, d)
			due, err := drill.Due(rule, day)
			if err != nil {
				t.Fatal(err)
			}
			if due {
				days = append(days, day.Format("01-02"))
			}
		}
		return days
	}
	for rule, want := range map[string]struct {
		n     int
		first string
	}{
		"sunday": {52, "01-04"}, "first-sunday": {12, "01-04"}, "second-tuesday": {12, "01-13"}, "last-friday": {12, "01-30"}, "first-day": {12, "01-01"},
	} {
		if got := count(rule); len(got) != want.n || got[0] != want.first {
			t.Errorf("%s: got %d days, from %s; want %d, from %s", rule, len(got), got[0], want.n, want.first)
		}
	}
	if got := strings.Join(count("first-sunday"), " "); got != "01-04 02-01 03-01 04-05 05-03 06-07 07-05 08-02 09-06 10-04 11-01 12-06" {
		t.Errorf("got %s", got)
	}
	for _, bad := range []string{"", "someday", "fifth-sunday", "first-", "first-someday"} {
		if _, err := drill.Due(bad, noon); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
