package audit

import "fmt"

// A FaultKind is what is wrong. Readers must expect others.
type FaultKind string

// The kinds of faults, and of notes.
const (
	Changed    FaultKind = "changed"    // an entry is not chained to the one before, or not the one that was signed
	Missing    FaultKind = "missing"    // entries between others
	Renumbered FaultKind = "renumbered" // an entry that says to be another one
	Duplicate  FaultKind = "duplicate"  // an entry that was joined twice
	Unreadable FaultKind = "unreadable" // not an entry, a head or a claim
	Cut        FaultKind = "cut"        // a head names an entry that is not there
	BadHead    FaultKind = "bad-head"   // a head whose signature is missing, bad or by an unknown key
	Foreign    FaultKind = "foreign"    // an object that is none of a log's

	Clock      FaultKind = "clock"      // a note: time goes back from one entry to the next
	Unfinished FaultKind = "unfinished" // a note: somebody stopped in the middle
	Revoked    FaultKind = "revoked"    // a note: a head by a key that was revoked, which counts for nothing
)

// A Fault is one thing that is wrong, or worth a note.
type Fault struct {
	Kind   FaultKind `json:"kind"`
	Number int64     `json:"number,omitempty"` // of the entry, if it is about one
	Key    string    `json:"key,omitempty"`
	Text   string    `json:"text"`
}

// MaxFaults is how many faults, and how many notes, a Report lists.
const MaxFaults = 1000

// A Report is what Verify found.
type Report struct {
	Entries int64 `json:"entries"` // that are there
	Last    int64 `json:"last"`    // number of the last one
	Heads   int64 `json:"heads"`   // good ones
	Pending int64 `json:"pending"` // entries in this store that Join has still to take

	// Head is the newest good one, nil if there is none. All that lies before its
	// entry is what its signer saw, if there is no fault.
	Head *Head `json:"head,omitempty"`
	// Uncovered are the entries after it: nobody has signed for them.
	Uncovered int64 `json:"uncovered"`

	// Broken is the first entry that may not be what was written, or is not there;
	// 0 if the chain is whole. Those before it follow one another, but only a head
	// among them vouches for them.
	Broken int64 `json:"broken,omitempty"`

	Faults     []Fault `json:"faults,omitempty"`
	FaultCount int     `json:"fault_count"`
	Notes      []Fault `json:"notes,omitempty"`
	NoteCount  int     `json:"note_count"`

	checked bool // signatures
}

// OK reports whether no fault was found. What cannot be found, Limits says.
func (r Report) OK() bool { return r.FaultCount == 0 }

// Limits says in sentences what this Report does not prove. It is never empty.
func (r Report) Limits() []string {
	var out []string
	switch {
	case !r.checked:
		out = append(out, "no signature was checked, because nobody is trusted: who can write to the store could have written the whole log anew")
	case r.Head == nil:
		out = append(out, "there is no signed head: who can write to the store could have changed or removed any entry, if it is not locked")
	case r.Uncovered > 0:
		out = append(out, fmt.Sprintf("entries %d to %d come after the newest signed head: who can write to the store could have changed them unseen, if it is not locked",
			r.Head.Number+1, r.Last))
	}
	out = append(out, "who can delete from the store could have removed the newest entries together with the heads that name them: compare with a head that was kept elsewhere")
	return append(out, "the log proves that nothing was changed after it was written, not that what was written is true")
}

func (r *Report) fault(f Fault) {
	if r.FaultCount++; len(r.Faults) < MaxFaults {
		r.Faults = append(r.Faults, f)
	}
}

func (r *Report) note(f Fault) {
	if r.NoteCount++; len(r.Notes) < MaxFaults {
		r.Notes = append(r.Notes, f)
	}
}

// broken is a fault in the chain, which counts from that entry on.
func (r *Report) broken(from int64, f Fault) {
	if from = max(from, 1); r.Broken == 0 || from < r.Broken {
		r.Broken = from
	}
	r.fault(f)
}
