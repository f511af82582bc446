package audit

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Prefixes of keys.
const (
	Prefix        = "audit/" // of all of them
	PendingPrefix = Prefix + "pending/"

	entriesPrefix = Prefix + "entries/"
	headsPrefix   = Prefix + "heads/"
	joinsPrefix   = Prefix + "joins/"

	jsonSuffix = ".json"
	sigSuffix  = ".minisig" // after that of what it signs

	perFolder = 1000 // entries: what a store lists with one request
	nameTail  = 8    // letters that make the name of a head its own
)

// folder is the name of the folder of a number, with its slash.
func folder(n int64) string { return fmt.Sprintf("%09d/", n/perFolder) }

func entryKey(n int64) string {
	return entriesPrefix + folder(n) + fmt.Sprintf("%012d", n) + jsonSuffix
}

// parseEntryKey is the inverse of entryKey.
func parseEntryKey(key string) (int64, bool) {
	name := strings.TrimSuffix(key[strings.LastIndexByte(key, '/')+1:], jsonSuffix)
	n, err := strconv.ParseInt(name, 10, 64)
	return n, err == nil && n >= 1 && n <= MaxNumber && entryKey(n) == key
}

// headPrefix is what the keys of all heads of a number begin with.
func headPrefix(n int64) string { return headsPrefix + folder(n) + fmt.Sprintf("%012d-", n) }

func headKey(n int64, name string) string { return headPrefix(n) + name + jsonSuffix }

// parseHeadKey takes the key of a head or of its signature, and returns the
// number and the key of the head.
func parseHeadKey(key string) (n int64, head string, ok bool) {
	head = strings.TrimSuffix(key, sigSuffix)
	name := strings.TrimSuffix(head[strings.LastIndexByte(head, '/')+1:], jsonSuffix)
	digits, tail, _ := strings.Cut(name, "-")
	n, err := strconv.ParseInt(digits, 10, 64)
	ok = err == nil && n >= 1 && n <= MaxNumber && isOf(tail, nameTail, idLetters) && headKey(n, tail) == head
	return n, head, ok
}

func claimPrefix(id string) string { return joinsPrefix + id + "/" }

func claimKey(id string, attempt int) string {
	return claimPrefix(id) + fmt.Sprintf("%04d", attempt) + jsonSuffix
}

// parseClaimKey is the inverse of claimKey.
func parseClaimKey(key string) (id string, attempt int, ok bool) {
	id, name, _ := strings.Cut(strings.TrimPrefix(key, joinsPrefix), "/")
	attempt, err := strconv.Atoi(strings.TrimSuffix(name, jsonSuffix))
	return id, attempt, err == nil && attempt >= 1 && isID(id) && claimKey(id, attempt) == key
}

const stamp = "20060102T150405Z"

// pendingKey sorts by time, and has the ID so that no two are the same.
func pendingKey(e Entry) string {
	return PendingPrefix + e.Time.Format(stamp) + "-" + e.ID + jsonSuffix
}

// parsePendingKey takes the key of a pending entry or of its signature, and
// returns that of the entry.
func parsePendingKey(key string) (pending string, ok bool) {
	pending = strings.TrimSuffix(key, sigSuffix)
	name := strings.TrimSuffix(strings.TrimPrefix(pending, PendingPrefix), jsonSuffix)
	at, id, _ := strings.Cut(name, "-")
	t, err := time.Parse(stamp, at)
	return pending, err == nil && isID(id) && pendingKey(Entry{Time: t, ID: id}) == pending
}
