package rekey

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A Leader is a backup at a destination that others follow.
type Leader struct {
	Store storage.Store
	Entry catalog.Entry // as a listing has it
}

// Follow writes, at the destination of the options, what the leader has of the
// same backup, as a generation of its own: byte for byte, so that both can mend
// and stand in for each other again. It needs no key: the signature comes along,
// and recipients and signer of the options are not asked. Whatever [Rewrap] says
// of interruptions and proofs holds. Where the manifest is the leader's already,
// nothing is done. Who calls it says which of the two leads: a generation's number
// means something at its own destination only.
func Follow(ctx context.Context, e catalog.Entry, leader Leader, o Options) (Result, error) {
	res, err := o.follow(ctx, e, leader)
	if err != nil {
		return Result{}, fmt.Errorf("follow the leader with %s: %w", e.ID, err)
	}
	return res, nil
}

func (o Options) follow(ctx context.Context, e catalog.Entry, leader Leader) (Result, error) {
	theirs, from := leader.Entry.Repaired(leader.Store)
	lead, err := fetch(ctx, from, theirs, o.Verifier)
	if err != nil {
		return Result{}, fmt.Errorf("leader: %w", err)
	}
	seen, store := e.Repaired(o.Store)
	mine, err := fetch(ctx, store, seen, o.Verifier)
	switch {
	case err != nil:
		return Result{}, err
	case bytes.Equal(mine.signed.Text(), lead.signed.Text()):
		return Result{Skipped: true}, nil
	case !sameBackup(mine.manifest, lead.manifest):
		return Result{}, errors.New("the leader has another backup of this ID")
	}
	if err := lead.signed.Lasts(o.Verifier); err != nil {
		return Result{}, fmt.Errorf("leader: %w", err)
	}
	n, err := e.NextGeneration()
	if err != nil {
		return Result{}, err
	}
	res := Result{Generation: n}
	to := catalog.InGeneration(o.Store, e, n)
	_, err = o.objects(ctx, to, lead.manifest, &res, func(object catalog.Object) (catalog.Object, error) {
		return o.copyObject(ctx, from, to, object, o.put(lead.manifest, object.Role))
	})
	if err != nil {
		return Result{}, err
	}
	return res, o.commit(ctx, to, seen, lead)
}

// sameBackup reports whether two manifests say the same of the plain bytes.
func sameBackup(a, b *catalog.Manifest) bool {
	return a.Key("") == b.Key("") && slices.EqualFunc(a.Objects, b.Objects, func(x, y catalog.Object) bool {
		return x.Role == y.Role && x.Key == y.Key && x.Plain == y.Plain
	})
}
