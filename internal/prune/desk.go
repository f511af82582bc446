package prune

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A Request asks for deletions. It is stored as a signed record, and what is
// approved is these very bytes.
type Request struct {
	Version   int       `json:"version"` // 1
	ID        string    `json:"id"`
	Time      time.Time `json:"time"`      // UTC
	Requester string    `json:"requester"` // who, for people; the signature says by whose key
	Reason    string    `json:"reason"`
	// Unsafe is why more may go than the blast radius; "": it holds.
	Unsafe    string               `json:"unsafe_blast_radius,omitempty"`
	Objects   int                  `json:"objects"`
	Bytes     int64                `json:"bytes"`
	Deletions []retention.Deletion `json:"deletions"`
}

// An Approver is somebody whose approval counts.
type Approver struct {
	Name string
	Key  catalog.Verifier // of the one key
}

// A Signer signs records, and says by which key.
type Signer interface {
	catalog.Signer
	KeyID() string
}

// A Desk takes requests and approvals. They lie in one destination, the home.
type Desk struct {
	Home    storage.Store
	Signer  Signer           // of who acts
	Trusted catalog.Verifier // whose requests count, beside the approvers'

	Approvers []Approver
	Need      int           // distinct approvers, without the requester
	Delay     time.Duration // from the last approval that was needed on
	Expires   time.Duration // from the request on

	Now    func() time.Time
	Random io.Reader
}

const (
	requestSuffix   = ".request" + catalog.RecordSuffix
	approvalMark    = ".approval-" // and the key's ID, in small letters
	withdrawnSuffix = ".withdrawn" + catalog.RecordSuffix
	appliedSuffix   = ".applied" + catalog.RecordSuffix

	requests = "requests" // the source of their keys
)

// Errors of requests.
var (
	ErrNoRequest    = errors.New("no such request")
	ErrNotApprover  = errors.New("this key is no approver's")
	ErrRequester    = errors.New("who requested cannot approve")
	ErrNotReady     = errors.New("the request cannot be applied")
	ErrNothingToDel = errors.New("nothing to delete")
	ErrUncounted    = errors.New("nobody here trusts this key")
)

// Submit stores a request for all that a checked plan deletes.
func (d Desk) Submit(ctx context.Context, e Engine, p retention.Plan, requester, reason, unsafe string) (Request, error) {
	r := Request{Version: 1, Time: d.Now().UTC().Truncate(time.Second), Requester: requester, Reason: reason, Unsafe: unsafe, Deletions: p.Deletions()}
	switch {
	case strings.TrimSpace(reason) == "":
		return r, errors.New("request deletion: no reason given")
	case p.NoPolicy():
		return r, fmt.Errorf("request deletion: %w", ErrNoPolicy)
	case len(r.Deletions) == 0:
		return r, fmt.Errorf("request deletion: %w", ErrNothingToDel)
	case !d.counts():
		return r, hint.Wrap(fmt.Errorf("request deletion: %w", ErrUncounted), "signing.trusted and deletion.approvers in the config say whose key counts")
	}
	if err := Excess(p, unsafe); err != nil {
		return r, fmt.Errorf("request deletion: %w", err)
	}
	for _, del := range r.Deletions {
		objects, bytes := e.Weigh(del)
		r.Objects, r.Bytes = r.Objects+objects, r.Bytes+bytes
	}
	var err error
	if r.ID, err = catalog.NewID(r.Time, d.Random); err != nil {
		return r, err
	}
	if err := d.put(ctx, r.ID, requestSuffix, r); err != nil {
		return r, fmt.Errorf("request deletion: %w", err)
	}
	return r, nil
}

func (e Engine) keeper(place string) Keeper {
	return e.Places[slices.IndexFunc(e.Places, func(p Place) bool { return p.Name == place })].Keeper
}

func (d Desk) put(ctx context.Context, id, suffix string, v any) error {
	key := catalog.Key{Kind: catalog.Deletions, Source: requests, ID: id, Suffix: suffix}
	return catalog.PutRecord(ctx, d.Home, key, v, d.Signer, storage.PutOptions{})
}

// An approval names the very bytes that it is for.
type approval struct {
	Request string    `json:"request"`
	SHA256  string    `json:"sha256"` // of the request as it is stored
	Time    time.Time `json:"time"`
	Reason  string    `json:"reason,omitempty"`
}

// Approve stores the approval of the Signer's owner.
func (d Desk) Approve(ctx context.Context, id, reason string) (State, error) {
	s, err := d.find(ctx, id)
	if err != nil {
		return s, fmt.Errorf("approve: %w", err)
	}
	if err := s.open(d.Now()); err != nil {
		return s, fmt.Errorf("approve: %w", err)
	}
	if d.Signer == nil {
		return s, hint.Wrap(fmt.Errorf("approve %s: no signing key", s.ID), "name the approver's with --key")
	}
	if s.KeyID == d.Signer.KeyID() {
		return s, fmt.Errorf("approve %s: %w", s.ID, ErrRequester)
	}
	a := approval{Request: s.ID, SHA256: s.SHA256, Time: d.Now().UTC().Truncate(time.Second), Reason: reason}
	if !d.mayApprove() {
		return s, hint.Wrap(fmt.Errorf("approve %s: %w", s.ID, ErrNotApprover), "deletion.approvers in the config says whose key counts")
	}
	err = d.put(ctx, s.ID, approvalMark+strings.ToLower(d.Signer.KeyID())+catalog.RecordSuffix, a)
	if err != nil && !errors.Is(err, fs.ErrExist) { // twice is once
		return s, fmt.Errorf("approve %s: %w", s.ID, err)
	}
	return d.find(ctx, s.ID)
}

// mayApprove tries whether a signature of the Signer's is one of an approver's.
func (d Desk) mayApprove() bool {
	return slices.ContainsFunc(d.Approvers, func(a Approver) bool { return d.signsFor(a.Key) })
}

// counts tries whether anything that the Signer signs is believed: a record that
// is not cannot be replaced by one that is.
// Without a key nothing is signed, which is another error.
func (d Desk) counts() bool {
	return d.Signer == nil || d.Trusted != nil && d.signsFor(d.Trusted) || d.mayApprove()
}

func (d Desk) signsFor(v catalog.Verifier) bool {
	probe := []byte("vapora-backup: does this key count?")
	sig, err := d.Signer.Sign(probe, "probe")
	if err != nil {
		return false
	}
	_, _, err = v.Verify(probe, sig)
	return err == nil
}

// Withdraw ends a request, for good. Whoever may request, or approve, may.
func (d Desk) Withdraw(ctx context.Context, id, reason string) error {
	s, err := d.find(ctx, id)
	if err == nil {
		err = s.open(d.Now())
	}
	if err == nil && !d.counts() {
		err = hint.Wrap(ErrUncounted, "signing.trusted and deletion.approvers in the config say whose key counts")
	}
	if err == nil {
		err = d.put(ctx, s.ID, withdrawnSuffix, struct {
			Time   time.Time `json:"time"`
			Reason string    `json:"reason,omitempty"`
		}{d.Now().UTC().Truncate(time.Second), reason})
	}
	if err != nil {
		return fmt.Errorf("withdraw %s: %w", id, err)
	}
	return nil
}

func sum(raw json.RawMessage) string {
	h := sha256.Sum256(raw)
	return hex.EncodeToString(h[:])
}
