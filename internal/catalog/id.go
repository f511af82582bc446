package catalog

import (
	"fmt"
	"io"
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

// ParseID checks an ID and returns the moment that it names, in UTC. Listings
// are long, so it is quick: time.Parse takes ten times as long.
func ParseID(id string) (time.Time, error) {
	t, ok := parseStamp(id)
	if !ok || len(id) != len(idTime)+1+idTail || id[len(idTime)] != '-' || !isTail(id[len(idTime)+1:]) {
		return time.Time{}, fmt.Errorf("%q is no backup id, want one like 20261123T140000Z-7f3k2m", id)
	}
	return t, nil
}

func isTail(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// parseStamp reads the idTime that s begins with.
func parseStamp(s string) (time.Time, bool) {
	if len(s) < len(idTime) || s[8] != 'T' || s[15] != 'Z' {
		return time.Time{}, false
	}
	var n [6]int // year, month, day, hour, minute, second
	for i, end := range [6]int{4, 6, 8, 11, 13, 15} {
		for at := end - 2; at < end; at++ {
			n[i] = n[i]*10 + int(s[at]-'0')
		}
	}
	n[0] += 1000*int(s[0]-'0') + 100*int(s[1]-'0')
	for i := range 15 {
		if i != 8 && (s[i] < '0' || s[i] > '9') {
			return time.Time{}, false
		}
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	// Date takes a 31st of February for the 3rd of March.
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return t, n == [6]int{year, int(month), day, hour, minute, second}
}
