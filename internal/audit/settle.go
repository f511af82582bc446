package audit

import (
	"context"
	"errors"
	"io/fs"
)

// How an entry came to its number, or not.
type outcome int

const (
	void  outcome = iota // the number can never be that entry's
	found                // it was there
	wrote                // now it is
)

// settle gives an entry the one number that it may have got already: it is there,
// or is put there now, or the number is somebody else's for good.
func (l *Log) settle(ctx context.Context, e Entry) (Entry, outcome, error) {
	passed := false // others have written later numbers
	for try := 0; ; try++ {
		s, err := l.text(ctx, e.Number)
		if err != nil {
			return e, void, err
		}
		if !errors.Is(s.err, fs.ErrNotExist) {
			if there := l.look(e, s); there.mine {
				return there.entry, found, nil
			}
			return e, void, nil
		}
		end, err := l.find(ctx)
		switch {
		case err != nil:
			return e, void, err
		case passed, end.number < e.Number-1:
			return e, void, nil // entries were taken away since; this write is long over
		case end.number >= e.Number:
			passed = true
		default:
			e.Previous = end.hash
			there, err := l.place(ctx, e)
			switch {
			case err == nil && there.wrote:
				return there.entry, wrote, nil
			case err == nil && there.mine:
				return there.entry, found, nil
			case err == nil:
				return e, void, nil
			case !errors.Is(err, fs.ErrExist):
				return e, void, err
			}
		}
		if err := pause(ctx, try); err != nil {
			return e, void, err
		}
	}
}
