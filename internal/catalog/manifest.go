// Package catalog knows which backups exist: their manifests, where their
// objects lie in a destination, and how to list them. A backup exists if, and
// only if, its manifest does.
package catalog

import (
	"encoding/json"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
)

// Format is the version of the manifest that this program writes. A manifest
// with a higher one is refused by name, never guessed at.
const Format = 1

// A Manifest describes one backup and can be read without any key. It holds no
// secret and no text of a statement. Readers ignore fields that they do not know.
type Manifest struct {
	Format   int       `json:"format"`
	ID       string    `json:"id"`       // 20261123T140000Z-7f3k2m
	Kind     string    `json:"kind"`     // "database"
	Source   string    `json:"source"`   // the name in the config
	Tool     Tool      `json:"tool"`     // what wrote it
	Engine   string    `json:"engine"`   // what was read: "surrealdb-3.3.5"
	Started  time.Time `json:"started"`  // UTC
	Finished time.Time `json:"finished"` // UTC
	Host     string    `json:"host"`

	// Objects are the parts of the backup: exactly one with role "data".
	Objects []Object `json:"objects"`

	Compression Compression `json:"compression"`

	// Recipients are fingerprints of the public keys that it was sealed for.
	Recipients []string `json:"recipients"`

	// Base is the ID of the backup that this one needs, null for a full one.
	Base *string `json:"base"`

	// Inventory is what the kind tells of its content: db.Inventory for "database".
	Inventory json.RawMessage `json:"inventory"`

	Warnings []string `json:"warnings"`

	// Class is the retention class, empty until a policy has one.
	Class string `json:"retention_class,omitempty"`
}

// Data returns the object with role "data"; a manifest that Decode returned has
// it.
func (m *Manifest) Data() Object {
	if o := m.Object(RoleData); o != nil {
		return *o
	}
	return Object{}
}

// Object returns the first object with that role, nil if there is none.
func (m *Manifest) Object(role string) *Object {
	for i := range m.Objects {
		if m.Objects[i].Role == role {
			return &m.Objects[i]
		}
	}
	return nil
}

// Key returns where an object of the backup with that suffix lies.
func (m *Manifest) Key(suffix string) Key {
	return Key{Kind: m.Kind, Source: m.Source, ID: m.ID, Suffix: suffix}
}

// Tool names a program and its version.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Roles of objects.
const (
	RoleData    = "data"    // the dump
	RoleSecrets = "secrets" // what no dump holds and must not be read in clear
)

// An Object is one stored part of a backup.
type Object struct {
	Role   string      `json:"role"`
	Key    string      `json:"key"` // within the destination
	Plain  archive.Sum `json:"plain"`
	Stored archive.Sum `json:"stored"`
	// Head is of the first stored bytes: age's header and nonce, which fix the key
	// that the rest is sealed with. With it a part of the object is proved to be of
	// this backup.
	Head archive.Sum `json:"head,omitzero"`
}

// MaxSecrets bounds the plain bytes of the object with role "secrets": readers have it in
// memory.
const MaxSecrets = 64 << 20

// ZstdSeekable is the Compression.Algorithm of this format: zstd frames and a
// seek table, as package archive writes them.
const ZstdSeekable = "zstd-seekable"

// Compression says how the plain bytes were packed.
type Compression struct {
	Algorithm string `json:"algorithm"` // ZstdSeekable
	Level     int    `json:"level"`
	FrameSize int64  `json:"frame_size"` // plain bytes in each frame but the last
}

// Summary is what is known of the object's bytes.
func (o Object) Summary() archive.Summary {
	return archive.Summary{Plain: o.Plain, Stored: o.Stored, Head: o.Head}
}

// Keys returns the keys of the backup's objects, without manifest and signature.
func (m *Manifest) Keys() []string {
	var out []string
	for _, o := range m.Objects {
		out = append(out, o.Key)
	}
	return out
}
