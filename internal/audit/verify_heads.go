package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// heads checks the heads of one number against what lies there.
func (w *walk) heads(ctx context.Context, s stored, keys []string) error {
	for _, key := range keys {
		if err := w.head(ctx, s, key); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) head(ctx context.Context, s stored, key string) error {
	h, err := w.log.loadHead(ctx, key)
	missing := errors.Is(s.err, fs.ErrNotExist)
	f := Fault{Number: s.number, Key: key}
	// A revoked key's word is no proof. Where it does not fit, that is a fault still.
	revoked := isRevoked(err)
	if revoked {
		err = nil
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && missing:
		f.Kind, f.Text = Cut, fmt.Sprintf("the signature of a head of entry %d is here, and neither the head nor the entry", s.number)
		w.report.broken(w.next, f)
	case errors.Is(err, fs.ErrNotExist):
		f.Kind, f.Text = Unfinished, "there is a signature and not the head: its writer stopped, or somebody removed it"
		w.report.note(f)
	case errors.Is(err, ErrUnsigned), errors.Is(err, ErrUntrusted):
		f.Kind, f.Text = BadHead, err.Error()
		w.report.fault(f)
	case errors.Is(err, ErrInvalid):
		f.Kind, f.Text = Unreadable, err.Error()
		w.report.fault(f)
	case err != nil:
		return err
	case missing:
		f.Kind, f.Text = Cut, fmt.Sprintf("a head names entry %d, and it is not there", s.number)
		w.report.broken(w.next, f)
	case h.SHA256 != s.hash:
		f.Kind, f.Text = Changed, fmt.Sprintf("a head names another entry %d: it or one before it was changed", s.number)
		w.report.broken(w.doubtful(), f)
	case revoked:
		f.Kind, f.Text = Revoked, fmt.Sprintf("the head of entry %d is by a key that was revoked since, and counts for nothing", s.number)
		w.report.note(f)
	case w.log.Verifier == nil: // it fits, and anybody may have written it
	default:
		w.report.Heads++
		w.report.Head = &h
	}
	return nil
}
