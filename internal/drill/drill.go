// Package drill tries backups. It picks one, lets its kind restore it into a
// throwaway target and say what it found, measures how long that took against
// what was promised, and keeps the result as a signed record.
//
// What a kind of backup must be to be tried is for the kind to know: it brings a
// [Kind], and nothing here names one.
package drill

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A Kind tries backups of its own.
type Kind interface {
	// Try restores the backup into a throwaway target, asserts on r what it finds
	// there, and removes what it made unless r.Keep. An error says that it could
	// not be tried to its end, and fails the drill too, but for [ErrNotTried].
	Try(ctx context.Context, m *catalog.Manifest, r *Report) error
}

// ErrNotTried is wrapped by a Kind where the fault is not the backup's: no server to
// restore into, no key that opens it. Then there is no verdict, and no report.
var ErrNotTried = errors.New("not tried")

// Verdicts of a report.
const (
	Passed = "passed"
	Failed = "failed"
)

// A Report is what became of one drill. It is stored as it is.
type Report struct {
	Version int    `json:"version"` // 1
	ID      string `json:"id"`      // its own
	Verdict string `json:"verdict"`
	Error   string `json:"error,omitempty"`

	Backup      string    `json:"backup"`
	Kind        string    `json:"kind"`
	Source      string    `json:"source"`
	Taken       time.Time `json:"taken"`
	Destination string    `json:"destination"` // whose copy was read
	Engine      string    `json:"engine"`      // that was backed up
	Target      string    `json:"target"`      // that it was restored into
	Kept        string    `json:"kept,omitempty"`

	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// Seconds of each phase. Restore is what it took until the data was back: from
	// the first byte that was read to the end of the restore's own checks.
	Seconds map[string]float64 `json:"seconds"`
	Restore float64            `json:"restore_seconds"`
	RTO     float64            `json:"rto_seconds"`
	Bytes   int64              `json:"bytes"`

	Assertions []Assertion  `json:"assertions"`
	Notes      []string     `json:"notes,omitempty"`
	Tool       catalog.Tool `json:"tool"`
	Host       string       `json:"host"`

	// Keep leaves the target for inspection.
	Keep bool             `json:"-"`
	Now  func() time.Time `json:"-"`
}

// An Assertion is one thing that must be so. It is stored where every reader of a
// bucket sees it: nothing of a record or a statement may stand in it, but in Seen.
type Assertion struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`

	Seen string `json:"-"` // for the eyes of who holds the drill, and never stored
}

// Assert notes what was found.
func (r *Report) Assert(name string, ok bool, format string, args ...any) {
	r.Assertions = append(r.Assertions, Assertion{Name: name, OK: ok, Detail: fmt.Sprintf(format, args...)})
}

// Note says something that is no assertion.
func (r *Report) Note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// Phase measures one; the caller calls end when it is over.
func (r *Report) Phase(name string) (end func()) {
	begin := r.Now()
	return func() { r.Seconds[name] += r.Now().Sub(begin).Seconds() }
}

// OK reports whether all was as it must be.
func (r *Report) OK() bool { return r.Verdict == Passed }

// A Drill is one to be held.
type Drill struct {
	Kind     Kind
	Manifest *catalog.Manifest
	// RTO is within how long the data must be back. 0: not promised.
	RTO  time.Duration
	Keep bool

	Tool   catalog.Tool
	Host   string
	Now    func() time.Time
	Random io.Reader // of the report's ID; nil for the system's
}

// errSilent is what a kind is blamed for that asserts nothing.
var errSilent = errors.New("nothing was asserted")

// Run holds the drill and returns its report, which also tells of an error. An error of
// its own, without a report, wraps [ErrNotTried] where it is not the backup's.
func Run(ctx context.Context, d Drill) (*Report, error) {
	m := d.Manifest
	if d.Random == nil {
		d.Random = rand.Reader
	}
	r := &Report{
		Version: 1, Backup: m.ID, Kind: m.Kind, Source: m.Source, Taken: m.Started.UTC(), Engine: m.Engine, Started: d.Now().UTC(),
		Seconds: map[string]float64{}, RTO: d.RTO.Seconds(), Bytes: m.Data().Stored.Size, Assertions: []Assertion{},
		Tool: d.Tool, Host: d.Host, Keep: d.Keep, Now: d.Now,
	}
	var err error
	if r.ID, err = catalog.NewID(r.Started, d.Random); err != nil {
		return nil, err
	}
	err = d.Kind.Try(ctx, m, r)
	if errors.Is(err, ErrNotTried) {
		return nil, err
	}
	if err == nil && len(r.Assertions) == 0 {
		err = errSilent
	}
	if err == nil && d.RTO > 0 {
		took := time.Duration(r.Restore * float64(time.Second)).Round(time.Millisecond)
		r.Assert("back within the RTO", took <= d.RTO, "%s of %s", took, d.RTO)
	}
	r.Finished, r.Verdict = d.Now().UTC(), Passed
	if err != nil {
		r.Verdict, r.Error = Failed, err.Error()
	}
	for _, a := range r.Assertions {
		if !a.OK {
			r.Verdict = Failed
		}
	}
	return r, storage.Ended(ctx)
}

// resultSuffix is that of a report's key.
const resultSuffix = ".result" + catalog.RecordSuffix

// Store keeps a report as a signed record.
func Store(ctx context.Context, s storage.Store, r *Report, signer catalog.Signer, o storage.PutOptions) error {
	key := catalog.Key{Kind: catalog.RestoreTests, Source: r.Source, ID: r.ID, Suffix: resultSuffix}
	return catalog.PutRecord(ctx, s, key, r, signer, o)
}

// Load reads the report of a record entry, once its signature is good.
func Load(ctx context.Context, s storage.Store, e catalog.Entry, v catalog.Verifier) (*Report, error) {
	var r Report
	if _, err := catalog.LoadRecord(ctx, s, e.Key(resultSuffix), v, &r); err != nil {
		return nil, err
	}
	return &r, nil
}
