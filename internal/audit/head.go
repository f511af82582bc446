package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Head says which bytes the last entry had at a moment, and with them all
// entries before it.
type Head struct {
	Version int       `json:"version"`
	Number  int64     `json:"number"` // of the last entry
	SHA256  string    `json:"sha256"` // of its exact bytes, in hex
	Time    time.Time `json:"time"`   // UTC, by the clock of who signed
}

// Head signs the end of the log as it is now and stores that. A good head that is
// there for this entry already is returned instead.
func (l *Log) Head(ctx context.Context) (Head, error) {
	end, err := l.find(ctx)
	if err == nil && end.number == 0 {
		err = errors.New("there is no entry yet")
	}
	var h Head
	if err == nil {
		h, err = l.headOf(ctx, end)
	}
	if err != nil {
		return Head{}, fmt.Errorf("sign head of audit log: %w", err)
	}
	return h, nil
}

// headDue writes a head if it is time for one, or an earlier one is missing.
func (l *Log) headDue(ctx context.Context, n int64) error {
	every := int64(l.HeadEvery)
	if every == 0 {
		every = DefaultHeadEvery
	}
	l.mu.Lock()
	due := every > 0 && l.Signer != nil && (l.owed || n%every == 0)
	end := l.last
	l.mu.Unlock()
	if !due {
		return nil
	}
	_, err := l.headOf(ctx, end)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owed = err != nil
	return err
}

// headOf returns a good head of an entry: one that is there, or a new one.
func (l *Log) headOf(ctx context.Context, end tail) (Head, error) {
	if l.Verifier != nil {
		for o, err := range l.Store.List(ctx, headPrefix(end.number)) {
			if err != nil {
				return Head{}, err
			}
			if n, key, ok := parseHeadKey(o.Key); ok && n == end.number && key == o.Key {
				if h, err := l.loadHead(ctx, key); err == nil && h.SHA256 == end.hash {
					return h, nil
				}
			}
		}
	}
	name, err := newID(l.random(), nameTail)
	if err != nil {
		return Head{}, err
	}
	h := Head{Version: Version, Number: end.number, SHA256: end.hash, Time: l.now().Truncate(time.Second)}
	key := headKey(h.Number, name)
	text, err := line(h)
	if err != nil {
		return Head{}, err
	}
	sig, err := l.sign(key, text)
	if err != nil {
		return Head{}, err
	}
	return h, putSigned(ctx, l.Store, key, text, sig, l.options())
}

// loadHead reads a head, and checks its signature if there is a verifier. With an
// error that isRevoked comes the head that the revoked key signed.
func (l *Log) loadHead(ctx context.Context, key string) (Head, error) {
	text, err := read(ctx, l.Store, key)
	if err != nil {
		return Head{}, err
	}
	var revoked error
	if l.Verifier != nil {
		if _, err := l.trust(ctx, l.Store, key, text); isRevoked(err) {
			revoked = err
		} else if err != nil {
			return Head{}, err
		}
	}
	h, err := decodeHead(key, text)
	if err != nil {
		return Head{}, err
	}
	return h, revoked
}

func decodeHead(key string, text []byte) (Head, error) {
	var h Head
	err := json.Unmarshal(text, &h)
	number, _, _ := parseHeadKey(key)
	begins := fmt.Sprintf(`{"version":%d,"number":%d,"sha256":"%s",`, h.Version, h.Number, h.SHA256)
	switch {
	case err != nil:
	case h.Version < 1, !isSum(h.SHA256), !isUTC(h.Time), !bytes.HasPrefix(text, []byte(begins)), !strings.HasSuffix(string(text), "}\n"):
		err = errors.New("not a head")
	case h.Number != number:
		err = fmt.Errorf("it is for entry %d", h.Number)
	}
	if err != nil {
		return Head{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	h.Time = h.Time.UTC()
	return h, nil
}
