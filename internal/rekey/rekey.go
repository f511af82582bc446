// Package rekey changes who can open backups that exist, and proves who can.
//
// [Rewrap] seals a backup at one destination for other recipients: age's header
// is written anew, the payload stays as it is to the last byte, and so does all
// that the manifest says but for recipients and stored sums. [Follow] gives other
// destinations the same. [Resign] signs a manifest with another key. [Plant] and
// [Check] keep a canary for each set of recipients, which tells that the set can
// still be opened before a backup must.
//
// # Generations
//
// Nothing that was written is replaced, so a rewrapped backup is a second set of
// files under the same ID, a generation:
//
//	ID.surql.zst.age                  ID.manifest.json
//	ID.rewrap-1.surql.zst.age         ID.rewrap-1.manifest.json
//
// Readers take the highest generation that has a manifest in the place of the
// backup, see [catalog.Entry.Repaired]; the manifest is written last, and names the keys that
// the objects have in the first generation. By hand, ID=….rewrap-1 does it. So
// nobody sees a rewrapping that was interrupted: it left objects that no reader
// takes, and the same command begins the next generation. What is older than the
// one that is read is [catalog.Entry.Superseded], and goes with prune.
//
// The other way would be a backup with a new ID of the same moment. List, verify
// and sync would need no word of it. But one moment would then have two backups,
// and there is no new ID that everybody reads rightly: retention lets the first
// ID of a slot stand for it, "the latest" is the last one. If the new ID is the
// higher one, prune keeps the old and deletes the new; if it is the lower one,
// restore takes the old, for which there may be no key. Backups whose base it is
// would hang on an ID that is to go; tags, verifications, restore tests, requests
// to delete, holds and people's notes name it; and sync would copy it back from
// where it has not been rewrapped yet, or keep both for ever where no policy ends.
// A generation has none of this: ID, moment and place are the same, and only who
// reads an entry and who counts its bytes must know of it. A repair (ID.repair-1…)
// could not do it, as each of those stands for one object alone: between two of
// them the backup would be neither the old one nor the new.
//
// As a copy is made from what a reader sees, sync writes a rewrapped backup to a
// new place as a plain one. A place that has an older generation owes nothing:
// until it follows, it keeps what it has, and its bytes are not those of the
// other, so that neither can mend or stand in for the data of the other. So all
// destinations of a backup are rewrapped in one go, the first by [Rewrap] and the
// others by [Follow].
package rekey

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Options say how to seal or sign anew.
type Options struct {
	Store storage.Store // the destination

	// Identities open what is to be rewrapped. They may hold some of those that
	// open the result, which then is proved with them.
	Identities *crypt.Identities
	Recipients *crypt.Recipients // for whom to seal

	// Verifier and Signer go together: what nobody checked is not signed, and
	// what was checked does not lose its signature. Both are nil in a house
	// that does not sign.
	Verifier catalog.Verifier
	Signer   catalog.Signer

	Lock  storage.Lock // on all that is written
	Class string       // storage class of the data

	// Progress, if not nil, is told of stored bytes as they are read.
	Progress func(n int)
}

// A Result is what became of a backup.
type Result struct {
	// Skipped: it is sealed for exactly these recipients, and nothing was written.
	Skipped    bool
	Generation int   // that was written
	Bytes      int64 // of objects that were written
	// Opened: every new object was opened with an identity at hand, and is plain
	// to its last byte what it was. Else none fits, and each was read back and
	// has its stored sum.
	Opened bool
	// Cold: what was written went where it cannot be read at once. It is proved
	// only by what the store confirmed.
	Cold bool
}

// Rewrap seals a backup, as a listing has it, for the recipients, and leaves all
// that is there as it is. Its manifest, which makes the new generation the one
// that is read, is written only when the new objects were read back and are
// right. Until then readers see the old one. After an error they see one of the
// two, and it is whole; the same call on a new listing finishes what was
// interrupted.
//
// Each stored byte that is read must be as the manifest says, and authentic: what
// is damaged is not rewrapped. The error wraps [crypt.ErrNoMatch] if no identity
// opens the backup, [storage.ErrCold] if it must be thawed first.
func Rewrap(ctx context.Context, e catalog.Entry, o Options) (Result, error) {
	res, err := o.rewrap(ctx, e)
	if err != nil {
		return Result{}, fmt.Errorf("rewrap %s: %w", e.ID, err)
	}
	return res, nil
}

func (o Options) rewrap(ctx context.Context, e catalog.Entry) (Result, error) {
	if _, err := o.signerID(); err != nil {
		return Result{}, err
	}
	seen, store := e.Repaired(o.Store)
	old, err := fetch(ctx, store, seen, o.Verifier)
	if err != nil {
		return Result{}, err
	}
	m := *old.manifest
	m.Recipients = o.Recipients.Fingerprints()
	if sameSet(old.manifest.Recipients, m.Recipients) {
		return Result{Skipped: true}, nil
	}
	if err := old.check(o.Signer); err != nil {
		return Result{}, err
	}
	n, err := e.NextGeneration()
	if err != nil {
		return Result{}, err
	}
	res := Result{Generation: n}
	to := catalog.InGeneration(o.Store, e, n)
	m.Objects, err = o.objects(ctx, to, old.manifest, &res, func(object catalog.Object) (catalog.Object, error) {
		return o.rewrapObject(ctx, store, to, object, o.put(&m, object.Role))
	})
	if err != nil {
		return Result{}, err
	}
	signed, err := catalog.Sign(&m, o.Signer)
	if err != nil {
		return Result{}, err
	}
	return res, o.commit(ctx, to, seen, written{&m, signed})
}

// commit makes the new generation the one that is read, and reads it.
func (o Options) commit(ctx context.Context, to storage.Store, e catalog.Entry, m written) error {
	if err := catalog.Commit(ctx, to, m.signed, o.put(m.manifest, "")); err != nil {
		return err
	}
	got, err := fetch(ctx, to, e, o.Verifier)
	if err == nil && !bytes.Equal(got.signed.Text(), m.signed.Text()) {
		err = errors.New("it is not what was written")
	}
	if err != nil {
		return fmt.Errorf("the new generation is there, but its manifest cannot be read back: %w", err)
	}
	return nil
}

// signerID returns the name of the key that signs, "" in a house that does not,
// and an error unless its signatures count here.
func (o Options) signerID() (string, error) {
	switch {
	case o.Signer == nil && o.Verifier == nil:
		return "", nil
	case o.Signer == nil:
		return "", hint.Wrap(errors.New("no signing key"), "set signing.key in the config: what is signed must not lose its signature")
	case o.Verifier == nil:
		return "", hint.Wrap(errors.New("nobody is trusted"), "set signing.trusted in the config: what nobody checked must not be signed")
	}
	probe := []byte("probe")
	sig, err := o.Signer.Sign(probe, "probe")
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	id, _, err := o.Verifier.Verify(probe, sig)
	if err != nil {
		return "", fmt.Errorf("signing.key is not among signing.trusted: %w", err)
	}
	return id, nil
}

func sameSet(a, b []string) bool {
	return slices.Equal(sorted(a), sorted(b))
}

func sorted(s []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(s)))
}
