// Package backup takes one backup: it reads a source once, and stores what it
// gave in every destination.
//
// A backup counts only if the source said that it gave all, and exists in a
// destination only once that has taken every byte. Nothing touches a disk of
// this machine, and the memory does not grow with the source.
package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A Source is what is backed up.
type Source interface {
	// Dump writes the whole of the source to w. It returns nil only if that is
	// proved; otherwise what it wrote is discarded. It must end soon after ctx
	// ends or w fails.
	Dump(ctx context.Context, w io.Writer) (Details, error)
}

// Details are what a reader of the catalog should know of a dump.
type Details struct {
	Engine    string   // "surrealdb-3.3.5"
	Inventory any      // as JSON, into the manifest
	Warnings  []string // into the manifest
	Secrets   []byte   // sealed beside the dump; none if empty
}

// Recipients are whom a backup is sealed for.
type Recipients interface {
	archive.Sealer
	Fingerprints() []string
}

// A Job is one backup to take. All fields are needed, save where it is said.
type Job struct {
	Kind, Source string // name it in the catalog
	Tags         []string
	Suffix       string // of the plain dump: ".surql"
	Dump         Source
	Destinations []Destination

	Recipients Recipients
	Level      int            // zstd's; 0 is 1
	Workers    int            // frames that are compressed at once; 0: as many as there are cores
	Signer     catalog.Signer // nil: not signed

	Tool   catalog.Tool
	Host   string
	Now    func() time.Time // called from several goroutines
	Random io.Reader        // for the ID

	// Progress, if not nil, is told of plain bytes as they come: how many more.
	Progress func(plain int64)
	// Taken, if not nil, is told of stored bytes as a destination takes them: how
	// many more. It is called from several goroutines.
	Taken func(destination string, stored int)
}

// data returns where the dump will lie, and refuses a job that cannot end well.
func (j *Job) data(id string) (catalog.Key, error) {
	if len(j.Destinations) == 0 {
		return catalog.Key{}, errors.New("no destination")
	}
	key := catalog.Key{Kind: j.Kind, Source: j.Source, ID: id, Suffix: j.Suffix}
	if err := key.Check(); err != nil {
		return catalog.Key{}, err
	}
	key.Suffix += catalog.SealedSuffix
	if key.Suffix == catalog.SecretsSuffix {
		return catalog.Key{}, fmt.Errorf("suffix %s is that of the sealed companion", j.Suffix)
	}
	return key, nil
}

// A Result is a backup that was proved, and what became of it where.
type Result struct {
	Manifest     *catalog.Manifest // nil: no destination was due, and nothing was read
	Destinations []Stored          // in the order of the job
}

// Stored is what became of a backup at one destination.
type Stored struct {
	Name     string
	Required bool
	Skipped  string  // why it did not have to take the backup; "": it had to
	Bytes    int64   // that it took of the backup's objects
	Seconds  float64 // from the start of the run
	Lock     storage.Lock
	Class    string // of the data; "": the store's own
	Unseen   bool   // it may not be listed, so that what is due there was not known
	Unlocked bool   // a lock is wished for there, and by what is known it would be over at once
	Err      error  // nil: the backup exists there, or was skipped
}

// Partial reports whether the backup is missing somewhere, though nowhere that
// is required.
func (r *Result) Partial() bool {
	missing := false
	for _, d := range r.Destinations {
		if d.Err != nil && d.Required {
			return false
		}
		missing = missing || d.Err != nil
	}
	return missing && !r.nowhere()
}

// nowhere reports whether all have failed that had to take the backup.
func (r *Result) nowhere() bool {
	failed := false
	for _, d := range r.Destinations {
		if d.Err == nil && d.Skipped == "" {
			return false
		}
		failed = failed || d.Err != nil
	}
	return failed
}

// err is the error of a run with this result.
func (r *Result) err() error {
	var errs []error
	for _, d := range r.Destinations {
		if d.Err != nil && (d.Required || r.nowhere()) {
			errs = append(errs, fmt.Errorf("store at %s: %w", d.Name, d.Err))
		}
	}
	return errors.Join(errs...)
}
