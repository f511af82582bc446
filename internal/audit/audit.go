// Package audit keeps the record of what was done: append-only, hash-chained,
// in a store that may lie apart from the backups and be locked.
//
// # What lies where
//
//	audit/entries/000000000/000000000042.json               entry 42: one line of JSON
//	audit/heads/000000000/000000000064-k3x7….json           the hash of entry 64
//	audit/heads/000000000/000000000064-k3x7….json.minisig   signed, written first
//	audit/joins/ID/0001.json                                the number that a pending entry is to have
//	audit/pending/20261123T140000Z-ID.json, …minisig        in a backup's own destination
//
// Each entry holds the SHA-256 of the exact bytes of the one before. A number
// goes to whoever creates its object first (the store's conditional write
// decides), so that any number of writers make one chain without a lock; a loser
// chains its entry to the winner's and takes the next number. Writers need the
// rights to write, read and list, and none to delete.
//
// # Once, and not twice
//
// Where the answer to a write is lost, the object itself tells what became of it:
// an entry has an ID of its own. An entry that could not be appended remembers
// the one number that it may have got all the same. So it is with a pending
// entry that is joined: before it is written under a number, an object that can be
// created only once says that it will be this number, and another one is claimed
// only when that one has become somebody else's. Hence two who join the same entry
// at once, or one who is interrupted anywhere, write it once.
//
// # What is found, and what is not
//
// Verify finds any change, gap, swap, copy and cut up to the newest signed head:
// whoever cannot sign cannot make another chain that ends in it. What it cannot
// find, and Report.Limits says so each time:
//
//   - In a store that is not locked, entries after the newest head can be
//     rewritten or removed; with that head and its signature they can be cut back
//     to the head before. Only who keeps heads elsewhere (an Export, the Report of
//     an earlier Verify) sees this: Verify takes them.
//   - A bucket's lock keeps every version of an object and takes new ones: what
//     was is still there, but who reads the newest version reads the forger's.
//   - Whoever may write may append lies: a chain proves that nothing was changed
//     after it was written, not that it was true.
//   - Whoever has the signing key, or trusted keys of several logs in one, can put
//     one log in the place of another.
package audit

import (
	"crypto/rand"
	"io"
	"sync"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// DefaultHeadEvery is how many entries lie between two signed heads.
const DefaultHeadEvery = 64

// kind is what audit objects are to a store that has a key per kind.
const kind = "audit"

// A Log is the record in one store. Fill in the fields before use; it is then
// safe for concurrent use, also by others at other machines. Do not copy it.
type Log struct {
	Store storage.Store

	// Signer signs heads and pending entries. Without one there are none of
	// either by this writer that anybody could trust.
	Signer Signer
	// Verifier says whose signatures count. Without one, Verify proves the chain
	// only, and Join takes any pending entry.
	Verifier Verifier

	// Lock is what every object of the log gets; nil for none. A store that
	// cannot lock then takes no entry.
	Lock func(now time.Time) storage.Lock

	Now    func() time.Time // nil for the machine's clock
	Random io.Reader        // of IDs; nil for the system's

	// HeadEvery is after how many entries Append writes a head: it does so at
	// every multiple of it. 0: DefaultHeadEvery. Negative: never.
	HeadEvery int

	mu   sync.Mutex
	last tail // the newest that is known
	owed bool // a head could not be written
}

// A tail is where a chain ends. The zero value is that of no entry.
type tail struct {
	number int64
	hash   string // of its exact bytes
}

// advance remembers the newest entry that is known, and returns it.
func (l *Log) advance(t tail) tail {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.number > l.last.number {
		l.last = t
	}
	return l.last
}

func (l *Log) now() time.Time {
	if l.Now == nil {
		return time.Now().UTC()
	}
	return l.Now().UTC()
}

func (l *Log) random() io.Reader {
	if l.Random == nil {
		return rand.Reader
	}
	return l.Random
}

// options are those of every object in the log's own store.
func (l *Log) options() storage.PutOptions {
	o := storage.PutOptions{Kind: kind}
	if l.Lock != nil {
		o.Lock = l.Lock(l.now())
	}
	return o
}
