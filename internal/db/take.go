package db

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// inventory describes a proved dump.
func (s *Source) inventory(o *surql.Outline, p proof, secrets *Secrets) Inventory {
	inv := outlineInventory(o)
	inv.Namespace, inv.Database = s.Client.opt.Namespace, s.Client.opt.Database
	for _, d := range o.Globals {
		switch {
		case d.Kind == "ACCESS" && d.HasPlaceholder() && s.AccessKeys[d.Name] == "":
			inv.KeylessAccesses = append(inv.KeylessAccesses, d.Name)
		case d.Kind == "SEQUENCE":
			inv.Sequences = append(inv.Sequences, Sequence{Name: d.Name, Start: d.Start(), Positioned: p.positioned(d)})
		}
	}
	for _, t := range s.LeaveOut.Tables {
		inv.LeftOut = append(inv.LeftOut, "table "+t)
	}
	if s.LeaveOut.Users {
		inv.LeftOut = append(inv.LeftOut, "users")
	}
	if s.LeaveOut.Accesses {
		inv.LeftOut = append(inv.LeftOut, "accesses")
	}
	inv.NotIncluded = p.notIncluded(o, surql.Parse(secrets.DatabaseLine))
	for _, of := range []struct {
		what string
		defs map[string]string
	}{
		{"root user", secrets.RootUsers}, {"root access", secrets.RootAccesses},
		{"namespace user", secrets.NamespaceUsers}, {"namespace access", secrets.NamespaceAccesses},
	} {
		for _, name := range (info{"": of.defs}).names("") {
			inv.Outside = append(inv.Outside, of.what+" "+name)
			if strings.Contains(of.defs[name], surql.Redacted) {
				inv.NotIncluded = append(inv.NotIncluded, "the secret of "+of.what+" "+name+", which this server hides")
			}
		}
	}
	return inv
}

// outlineInventory is the part of an inventory that the text alone tells.
func outlineInventory(o *surql.Outline) Inventory {
	inv := Inventory{Definitions: map[string]int{}, SchemaHash: schemaHash(o, schemaHashed), Head: surql.Range{Length: o.Size}}
	for _, d := range definitions(o) {
		inv.Definitions[strings.ToLower(d.Kind)]++
	}
	for _, t := range o.Tables {
		inv.Head.Length = min(inv.Head.Length, t.Span.Offset)
		inv.Records += t.Records
		inv.Edges += t.Edges
		inv.Tables = append(inv.Tables, Table{Name: t.Name, Type: tableType(t), Records: t.Records, Edges: t.Edges, Span: t.Span, Data: t.Data, RowSum: t.Sum.String()})
	}
	return inv
}

func tableType(t *surql.Table) string {
	switch {
	case t.View():
		return "view"
	case t.Define == nil:
		return "any"
	}
	if _, _, _, relation := t.Define.Relation(); relation {
		return "relation"
	}
	if t.Define.IsNormal() {
		return "normal"
	}
	return "any"
}

