package report

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

var (
	now      = time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)
	promised = Objectives{RPO: time.Hour, RTO: 4 * time.Hour, Availability: 0.999}
)

// hourly are backups of each hour until so long ago, the newest verified.
func hourly(n int, until time.Duration) []Backup {
	var out []Backup
	for i := range n {
		at := now.Add(-until - time.Duration(n-1-i)*time.Hour)
		out = append(out, Backup{ID: fmt.Sprint(i), Time: at, Copies: []Copy{{Destination: "primary", Verified: at.Add(time.Minute), Level: "sums"}}})
	}
	return out
}

func good() Source {
	return Source{Kind: "database", Name: "vapora", Configured: true, Backups: hourly(100, 30*time.Minute),
		Trials: []Trial{{ID: "t", Backup: "1", At: now.Add(-20 * 24 * time.Hour), Passed: true}}}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		change  func(*Source, *Input)
		want    []string
		healthy bool
	}{
		{"all is well", func(*Source, *Input) {}, nil, true},
		{"none", func(s *Source, _ *Input) { s.Backups = nil }, []string{"critical: database/vapora: there is no backup"}, false},
		{"all bad", func(s *Source, _ *Input) {
			s.Backups = hourly(1, 0)
			s.Backups[0].Copies[0].Bad = true
		}, []string{"critical: database/vapora: none of its 1 backups is good", "high: database/vapora: the copy of 0 at primary was found bad"}, false},
		{"late", func(s *Source, _ *Input) { s.Backups = hourly(100, 3*time.Hour+20*time.Minute) },
			[]string{"high: database/vapora: backups have stopped: the newest good one is 3h20m old, the RPO is 1h"}, false},
		{"not yet late", func(s *Source, _ *Input) { s.Backups = hourly(100, 2*time.Hour) }, nil, true},
		{"only the future", func(s *Source, _ *Input) { s.Backups = hourly(1, -time.Hour) },
			[]string{"critical: database/vapora: none of its 1 backups is good"}, false},
		{"a hole", func(s *Source, _ *Input) { s.Backups = append(s.Backups[:40:40], s.Backups[60:]...) },
			[]string{"medium: database/vapora: a good backup was at hand 80.90 % of the time, promised are 99.90 %"}, true},
		{"not the config's", func(s *Source, _ *Input) { s.Configured, s.Backups = false, hourly(1, 9*day) }, nil, true},
		{"failed restore test", func(s *Source, _ *Input) { s.Trials = append(s.Trials, Trial{ID: "u", Backup: "7", At: now}) },
			[]string{"critical: database/vapora: the last restore test, u of backup 7, failed"}, false},
		{"old restore test", func(s *Source, _ *Input) { s.Trials[0].At = now.Add(-40 * day) },
			[]string{"high: database/vapora: the last restore test was 40d ago"}, false},
		{"too slow a restore", func(s *Source, _ *Input) { s.Trials[0].Seconds = 5 * 3600 },
			[]string{"high: database/vapora: the last restore test took 5h, the RTO is 4h"}, false},
		{"nothing can be listed", func(s *Source, in *Input) {
			s.Backups, in.Destinations = nil, []Destination{{Name: "primary", Required: true, Unreachable: "refused"}}
		}, []string{"critical: database/vapora: no backup is known: not every destination can be listed", "high: primary: it cannot be listed: refused"}, false},
		{"never tried", func(s *Source, _ *Input) { s.Trials, s.Backups = nil, hourly(24*37, 0) },
			[]string{"high: database/vapora: no backup was ever tried"}, false},
		{"young and not tried", func(s *Source, _ *Input) { s.Trials = nil }, nil, true},
		{"a manifest that does not count", func(s *Source, _ *Input) {
			s.Backups[99].Copies[0].Read = func() error { return errors.New("changed") }
		}, []string{"high: database/vapora: the copy of 99 at primary does not count: changed"}, false},
		{"the only one does not count", func(s *Source, _ *Input) {
			s.Backups = hourly(1, 0)
			s.Backups[0].Copies[0].Read = func() error { return errors.New("changed") }
		}, []string{"critical: database/vapora: none of its 1 backups is good", "high: database/vapora: the copy of 0 at primary does not count: changed"}, false},
		{"nobody vouches for the verifications", func(s *Source, _ *Input) {
			s.Backups = hourly(24*8, 0)
			for i := range s.Backups {
				s.Backups[i].Copies[0].Vouched = func() bool { return false }
			}
		}, []string{"medium: database/vapora: no backup of the last 7d is verified"}, true},
		{"required and gone", func(_ *Source, in *Input) {
			in.Destinations = []Destination{{Name: "primary", Required: true, Unreachable: "refused"}, {Name: "second", Unreachable: "refused", Lacks: 2}}
		}, []string{"high: primary: it cannot be listed: refused", "medium: second: it cannot be listed: refused", "medium: second: it lacks 2 backups that it should hold by now"}, false},
		{"requests", func(_ *Source, in *Input) {
			in.Requests = []Request{{ID: "r1"}, {ID: "r2", Unsafe: "disk full"}}
			in.Strange = []string{"r3"}
		}, []string{"high: request r3: nobody vouches for this request to delete", "medium: request r2: it overrides the blast radius: disk full"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var in Input
			s := good()
			test.change(&s, &in)
			in.Sources = []Source{s}
			h := Judge(in, promised, now)
			var got []string
			for _, p := range h.Problems {
				got = append(got, fmt.Sprintf("%s: %s: %s", p.Severity, p.Where, p.Problem))
			}
			if !slices.Equal(got, test.want) || h.Healthy != test.healthy {
				t.Errorf("healthy: %v, want %v\ngot  %q\nwant %q", h.Healthy, test.healthy, got, test.want)
			}
		})
	}
}

