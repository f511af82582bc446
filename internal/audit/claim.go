package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// A claim says which number a pending entry is to get. The next one is made only
// when that number has become another entry's; so one entry gets one number,
// whoever joins it, how often and at once.
type claim struct {
	Version  int    `json:"version"`
	ID       string `json:"id"`
	Attempt  int    `json:"attempt"`  // from 1
	Number   int64  `json:"number"`   // the entry's, if it is free
	Previous string `json:"previous"` // the hash of the entry before; "" for the first
}

// claims returns the last claim of an entry, or the zero value.
func (l *Log) claims(ctx context.Context, id string) (claim, error) {
	last := 0
	for o, err := range l.Store.List(ctx, claimPrefix(id)) {
		if err != nil {
			return claim{}, err
		}
		if _, attempt, ok := parseClaimKey(o.Key); ok {
			last = max(last, attempt)
		}
	}
	if last == 0 {
		return claim{}, nil
	}
	return l.loadClaim(ctx, id, last)
}

func (l *Log) loadClaim(ctx context.Context, id string, attempt int) (claim, error) {
	text, err := read(ctx, l.Store, claimKey(id, attempt))
	if err != nil {
		return claim{}, err
	}
	var c claim
	if err = json.Unmarshal(text, &c); err == nil {
		err = c.check(id, attempt, text)
	}
	if err != nil {
		return claim{}, fmt.Errorf("%s: %w: %w", claimKey(id, attempt), ErrInvalid, err)
	}
	return c, nil
}

// check takes a claim of that place only, in the one way to write it.
func (c claim) check(id string, attempt int, text []byte) error {
	same, err := line(c)
	ok := err == nil && bytes.Equal(same, text) && c.Version == Version && c.ID == id && c.Attempt == attempt &&
		c.Number >= 1 && c.Number <= MaxNumber && (c.Previous == "" && c.Number == 1 || c.Number > 1 && isSum(c.Previous))
	if !ok {
		return fmt.Errorf("not claim %d of %s", attempt, id)
	}
	return nil
}

// claim makes the next claim of an entry for the end of the log. Where somebody
// else did so first, theirs counts.
func (l *Log) claim(ctx context.Context, id string, attempt int) (claim, error) {
	end, err := l.find(ctx)
	if err != nil {
		return claim{}, err
	}
	c := claim{Version: Version, ID: id, Attempt: attempt, Number: end.number + 1, Previous: end.hash}
	text, err := line(c)
	if err != nil {
		return claim{}, err
	}
	err = l.Store.Put(ctx, claimKey(id, attempt), bytes.NewReader(text), l.options())
	if err == nil {
		return c, nil
	}
	look, cancel := lasting(ctx)
	defer cancel()
	theirs, rerr := l.loadClaim(look, id, attempt)
	if rerr != nil {
		return claim{}, err
	}
	return theirs, nil
}
