package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// ErrInvalid is wrapped, with the reason, by what cannot be an object of a log.
var ErrInvalid = errors.New("invalid")

const (
	maxEntry = 256 << 10 // bytes of an entry
	maxText  = 16 << 10  // bytes of a reason or a detail
	maxSmall = 16 << 10  // bytes of anything else
)

// Decode reads an entry of the log as it is stored. Fields that it does not know
// are ignored. An error wraps ErrInvalid.
func Decode(text []byte) (Entry, error) {
	e, err := decode(text)
	if err == nil && (e.Number < 1 || (e.Number == 1) != (e.Previous == "")) {
		err = errors.New("number and previous do not fit together")
	}
	if err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return e, nil
}

// decode reads an entry that may be a pending one.
func decode(text []byte) (Entry, error) {
	var e Entry
	if err := json.Unmarshal(text, &e); err != nil {
		return Entry{}, err
	}
	if err := e.check(); err != nil {
		return Entry{}, err
	}
	// Readers do not agree on a name that comes twice. What the chain is made of
	// must be the same for all, and for a person with grep.
	begins := fmt.Sprintf(`{"version":%d,"number":%d,"previous":"%s","id":"%s",`, e.Version, e.Number, e.Previous, e.ID)
	if !bytes.HasPrefix(text, []byte(begins)) || !bytes.HasSuffix(text, []byte("}\n")) || bytes.Count(text, []byte("\n")) != 1 {
		return Entry{}, errors.New("not one line that begins with version, number, previous and id")
	}
	e.Time = e.Time.UTC()
	if e.Joined != nil {
		e.Joined.Time = e.Joined.Time.UTC()
	}
	return e, nil
}

// encode writes an entry as it is stored, pending or not.
func encode(e Entry) ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	text, err := line(e)
	if err == nil && len(text) > maxEntry {
		err = fmt.Errorf("longer than %d bytes", maxEntry)
	}
	return text, err
}

// line is a value as one line of JSON, the same bytes each time.
func line(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func sum(text []byte) string {
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

// complete fills in what an entry must have, and cuts what is too long: a long
// error is no reason to have no entry.
func (l *Log) complete(e Entry) (Entry, error) {
	e.Version, e.Previous, e.Joined = Version, "", nil
	if e.Time.IsZero() {
		e.Time = l.now()
	}
	e.Time = e.Time.UTC().Truncate(time.Millisecond)
	e.Reason, e.Detail = clip(e.Reason), clip(e.Detail)
	if e.ID == "" {
		id, err := newID(l.random(), idLength)
		if err != nil {
			return e, err
		}
		e.ID, e.Number = id, 0
	}
	switch e.Result {
	case OK, Failed, Partial:
		return e, e.check()
	}
	return e, fmt.Errorf("result: %q is none", e.Result)
}

func newID(random io.Reader, length int) (string, error) {
	id := make([]byte, length)
	if _, err := io.ReadFull(random, id); err != nil {
		return "", fmt.Errorf("make id: %w", err)
	}
	for i, b := range id {
		id[i] = idLetters[int(b)%len(idLetters)]
	}
	return string(id), nil
}

// clip cuts a text that is too long between two letters, and says so.
func clip(s string) string {
	const mark = " (cut here)"
	if len(s) <= maxText {
		return s
	}
	n := maxText - len(mark)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + mark
}