// What counts is the age of the backup that was verified, not of the verification.
func TestProvedIsTheNewestThatSomebodyVouchesFor(t *testing.T) {
	t.Parallel()
	s := good()
	s.Backups[99].Copies[0].Vouched = func() bool { return false }
	s.Backups[3].Copies[0].Verified = now
	h := Judge(Input{Sources: []Source{s}}, promised, now)
	if got := h.Sources[0]; got.Proved != "98" || !got.ProvedTaken.Equal(s.Backups[98].Time) || got.Newest != "99" || got.AtRisk != 1800 {
		t.Errorf("got %+v", got)
	}
}

func TestAvailability(t *testing.T) {
	t.Parallel()
	h := func(hours float64) time.Time { return now.Add(-time.Duration(hours * float64(time.Hour))) }
	for _, test := range []struct {
		times []time.Time
		want  float64
	}{
		{nil, 0},
		{[]time.Time{now}, 1},
		{[]time.Time{h(1)}, 1},
		{[]time.Time{h(4)}, 0.5},
		{[]time.Time{h(8), h(4), h(3)}, 0.625},
		{[]time.Time{h(31 * 24), h(1)}, 1.0 / 720},
	} {
		if got := availability(test.times, 2*time.Hour, 0, now); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%v: got %v, want %v", test.times, got, test.want)
		}
	}
	// Of the time when retention has left one a day, gaps tell nothing.
	thin := []time.Time{h(72), h(48), h(24)}
	for hours := 23.0; hours > 0; hours-- {
		thin = append(thin, h(hours))
	}
	if got := availability(thin, 2*time.Hour, day, now); got != 1 {
		t.Errorf("after retention: got %v, want 1", got)
	}
	if got := availability(thin, 2*time.Hour, 2*day, now); got > 0.6 {
		t.Errorf("a gap within: got %v", got)
	}
}

