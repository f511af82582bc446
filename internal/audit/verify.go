package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"
)

// backwards is how far time may go back from one entry to the next without a
// note: the clocks of two writers differ.
const backwards = 5 * time.Minute

// Verify reads the whole log in order and says what is wrong with it. Heads that
// were kept elsewhere, if there are any, must be heads of this log. It holds one
// folder's names, a few entries and all claims in memory, whatever the length.
// While others append it proves what was there when it came by. An error is the
// store's: then the Report goes as far as it came.
func (l *Log) Verify(ctx context.Context, known ...Head) (Report, error) {
	w := &walk{log: l, next: 1, known: map[int64][]Head{}}
	w.report.checked = l.Verifier != nil
	for _, h := range known {
		w.known[h.Number] = append(w.known[h.Number], h)
	}
	if err := w.run(ctx); err != nil {
		return w.report, fmt.Errorf("verify audit log: %w", err)
	}
	return w.report, nil
}

// A walk goes along the entries.
type walk struct {
	log    *Log
	report Report

	next int64  // number
	hash string // of the entry before next, "" where it is not known
	at   time.Time

	claims claims
	known  map[int64][]Head
}

func (w *walk) run(ctx context.Context) error {
	sv, err := w.log.survey(ctx, func(key string) {
		w.report.fault(Fault{Kind: Foreign, Key: key, Text: "not an object of an audit log"})
	})
	if err != nil {
		return err
	}
	w.report.Pending = sv.pending
	if err := w.loadClaims(ctx, sv.claims); err != nil {
		return err
	}
	for _, at := range w.foldersWith(sv.folders) {
		if err := w.folder(ctx, at); err != nil {
			return err
		}
	}
	for _, n := range slices.Sorted(maps.Keys(w.known)) {
		w.report.broken(w.next, Fault{Kind: Cut, Number: n,
			Text: fmt.Sprintf("a head that was kept elsewhere names entry %d, and it is not there", n)})
	}
	w.endClaims()
	w.report.Uncovered = w.report.Entries
	if h := w.report.Head; h != nil {
		w.report.Uncovered = w.report.Last - h.Number
	}
	return nil
}

// foldersWith adds the folders in which the claims say that there are entries: the
// listing may have passed by before they came.
func (w *walk) foldersWith(folders []int64) []int64 {
	for n := range w.claims.at {
		if n > 1 {
			folders = append(folders, (n-1)-(n-1)%perFolder)
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}

// folder goes along the entries of one folder.
func (w *walk) folder(ctx context.Context, at int64) error {
	// The heads first: to each head that is listed, the entry was there before.
	heads, err := w.log.headsIn(ctx, at)
	if err != nil {
		return err
	}
	last, err := w.log.highestIn(ctx, entriesPrefix+folder(at))
	if err != nil {
		return err
	}
	for s, err := range w.log.texts(ctx, max(at, 1), last) {
		if err != nil {
			return err
		}
		if !errors.Is(s.err, fs.ErrNotExist) {
			w.entry(s)
		}
		if err := w.heads(ctx, s, heads[s.number]); err != nil {
			return err
		}
		delete(heads, s.number)
	}
	for _, n := range slices.Sorted(maps.Keys(heads)) {
		if err := w.heads(ctx, stored{tail: tail{number: n}, err: fs.ErrNotExist}, heads[n]); err != nil {
			return err
		}
	}
	return nil
}

// entry is the next one that is there.
func (w *walk) entry(s stored) {
	n := s.number
	if n > w.next {
		text := fmt.Sprintf("entries %d to %d are missing", w.next, n-1)
		if n == w.next+1 {
			text = fmt.Sprintf("entry %d is missing", w.next)
		}
		w.report.broken(w.next, Fault{Kind: Missing, Number: w.next, Text: text})
		w.hash = ""
	}
	e, err := Decode(s.text)
	if s.err != nil {
		err = s.err
	}
	switch {
	case err != nil:
		w.report.broken(n, Fault{Kind: Unreadable, Number: n, Key: entryKey(n), Text: err.Error()})
	case e.Number != n:
		w.report.broken(n, Fault{Kind: Renumbered, Number: n, Key: entryKey(n),
			Text: fmt.Sprintf("says that it is entry %d", e.Number)})
	case w.hash != "" && e.Previous != w.hash:
		w.report.broken(n-1, Fault{Kind: Changed, Number: n, Key: entryKey(n),
			Text: fmt.Sprintf("does not follow entry %d as that is now: one of the two was changed", n-1)})
	}
	if err == nil {
		w.clock(e, n)
	}
	w.claimed(e, n)
	for _, h := range w.known[n] {
		if h.SHA256 != s.hash {
			w.report.broken(w.doubtful(), Fault{Kind: Changed, Number: n, Key: entryKey(n),
				Text: "is not the one that a head names which was kept elsewhere: it or one before it was changed"})
		}
	}
	delete(w.known, n)
	w.report.Entries++
	w.report.Last, w.next, w.hash = n, n+1, s.hash
}

func (w *walk) clock(e Entry, n int64) {
	if back := w.at.Sub(e.at()); back > backwards {
		w.report.note(Fault{Kind: Clock, Number: n, Key: entryKey(n),
			Text: fmt.Sprintf("is %s older than the entry before, by its writer's clock", back.Round(time.Second))})
	}
	w.at = e.at()
}

// doubtful is the first entry that may have been changed where a head does not
// fit: where the chain broke since the last good head, or else the first after
// that.
func (w *walk) doubtful() int64 {
	first := int64(1)
	if w.report.Head != nil {
		first = w.report.Head.Number + 1
	}
	return max(first, w.report.Broken)
}
