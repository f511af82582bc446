package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// ErrHead is wrapped by an Append that stored its entry, but not the signed head
// that was due. The entry must not be kept or appended again; the head follows
// with the next one.
var ErrHead = errors.New("the entry is stored, but no signed head")

// Append writes an entry and returns it as it is in the log. Version, Previous
// and Joined are Append's to fill in, ID and Time too where they are empty. It
// tries until it has a number or ctx ends.
//
// With an error the entry comes back as it is to be given to Keep, or to Append
// once more: if its Number is not 0, it may be there all the same, and both look.
// ErrHead is the one error with which it certainly is there.
func (l *Log) Append(ctx context.Context, e Entry) (Entry, error) {
	e, err := l.complete(e)
	if err == nil {
		e, err = l.append(ctx, e)
	}
	if err != nil {
		return e, fmt.Errorf("append audit entry: %w", err)
	}
	if err := l.headDue(ctx, e.Number); err != nil {
		return e, fmt.Errorf("append audit entry: %w: %w", ErrHead, err)
	}
	return e, nil
}

func (l *Log) append(ctx context.Context, e Entry) (Entry, error) {
	if e.Number > 0 { // an earlier Append is in doubt
		got, how, err := l.settle(ctx, e)
		if err != nil || how != void {
			return got, err
		}
		e.Number = 0
	}
	at, err := l.tail(ctx)
	if err != nil {
		return e, err
	}
	for try := 0; ; try++ {
		e.Number, e.Previous = at.number+1, at.hash
		there, err := l.place(ctx, e)
		switch {
		case err == nil && there.mine:
			return there.entry, nil
		case err == nil:
			e.Number = 0
			if at = l.advance(there.tail); try%4 == 3 { // far behind
				at, err = l.find(ctx)
			}
		case errors.Is(err, fs.ErrExist):
			err = nil // and yet there is nothing: somebody is about to write it, or to fail
		}
		if err == nil {
			err = pause(ctx, try)
		}
		if err != nil {
			return e, err
		}
	}
}

// A placed is what lies under the number of an entry.
type placed struct {
	tail
	entry Entry // if it has the ID
	mine  bool  // it has the ID
	wrote bool  // these very bytes
}

// place puts an entry under its number, and returns what lies there then. An
// error says that nothing does, or that it cannot be seen.
func (l *Log) place(ctx context.Context, e Entry) (placed, error) {
	text, err := encode(e)
	if err != nil {
		return placed{}, err
	}
	key := entryKey(e.Number)
	err = l.Store.Put(ctx, key, bytes.NewReader(text), l.options())
	switch {
	case err == nil:
		return placed{l.advance(tail{e.Number, sum(text)}), e, true, true}, nil
	case errors.Is(err, storage.ErrNoLock): // it may be there, but not as it has to be
		return placed{}, err
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	there, rerr := l.text(ctx, e.Number)
	switch {
	case rerr != nil:
		return placed{}, errors.Join(err, rerr)
	case errors.Is(there.err, fs.ErrNotExist):
		return placed{}, err
	}
	out := l.look(e, there)
	out.wrote = bytes.Equal(there.text, text)
	return out, nil
}

// look says whether what lies under an entry's number is that entry.
func (l *Log) look(e Entry, s stored) placed {
	out := placed{tail: s.tail}
	l.advance(s.tail)
	if got, err := Decode(s.text); err == nil && got.ID == e.ID && got.Number == e.Number {
		out.entry, out.mine = got, true
	}
	return out
}

// lookTime is how long it may take to see what became of a write.
const lookTime = 10 * time.Second

// lasting is ctx, and where that has ended a while longer.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() == nil {
		return ctx, func() {}
	}
	return context.WithTimeout(context.WithoutCancel(ctx), lookTime)
}

// pause lets others write, a little longer after each time that they were first.
func pause(ctx context.Context, try int) error {
	const most = 250 * time.Millisecond
	if try > 0 {
		t := time.NewTimer(rand.N(min(time.Millisecond<<min(try, 10), most)))
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	return storage.Ended(ctx)
}