// schemaHash is over all definitions as printed, sorted. Keys, positions of sequences and
// what is said of a PARAM beyond its name are not in it: it lies in clear, and a hash of a
// weak secret gives it away to who guesses. It begins with its version: one of another
// kind cannot be compared.
func schemaHash(o *surql.Outline, version string) string {
	var lines []string
	for _, d := range definitions(o) {
		if d.Kind == "PARAM" && version != schemaHashed2 {
			lines = append(lines, "DEFINE PARAM $"+d.Name)
			continue
		}
		lines = append(lines, d.Printed())
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return version + hex.EncodeToString(sum[:])
}

// Versions of it. The second, of backups of before, has the values of PARAMs in it.
const (
	schemaHashed2 = "2:"
	schemaHashed  = "3:"
)

// notIncluded names what this database has and no export holds. own is its own
// definition, which many exports lack.
func (p proof) notIncluded(o *surql.Outline, own surql.Definition) []string {
	var out []string
	defs := slices.DeleteFunc(definitions(o), func(d surql.Definition) bool { return d.Kind == "DATABASE" })
	for _, d := range append(defs, own) {
		switch {
		case d.Grants() != "":
			out = append(out, d.Grants())
		case d.Kind == "USER" && d.HasPlaceholder():
			out = append(out, "the password of user "+d.Name+", which this server hides")
		case d.Kind == "BUCKET":
			out = append(out, "contents of bucket "+d.Name)
		case d.Changefeed():
			out = append(out, "changes recorded for "+strings.ToLower(d.Kind)+" "+d.Name)
		case d.IsView() && d.Groups() && d.Volatile():
			out = append(out, "what view "+d.Name+" took from the clock or from chance")
		}
	}
	for _, m := range p.before.info.names("models") {
		out = append(out, "model "+m)
	}
	if own.Kind == "" && !o.DefinesDatabase() {
		out = append(out, "the database's own clauses (STRICT, CHANGEFEED, COMMENT), for which this user may not ask")
	}
	if p.versioned {
		out = append(out, "the past of the versioned store")
	}
	return out
}

// silent returns the statements of INFO, by name, that this version does not export.
func (p proof) silent(o *surql.Outline) map[string]string {
	out := map[string]string{}
	have := printed(o)
	for list, defs := range p.before.info {
		for x, text := range defs {
			kind := kinds[list]
			if n := name(kind, "", x); !have.has(n) && p.unexported(entry{kind: kind}, have) {
				out[n] = text
			}
		}
	}
	return out
}

// positioned says whether a dump's sequence starts where it stood. The text
// decides where it differs from the definition; where it is the same the
// sequence is new, or of a server before 3.2.5, which prints the definition.
func (p proof) positioned(d surql.Definition) bool {
	if p.version.positionsSequences() {
		return true
	}
	before, after := p.before.info["sequences"][d.Name], p.after.info["sequences"][d.Name]
	return before != "" && before == after && d.Start() != surql.Parse(before).Start()
}

// warnings says what an operator should know each time.
func (inv *Inventory) warnings(o *surql.Outline) []string {
	var out []string
	for _, name := range inv.KeylessAccesses {
		out = append(out, fmt.Sprintf("the key of access %s is in no export: name it under access_keys, or a restore will ask for it", name))
	}
	for _, s := range inv.Sequences {
		if !s.Positioned {
			out = append(out, fmt.Sprintf("this server does not say where sequence %s stands: a restore continues behind the largest number in the data", s.Name))
		}
	}
	for _, x := range inv.FailedIndexes {
		out = append(out, fmt.Sprintf("index %s ON %s indexes nothing, its build failed: a restore leaves it out", x.Name, x.Table))
	}
	for _, t := range o.Tables {
		for _, d := range t.Indexes {
			if what := o.Missing(d); what != "" {
				out = append(out, fmt.Sprintf("index %s ON %s takes no rows, %s was removed: a restore leaves the index out", d.Name, d.On, what))
			}
		}
	}
	for _, n := range o.Notes {
		out = append(out, "the server notes: "+clip(n))
	}
	return out
}

// Compare says in what a dump differs from its inventory.
func (inv *Inventory) Compare(o *surql.Outline) []string {
	got := outlineInventory(o)
	var out []string
	// Backups of long before have a hash of another kind; the sum of their text covers all.
	for _, version := range []string{schemaHashed, schemaHashed2} {
		if strings.HasPrefix(inv.SchemaHash, version) && schemaHash(o, version) != inv.SchemaHash {
			out = append(out, "its definitions are others")
		}
	}
	if !slices.EqualFunc(got.Tables, inv.Tables, sameTable) {
		out = append(out, fmt.Sprintf("it has %d tables, %d records and %d edges, or has them elsewhere; the inventory says %d, %d and %d",
			len(got.Tables), got.Records, got.Edges, len(inv.Tables), inv.Records, inv.Edges))
	}
	return out
}

// sameTable compares a table with what a manifest says of it, which has no sums.
func sameTable(got, want Table) bool {
	got.RowSum, want.RowSum = "", ""
	return got == want
}

// SameRows compares the tables of a database that was restored with the
// inventory, wherever they stand, and their rows with the sums that were sealed.
// Of tables without one, such as views, only the numbers are compared.
func (inv *Inventory) SameRows(got Inventory, sums map[string]string) []string {
	have := map[string]Table{}
	for _, t := range got.Tables {
		have[t.Name] = t
	}
	var out []string
	for _, want := range inv.Tables {
		got, ok := have[want.Name]
		switch sum := sums[want.Name]; {
		case !ok:
			out = append(out, "table "+want.Name+" is missing")
		case got.Records != want.Records || got.Edges != want.Edges:
			out = append(out, fmt.Sprintf("table %s has %d records and %d edges, the backup %d and %d", want.Name, got.Records, got.Edges, want.Records, want.Edges))
		case sum != "" && got.RowSum != sum:
			out = append(out, "table "+want.Name+": a record is not what it was")
		}
	}
	return out
}

// Inspect reads a dump to its end, every value of it, as a restore will, and
// compares it with the inventory.
func (inv *Inventory) Inspect(r io.Reader) error {
	o, err := surql.ReadOutline(r, surql.Look{Walk: true})
	if err != nil {
		return err
	}
	if problems := inv.Compare(o); len(problems) > 0 {
		return fmt.Errorf("the dump is not what its manifest says: %s", strings.Join(problems, "; "))
	}
	return nil
}

// Describe reads a dump that some server printed and returns what its text
// alone tells.
func Describe(r io.Reader) (Inventory, error) {
	o, err := surql.ReadOutline(r, surql.Look{Sum: surql.AllSums})
	if err != nil {
		return Inventory{}, err
	}
	return outlineInventory(o), nil
}
