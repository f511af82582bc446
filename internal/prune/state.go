package prune

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// A State is a request and how far it has come.
type State struct {
	Request
	KeyID     string // that signed it
	SHA256    string // of its stored bytes
	Approvals []Approval
	Withdrawn bool
	Applied   bool
	Expires   time.Time
	// Due is when it may be applied, zero while approvals are lacking.
	Due time.Time
	// Ignored are approvals that do not count, with the reason.
	Ignored []string
}

// An Approval counts.
type Approval struct {
	Name  string // of the approver
	KeyID string
	At    time.Time // the later of what it says and what the store says
}

// Word is the state in one word.
func (s State) Word(now time.Time) string {
	switch {
	case s.Applied:
		return "applied"
	case s.Withdrawn:
		return "withdrawn"
	case now.After(s.Expires):
		return "expired"
	case s.Due.IsZero():
		return "waiting for approval"
	case now.Before(s.Due):
		return "waiting until " + s.Due.UTC().Format("2006-01-02 15:04Z")
	}
	return "ready"
}

// open refuses a request that has come to its end.
func (s State) open(now time.Time) error {
	switch word := s.Word(now); word {
	case "applied", "withdrawn", "expired":
		return fmt.Errorf("%w: it is %s", ErrNotReady, word)
	}
	return nil
}

// Requests returns all of the home, the oldest first. One that nobody vouches for
// is left out, and named in strange.
func (d Desk) Requests(ctx context.Context) (all []State, strange []string, err error) {
	listing, err := catalog.List(ctx, d.Home, catalog.Filter{Kind: catalog.Deletions, Source: requests})
	if err != nil {
		return nil, nil, fmt.Errorf("list requests: %w", err)
	}
	for _, e := range listing.Records {
		s, err := d.state(ctx, e)
		switch {
		case errors.Is(err, catalog.ErrUntrusted), errors.Is(err, catalog.ErrUnsigned), errors.Is(err, catalog.ErrInvalid), errors.Is(err, fs.ErrNotExist):
			strange = append(strange, fmt.Sprintf("%s: %v", e.ID, err))
		case err != nil:
			return nil, nil, err
		default:
			all = append(all, s)
		}
	}
	return all, strange, nil
}

// find returns the request whose ID begins so.
func (d Desk) find(ctx context.Context, id string) (State, error) {
	all, _, err := d.Requests(ctx)
	if err != nil {
		return State{}, err
	}
	var found []State
	for _, s := range all {
		if id != "" && strings.HasPrefix(s.ID, id) {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		return State{}, hint.Wrap(fmt.Errorf("%w: %s", ErrNoRequest, id), "vapora-backup prune requests lists them")
	}
	return found[0], nil
}

func (d Desk) state(ctx context.Context, e catalog.Entry) (State, error) {
	var s State
	var raw json.RawMessage
	sig, err := d.load(ctx, e.Key(requestSuffix), &raw)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(raw, &s.Request); err != nil || s.ID != e.ID || s.Version != 1 {
		return s, fmt.Errorf("%w: request %s", catalog.ErrInvalid, e.ID)
	}
	s.KeyID, s.SHA256, s.Expires = sig.KeyID, sum(raw), s.Time.Add(d.Expires)
	for _, key := range e.Records() {
		switch {
		case key.Suffix == withdrawnSuffix, key.Suffix == appliedSuffix:
			var end json.RawMessage
			if _, err := d.load(ctx, key, &end); err != nil {
				s.Ignored = append(s.Ignored, err.Error())
				continue
			}
			s.Withdrawn = s.Withdrawn || key.Suffix == withdrawnSuffix
			s.Applied = s.Applied || key.Suffix == appliedSuffix
		case strings.HasPrefix(key.Suffix, approvalMark):
			if err := d.approval(ctx, e, key, &s); err != nil {
				s.Ignored = append(s.Ignored, err.Error())
			}
		}
	}
	d.settle(&s)
	return s, nil
}

// load reads a record that the trusted or an approver signed.
func (d Desk) load(ctx context.Context, key catalog.Key, into any) (catalog.Signature, error) {
	sig, err := catalog.LoadRecord(ctx, d.Home, key, d.Trusted, into)
	for _, a := range d.Approvers {
		if err == nil || !errors.Is(err, catalog.ErrUntrusted) {
			break
		}
		sig, err = catalog.LoadRecord(ctx, d.Home, key, a.Key, into)
	}
	return sig, err
}

// approval counts one, or says why it does not count.
func (d Desk) approval(ctx context.Context, e catalog.Entry, key catalog.Key, s *State) error {
	for _, by := range d.Approvers {
		var a approval
		sig, err := catalog.LoadRecord(ctx, d.Home, key, by.Key, &a)
		if errors.Is(err, catalog.ErrUntrusted) {
			continue
		}
		if err != nil {
			return err
		}
		switch {
		case a.Request != s.ID || a.SHA256 != s.SHA256:
			return fmt.Errorf("the approval of %s is for another request, or for other bytes of it", by.Name)
		case sig.KeyID == s.KeyID:
			return fmt.Errorf("%s requested, and cannot approve", by.Name)
		case slices.ContainsFunc(s.Approvals, func(x Approval) bool { return x.Name == by.Name || x.KeyID == sig.KeyID }):
			return fmt.Errorf("%s approved already", by.Name)
		}
		at := a.Time
		if o, ok := e.Object(key.String()); ok && o.Modified.After(at) {
			at = o.Modified
		}
		s.Approvals = append(s.Approvals, Approval{by.Name, sig.KeyID, at.UTC()})
		return nil
	}
	return fmt.Errorf("%s is by nobody who may approve", key.Suffix)
}

// settle says when the request may be applied.
func (d Desk) settle(s *State) {
	slices.SortFunc(s.Approvals, func(x, y Approval) int {
		return cmp.Or(cmp.Compare(x.At.Unix(), y.At.Unix()), cmp.Compare(x.Name, y.Name))
	})
	switch {
	case d.Need == 0:
		s.Due = s.Time.Add(d.Delay)
	case len(s.Approvals) >= d.Need:
		s.Due = s.Approvals[d.Need-1].At.Add(d.Delay)
	}
}