func TestAbout(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{0: "0m", 59*time.Minute + 59*time.Second: "59m", time.Hour: "1h", 100 * time.Minute: "1h40m", 47 * time.Hour: "47h", 7 * day: "7d"} {
		if got := about(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}

// A copy that was found bad is not where the newest good backup lies.
func TestBadCopyIsNotNamed(t *testing.T) {
	t.Parallel()
	s := good()
	newest := &s.Backups[len(s.Backups)-1]
	newest.Copies = append(newest.Copies, Copy{Destination: "second", Bad: true})
	h := Judge(Input{Sources: []Source{s}}, promised, now)
	if got := h.Sources[0].Destinations; !slices.Equal(got, []string{"primary"}) {
		t.Errorf("the newest good backup is at %q", got)
	}
}

// The newest good backup is one whose manifest was read, and no more are read than it
// takes to find it.
func TestManifestsAreReadUntilOneIsGood(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		bad, reads int
		newest     string
	}{{0, 1, "99"}, {3, 4, "96"}, {mostRead - 1, mostRead, "90"}, {mostRead, mostRead, ""}} {
		s := good()
		reads := 0
		for i := range s.Backups {
			s.Backups[i].Copies[0].Read = func() error {
				if reads++; i > 99-test.bad {
					return errors.New("changed")
				}
				return nil
			}
		}
		h := Judge(Input{Sources: []Source{s}}, promised, now)
		if got := h.Sources[0]; got.Newest != test.newest || reads != test.reads || (got.Newest == "") != (got.Availability == 0) {
			t.Errorf("%d bad: got the newest %q after %d reads, availability %v; want %q after %d", test.bad, got.Newest, reads, got.Availability, test.newest, test.reads)
		}
		if test.newest == "" && h.Problems[0].Problem != "none of the newest 10 of its 100 backups is good" {
			t.Errorf("got %+v", h.Problems[0])
		}
	}
}

// Of a backup only those copies are where it lies whose manifests count.
func TestCopyThatDoesNotCountIsNotNamed(t *testing.T) {
	t.Parallel()
	s := good()
	newest := &s.Backups[99]
	newest.Copies = append(newest.Copies, Copy{Destination: "second", Read: func() error { return errors.New("changed") }})
	h := Judge(Input{Sources: []Source{s}}, promised, now)
	if got := h.Sources[0]; got.Newest != "99" || !slices.Equal(got.Destinations, []string{"primary"}) {
		t.Errorf("got %s at %q", got.Newest, got.Destinations)
	}
	if h.Healthy || len(h.Problems) != 1 || newest.Copies[1].Bad {
		t.Errorf("got %+v, and what was handed in changed: %v", h.Problems, newest.Copies[1].Bad)
	}
}

// A deep verification is told also where it is older than that of the sums, or of
// another backup; one that nobody vouches for is not.
func TestDeepIsToldBesideSums(t *testing.T) {
	t.Parallel()
	s := good()
	deep := now.Add(-2 * time.Hour)
	s.Backups[99].Copies[0].Deep = deep
	s.Backups[98].Copies[0].Deep = now
	if got := judged(s); got.Proved != "99" || got.ProvedLevel != "sums" || got.Deep != "99" || !got.DeepAt.Equal(deep) || !got.DeepTaken.Equal(s.Backups[99].Time) {
		t.Errorf("of the same: got %+v", got)
	}
	s.Backups[99].Copies[0].DeepVouched = func() bool { return false }
	if got := judged(s); got.Proved != "99" || got.Deep != "98" || !got.DeepAt.Equal(now) || !got.DeepTaken.Equal(s.Backups[98].Time) {
		t.Errorf("of another: got %+v", got)
	}
	s.Backups[98].Copies[0].Bad = true
	if got := judged(s); got.Deep != "" || !got.DeepAt.IsZero() {
		t.Errorf("of a bad one: got %+v", got)
	}
}

func judged(s Source) SourceHealth {
	return Judge(Input{Sources: []Source{s}}, promised, now).Sources[0]
}
