package catalog

import (
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	idTime   = "20060102T150405Z"
	idRandom = "abcdefghijklmnopqrstuvwxyz234567"
	idTail   = 6
)

// NewID returns an ID for a backup that starts now: the second in UTC, and six
// characters from random, so that two in one second are distinct.
func NewID(now time.Time, random io.Reader) (string, error) {
	tail := make([]byte, idTail)
	if _, err := io.ReadFull(random, tail); err != nil {
		return "", fmt.Errorf("make backup id: %w", err)
	}
	for i, b := range tail {
		tail[i] = idRandom[int(b)%len(idRandom)]
	}
	id := now.UTC().Format(idTime) + "-" + string(tail)
	if _, err := ParseID(id); err != nil {
		return "", fmt.Errorf("make backup id: %w", err)
	}
	return id, nil
}

// ParseID checks an ID and returns the moment that it names, in UTC.
func ParseID(id string) (time.Time, error) {
	stamp, tail, _ := strings.Cut(id, "-")
	t, err := time.Parse(idTime, stamp)
	// Format again: Parse also takes fractions of a second.
	if err != nil || t.Format(idTime) != stamp || len(tail) != idTail || strings.Trim(tail, idRandom) != "" {
		return time.Time{}, fmt.Errorf("%q is no backup id, want one like 20261123T140000Z-7f3k2m", id)
	}
	return t, nil
}
