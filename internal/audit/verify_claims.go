package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// claims are those of a log, to be held against its entries.
type claims struct {
	at   map[int64][]claim // by number
	last map[string]claim  // by ID
	seen map[string]int64  // the number of the entry that was joined, by ID
}

func (w *walk) loadClaims(ctx context.Context, keys []string) error {
	c := claims{map[int64][]claim{}, map[string]claim{}, map[string]int64{}}
	for _, key := range keys { // in order, so the last attempt is the last
		id, attempt, _ := parseClaimKey(key)
		one, err := w.log.loadClaim(ctx, id, attempt)
		switch {
		case errors.Is(err, ErrInvalid), errors.Is(err, fs.ErrNotExist):
			w.report.fault(Fault{Kind: Unreadable, Key: key, Text: err.Error()})
			continue
		case err != nil:
			return err
		case attempt != c.last[id].Attempt+1:
			w.report.fault(Fault{Kind: Missing, Key: key, Text: fmt.Sprintf("claim %d of this entry is missing", attempt-1)})
		}
		c.at[one.Number] = append(c.at[one.Number], one)
		c.last[id] = one
	}
	w.claims = c
	return nil
}

// claimed holds the claims of a number against the entry that it has, which is
// the zero value if that cannot be read.
func (w *walk) claimed(e Entry, n int64) {
	for _, c := range w.claims.at[n] {
		f := Fault{Number: n, Key: claimKey(c.ID, c.Attempt)}
		last := w.claims.last[c.ID] == c
		switch {
		case n > 1 && w.hash != "" && c.Previous != w.hash:
			f.Kind, f.Text = Changed, fmt.Sprintf("a claim names another entry %d", n-1)
			w.report.fault(f)
		case last && c.ID != e.ID:
			f.Kind, f.Text = Unfinished, "a pending entry was to get this number, and another one has it: it has still to be joined"
			w.report.note(f)
		case !last && c.ID == e.ID:
			f.Kind, f.Text = Duplicate, "another number was claimed for this entry, though it has this one"
			w.report.fault(f)
		}
	}
	delete(w.claims.at, n)
	if _, ok := w.claims.last[e.ID]; !ok && e.Joined == nil {
		return
	}
	if before, ok := w.claims.seen[e.ID]; ok {
		w.report.fault(Fault{Kind: Duplicate, Number: n, Key: entryKey(n), Text: fmt.Sprintf("is entry %d once more", before)})
	}
	w.claims.seen[e.ID] = n
}

// endClaims is for claims of numbers that no entry has.
func (w *walk) endClaims() {
	var left []claim
	for _, cs := range w.claims.at {
		left = append(left, cs...)
	}
	slices.SortFunc(left, func(a, b claim) int { return strings.Compare(claimKey(a.ID, a.Attempt), claimKey(b.ID, b.Attempt)) })
	for _, c := range left {
		f := Fault{Number: c.Number, Key: claimKey(c.ID, c.Attempt)}
		switch {
		case c.Number < w.next: // its entry is missing, which has been said
		case c.Number == w.next && w.claims.last[c.ID] == c && (w.hash == "" || c.Previous == w.hash):
			f.Kind, f.Text = Unfinished, "a pending entry was to get the next number: it has still to be joined"
			w.report.note(f)
		default:
			f.Kind, f.Text = Cut, fmt.Sprintf("entry %d was claimed, and the log ends before it", c.Number)
			w.report.broken(w.next, f)
		}
	}
}
