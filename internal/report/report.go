// Package report judges how well a platform is protected: what was found in the
// destinations, held against what was promised. It has no clock, and no I/O but
// what it is handed to ask with.
package report

import (
	"fmt"
	"time"
)

// Objectives are what was promised.
type Objectives struct {
	RPO, RTO     time.Duration
	Availability float64 // of 1: the share of time in which a good backup is at hand
}

// Input is what was found.
type Input struct {
	Sources      []Source
	Destinations []Destination
	Requests     []Request
	// Strange are requests to delete that nobody vouches for.
	Strange []string
}

// A Source is one thing that is protected, with all its backups.
type Source struct {
	Kind, Name string
	// Configured says that the config still names it. What it does not is shown and
	// not judged.
	Configured bool
	Command    string // that takes a backup of it
	// Thinned is the age from which on not every backup is kept anywhere, 0 if all
	// are: before that, gaps tell nothing.
	Thinned time.Duration
	Backups []Backup // the oldest first
	Trials  []Trial  // restore tests, the oldest first
}

// A Backup is one, wherever it lies.
type Backup struct {
	ID     string
	Time   time.Time
	Copies []Copy
}

// A Copy is a backup at one destination.
type Copy struct {
	Destination string
	Verified    time.Time // the newest verification; zero: none
	Level       string    // of it: "sums" or "deep"
	Bad         bool      // so it said
	// Vouched, if not nil, reports whether somebody who is trusted signed what the
	// verification says. It is asked of the newest ones only, and of none that is
	// older than thirty days.
	Vouched func() bool
	// Deep is the newest deep verification, zero if none or if it found the copy bad;
	// DeepVouched is asked of it as Vouched is.
	Deep        time.Time
	DeepVouched func() bool
	// Read, if not nil, reads the manifest and its signature, and returns what is wrong
	// with them. It is asked of the newest backups only: of older ones what the
	// verifications say must do.
	Read func() error
}

// good reports whether a copy of it may be relied on: one that was found bad may not.
func (b Backup) good() bool {
	for _, c := range b.Copies {
		if !c.Bad {
			return true
		}
	}
	return false
}

// proved is the newest verification of a copy that was found good.
func (b Backup) proved() (best Copy, ok bool) {
	for _, c := range b.Copies {
		if !c.Bad && c.Verified.After(best.Verified) && (c.Vouched == nil || c.Vouched()) {
			best, ok = c, true
		}
	}
	return best, ok
}

// deep is the newest deep verification of a copy that was found good.
func (b Backup) deep() (at time.Time) {
	for _, c := range b.Copies {
		if !c.Bad && c.Deep.After(at) && (c.DeepVouched == nil || c.DeepVouched()) {
			at = c.Deep
		}
	}
	return at
}

// A Destination is a place that holds backups.
type Destination struct {
	Name     string `json:"name"`
	Required bool   `json:"required,omitempty"`
	// Absent is a disk that is not always there, and not now. Unreachable is why
	// nothing is known of another.
	Absent      bool             `json:"absent,omitempty"`
	Unreachable string           `json:"unreachable,omitempty"`
	Backups     int              `json:"backups"`
	Bytes       map[string]int64 `json:"bytes"` // stored, by kind of backup
	// Lacks counts what it should hold by now and only others hold.
	Lacks      int   `json:"lacks"`
	LacksBytes int64 `json:"lacks_bytes"`
	Unfinished int   `json:"unfinished"` // without a manifest
}

// A Trial is a restore test.
type Trial struct {
	ID          string    `json:"id"`
	Backup      string    `json:"backup"`
	Destination string    `json:"destination"` // whose copy was read
	At          time.Time `json:"at"`
	Passed      bool      `json:"passed"`
	Seconds     float64   `json:"restore_seconds"`
}

// A Request asks for deletions, and is not at its end.
type Request struct {
	ID        string    `json:"id"`
	Time      time.Time `json:"time"`
	Requester string    `json:"requester"`
	Reason    string    `json:"reason"`
	Unsafe    string    `json:"unsafe_blast_radius,omitempty"` // why the blast radius is overridden
	Backups   int       `json:"backups"`
	Bytes     int64     `json:"bytes"`
	State     string    `json:"state"`
	Approvals []string  `json:"approvals"`
}

// A Severity says how soon somebody must look. The words are the strategy's.
type Severity string

// Severities. Critical and High make a platform unhealthy.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
)

// A Problem is something to look at.
type Problem struct {
	Severity Severity `json:"severity"`
	Where    string   `json:"where"`
	Problem  string   `json:"problem"`
	Next     string   `json:"next,omitempty"` // what to type
}

// Health is what came of it. It is printed as it is.
type Health struct {
	At           time.Time      `json:"at"`
	Healthy      bool           `json:"healthy"`
	Problems     []Problem      `json:"problems"` // the worst first
	Sources      []SourceHealth `json:"sources"`
	Destinations []Destination  `json:"destinations"`
	Requests     []Request      `json:"requests"`
}

// SourceHealth is one source's.
type SourceHealth struct {
	Kind       string `json:"kind"`
	Name       string `json:"source"`
	Configured bool   `json:"configured"`
	Backups    int    `json:"backups"`
	// Newest is the newest good backup; zero: there is none. AtRisk is what would be
	// lost if the source went now.
	Newest       string    `json:"newest,omitempty"`
	Taken        time.Time `json:"taken,omitzero"`
	AtRisk       float64   `json:"at_risk_seconds"`
	Destinations []string  `json:"destinations"` // of its copies, but for those that were found bad
	// Proved is the newest backup of the last thirty days that was verified: what
	// counts is its own age, not that of the verification.
	Proved      string    `json:"proved,omitempty"`
	ProvedTaken time.Time `json:"proved_taken,omitzero"`
	ProvedAt    time.Time `json:"proved_at,omitzero"`
	ProvedLevel string    `json:"proved_level,omitempty"`
	// Deep is the newest backup of the last thirty days that was verified deep, which
	// may be longer ago, and another.
	Deep      string    `json:"deep,omitempty"`
	DeepTaken time.Time `json:"deep_taken,omitzero"`
	DeepAt    time.Time `json:"deep_at,omitzero"`
	Trial     *Trial    `json:"restore_test,omitempty"` // the last
	// Availability is the share of the last thirty days, or of the time since the
	// first backup, in which a good one was at hand that was not late.
	Availability float64 `json:"availability"`
}

func (s SourceHealth) where() string { return s.Kind + "/" + s.Name }

func (h *Health) problem(s Severity, where, next, format string, args ...any) {
	h.Problems = append(h.Problems, Problem{s, where, fmt.Sprintf(format, args...), next})
}
