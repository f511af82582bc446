package audit

import (
	"errors"
	"time"
)

// Version is the form of what is written. It is raised only if an old field
// changes its meaning; what chains entries together never does.
const Version = 1

// MaxNumber is the last number that an entry can have.
const MaxNumber = 999_999_999_999

// An Action is what was done.
type Action string

// The actions. Readers must expect others.
const (
	Backup      Action = "backup"
	Retrieve    Action = "retrieve"
	Restore     Action = "restore"
	Verify      Action = "verify"
	RestoreTest Action = "restore-test"
	Sync        Action = "sync"
	Thaw        Action = "thaw"
	Delete      Action = "delete"
	Hold        Action = "hold"
	Release     Action = "release" // of a hold
	Request     Action = "request" // to delete
	Approve     Action = "approve"
	Withdraw    Action = "withdraw"
	KeyUse      Action = "key"
)

// Actions are those of this version, in the order of the constants.
func Actions() []Action {
	return []Action{Backup, Retrieve, Restore, Verify, RestoreTest, Sync, Thaw, Delete, Hold, Release, Request, Approve, Withdraw, KeyUse}
}

// A Result is how it ended.
type Result string

// The results.
const (
	OK      Result = "ok"
	Failed  Result = "failed"
	Partial Result = "partial"
)

// An Entry is one thing that was done. It never holds a secret: whoever fills in
// a field sees to that.
type Entry struct {
	Version  int    `json:"version"`
	Number   int64  `json:"number"`   // from 1
	Previous string `json:"previous"` // SHA-256 of the exact bytes of the entry before, in hex; "" of the first

	ID     string    `json:"id"`   // its own, whatever number it gets
	Time   time.Time `json:"time"` // UTC
	Action Action    `json:"action"`
	Result Result    `json:"result"`

	Actor   Actor   `json:"actor"`
	Subject Subject `json:"subject,omitzero"`

	Bytes  int64  `json:"bytes,omitempty"`
	SHA256 string `json:"sha256,omitempty"` // in hex
	Reason string `json:"reason,omitempty"` // why, in the words of who did it
	Detail string `json:"detail,omitempty"` // what else there is to say, such as the error

	// Joined is set where the entry was pending before it came here.
	Joined *Joined `json:"joined,omitempty"`
}

// A Subject is what it was done to. What does not apply is empty.
type Subject struct {
	Kind        string `json:"kind,omitempty"`
	Source      string `json:"source,omitempty"`
	Backup      string `json:"backup,omitempty"` // its ID
	Destination string `json:"destination,omitempty"`
	Request     string `json:"request,omitempty"` // the ID of a request to delete
	Key         string `json:"key,omitempty"`     // a public key or a fingerprint
}

// Joined says where a pending entry came from.
type Joined struct {
	Time   time.Time `json:"time"`   // when it came into the log
	Key    string    `json:"key"`    // of the pending object
	SHA256 string    `json:"sha256"` // of its exact bytes
}

// at is when an entry came into the log, by its writer's clock.
func (e Entry) at() time.Time {
	if e.Joined != nil {
		return e.Joined.Time
	}
	return e.Time
}

// check returns an error if what every entry has is missing or cannot be.
func (e Entry) check() error {
	switch {
	case e.Version < 1:
		return errors.New("version: missing")
	case !isID(e.ID):
		return errors.New("id: not one of ours")
	case e.Number < 0 || e.Number > MaxNumber:
		return errors.New("number: out of range")
	case e.Previous != "" && !isSum(e.Previous):
		return errors.New("previous: not a SHA-256 in hex")
	case e.SHA256 != "" && !isSum(e.SHA256):
		return errors.New("sha256: not a SHA-256 in hex")
	case e.Bytes < 0:
		return errors.New("bytes: negative")
	case e.Action == "":
		return errors.New("action: missing")
	case e.Result == "":
		return errors.New("result: missing")
	case e.Joined != nil && (!isSum(e.Joined.SHA256) || !isUTC(e.Joined.Time)):
		return errors.New("joined: incomplete")
	case !isUTC(e.Time):
		return errors.New("time: missing, or not in UTC")
	}
	return nil
}

// isUTC reports whether t is a moment, and in UTC.
func isUTC(t time.Time) bool {
	_, offset := t.Zone()
	return offset == 0 && !t.IsZero()
}

const (
	idLetters = "abcdefghijklmnopqrstuvwxyz234567"
	idLength  = 26 // 130 bits
)

func isID(s string) bool { return isOf(s, idLength, idLetters) }

func isSum(s string) bool { return isOf(s, 64, "0123456789abcdef") }

func isOf(s string, length int, letters string) bool {
	if len(s) != length {
		return false
	}
	for i := range len(s) {
		if !has(letters, s[i]) {
			return false
		}
	}
	return true
}

func has(letters string, c byte) bool {
	for i := range len(letters) {
		if letters[i] == c {
			return true
		}
	}
	return false
}
