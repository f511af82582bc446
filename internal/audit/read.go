package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// read reads a small object. One that is too long is ErrInvalid.
func read(ctx context.Context, s storage.Store, key string) ([]byte, error) {
	text, _, err := readSum(ctx, s, key, maxSmall)
	if err == nil && text == nil {
		err = fmt.Errorf("%s: %w: longer than %d bytes", key, ErrInvalid, maxSmall)
	}
	return text, err
}

// readSum reads an object of any length for its hash. The text is nil if it is
// too long to be one of ours; the next entry is chained to it all the same.
func readSum(ctx context.Context, s storage.Store, key string, most int64) (text []byte, hash string, err error) {
	r, err := s.Get(ctx, key)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	h := sha256.New()
	text, err = io.ReadAll(io.TeeReader(io.LimitReader(r, most+1), h))
	if err != nil {
		return nil, "", err
	}
	if int64(len(text)) > most {
		text = nil
		if _, err := io.Copy(h, r); err != nil {
			return nil, "", err
		}
	} else if text == nil {
		text = []byte{}
	}
	return text, hex.EncodeToString(h.Sum(nil)), nil
}

// A stored is what lies under a number.
type stored struct {
	tail
	text []byte
	err  error // fs.ErrNotExist, or ErrInvalid where it is too long; there is no text then
}

// readers is how many entries are read at once, and held.
const readers = 16

// texts yields what lies under the numbers from first to last, in order. An
// error is the store's, and the end.
func (l *Log) texts(ctx context.Context, first, last int64) iter.Seq2[stored, error] {
	return func(yield func(stored, error) bool) {
		for from := first; from <= last; from += readers {
			batch := make([]stored, min(readers, last-from+1))
			g, gctx := errgroup.WithContext(ctx)
			for i := range batch {
				g.Go(func() (err error) {
					batch[i], err = l.text(gctx, from+int64(i))
					return err
				})
			}
			if err := g.Wait(); err != nil {
				yield(stored{}, err)
				return
			}
			for _, s := range batch {
				if !yield(s, nil) {
					return
				}
			}
		}
	}
}

// text reads what lies under a number. An error is the store's.
func (l *Log) text(ctx context.Context, n int64) (stored, error) {
	text, hash, err := readSum(ctx, l.Store, entryKey(n), maxEntry)
	s := stored{tail{n, hash}, text, nil}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.err, err = err, nil
	case err == nil && text == nil:
		s.err = fmt.Errorf("%w: longer than %d bytes", ErrInvalid, maxEntry)
	}
	return s, err
}

// All yields the entries since a moment in the order of their numbers. It proves
// nothing. What cannot be read is yielded as its Number and an error, and the
// next one follows; where the store fails, that is the end.
func (l *Log) All(ctx context.Context, since time.Time) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := l.all(ctx, since, yield); err != nil {
			yield(Entry{}, fmt.Errorf("read audit log: %w", err))
		}
	}
}

// all returns an error that is still to be yielded.
func (l *Log) all(ctx context.Context, since time.Time, yield func(Entry, error) bool) error {
	end, err := l.find(ctx)
	if err != nil {
		return err
	}
	first, err := l.firstSince(ctx, since, end.number)
	if err != nil {
		return err
	}
	gap := false
	for s, err := range l.texts(ctx, first, end.number) {
		if err != nil {
			return err
		}
		e, err := Entry{}, s.err
		if err == nil {
			e, err = Decode(s.text)
		}
		missing := errors.Is(err, fs.ErrNotExist)
		skip := missing && gap || err == nil && e.Time.Before(since)
		gap = missing
		if err != nil {
			e, err = Entry{Number: s.number}, fmt.Errorf("read audit entry %d: %w", s.number, err)
		}
		if !skip && !yield(e, err) {
			return nil
		}
	}
	return nil
}

// firstSince is from which number on to look for entries since a moment: from
// the last folder that began an hour before it. What was done in time may have
// been appended late, but not before it was done.
func (l *Log) firstSince(ctx context.Context, since time.Time, last int64) (int64, error) {
	for first := last - last%perFolder; first > 0; first -= perFolder {
		s, err := l.text(ctx, first)
		if err != nil {
			return 0, err
		}
		if e, err := Decode(s.text); err == nil && e.at().Before(since.Add(-time.Hour)) {
			return first, nil
		}
	}
	return 1, nil
}
