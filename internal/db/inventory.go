// Package db reads a SurrealDB over HTTP, proves that what it read is whole,
// writes it back and checks that it is the same. It creates nothing on a source.
package db

import "github.com/vapora-platform/vapora-backup/internal/db/surql"

// An Inventory is what a manifest tells of a database's dump. It holds names
// and numbers, never the text of a statement and never a value.
type Inventory struct {
	Namespace string `json:"namespace"`
	Database  string `json:"database"`

	Records int64 `json:"records"` // rows that are no edges, of all tables; views included
	Edges   int64 `json:"edges"`

	// Tables stand in the order of the dump.
	Tables []Table `json:"tables"`
	// Definitions counts what belongs to no table, by kind in lower case
	// ("user", "access", "function"), and fields, indexes and events of all tables.
	Definitions map[string]int `json:"definitions"`
	// SchemaHash is "3:" and the SHA-256 over all definitions as printed, sorted; keys
	// of accesses, positions of sequences and what a PARAM stands for are left out of
	// it. "2:" is of before and has the latter in it; one without either tells nothing.
	SchemaHash string `json:"schema_hash"`

	// Head is what lies before the first table: everything that a restore of
	// single tables does not read.
	Head surql.Range `json:"head"`

	// KeylessAccesses are accesses whose key neither the dump nor the config gave.
	KeylessAccesses []string `json:"keyless_accesses,omitempty"`
	// Sequences, with what is known of their position.
	Sequences []Sequence `json:"sequences,omitempty"`
	// FailedIndexes are defined and index nothing, because their build failed.
	FailedIndexes []Index `json:"failed_indexes,omitempty"`
	// LeftOut is what the config told the export to leave out.
	LeftOut []string `json:"left_out,omitempty"`
	// NotIncluded names, in words, what this database has and no export holds.
	NotIncluded []string `json:"not_included,omitempty"`
	// Outside are names of users and accesses of root and namespace, whose
	// definitions lie in the sealed companion: "root user admin".
	Outside []string `json:"outside,omitempty"`
}

// An Index is one of a table.
type Index struct {
	Name  string `json:"name"`
	Table string `json:"table"`
}

// A Table is one table of an Inventory.
type Table struct {
	Name    string `json:"name"`
	Type    string `json:"type"` // "any", "normal", "relation" or "view"
	Records int64  `json:"records"`
	Edges   int64  `json:"edges"`
	// Span is where the table lies in the plain text: definition and rows.
	Span surql.Range `json:"span"`
	Data surql.Range `json:"data"`
	// RowSum is a checksum over the text of all rows, in any order. It is not in
	// the manifest, where it would give a guess at a small table away, but sealed
	// beside the dump.
	RowSum string `json:"-"`
}

// RowSums are those of all tables that have rows and compute none of them.
func (inv *Inventory) RowSums() map[string]string {
	out := map[string]string{}
	for _, t := range inv.Tables {
		if t.RowSum != "" && t.Type != "view" {
			out[t.Name] = t.RowSum
		}
	}
	return out
}

// A Sequence is one sequence of an Inventory.
type Sequence struct {
	Name  string `json:"name"`
	Start int64  `json:"start"` // as the dump has it
	// Positioned says that Start is where the sequence stood, and not where it
	// began: servers since 3.2.5 print it so.
	Positioned bool `json:"positioned"`
}
