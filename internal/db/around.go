package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// Around is what else a database holds that depends on tables which are restored
// alone. REMOVE TABLE takes with it what its records know of others: who points to
// them over edges and references.
type Around struct {
	// Views read one of the tables; no import feeds them.
	Views []string
	// References are fields, as table.field, that may refer to their records.
	References []string
	// Lightweight are relations that are no records, from or to them.
	Lightweight []string

	target *surql.Outline // what the target defines
	tables []string
	edges  []string // the tables whose records may be edges
	normal map[string]bool
	// views are those among the tables themselves; refer are the REFERENCE fields of
	// the others; referred are those that a REFERENCE of any table may lead to.
	views    []string
	refer    map[string][]surql.Definition
	referred map[string]bool
}

// LookAround looks at the target's other tables.
func (t *Target) LookAround(ctx context.Context, tables []string) (*Around, error) {
	o, err := t.Client.readBack(ctx, ExportOptions{NoRecords: true})
	if err != nil {
		return nil, fmt.Errorf("look around the tables: %w", err)
	}
	a := &Around{target: o, tables: tables, normal: map[string]bool{}, refer: map[string][]surql.Definition{}, referred: map[string]bool{}}
	version, err := t.Client.Version(ctx)
	if err != nil {
		return nil, err
	}
	meant := func(names []string) bool {
		return len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { return slices.Contains(tables, n) })
	}
	for _, other := range o.Tables {
		for _, f := range other.Fields {
			for _, table := range tables {
				if to := f.RecordTables(); f.IsReference() && (len(to) == 0 || slices.Contains(to, table)) {
					a.referred[table] = true
				}
			}
		}
		switch {
		case other.Define == nil:
			continue
		case slices.Contains(tables, other.Name):
			if other.View() {
				a.views = append(a.views, other.Name)
			}
			for _, f := range other.Fields {
				if f.IsReference() && !version.Two() {
					a.refer[other.Name] = append(a.refer[other.Name], f)
				}
			}
			continue
		}
		in, out, _, _ := other.Define.Relation()
		switch {
		case other.View():
			if reads := other.Define.Reads(); len(reads) > 0 && meant(reads) {
				a.Views = append(a.Views, other.Name)
			}
			continue
		case other.Define.Lightweight() && (meant(in) || meant(out)):
			a.Lightweight = append(a.Lightweight, other.Name)
		case !other.Define.Lightweight(): // also one that says otherwise now: edges may be older
			a.edges = append(a.edges, other.Name)
			a.normal[other.Name] = other.Define.IsNormal()
		}
		for _, f := range other.Fields {
			if f.IsReference() && meant(f.RecordTables()) {
				a.References = append(a.References, other.Name+"."+f.Name)
			}
		}
	}
	return a, nil
}

// Missing names what an index needs and the target does not define, or "".
func (a *Around) Missing(index surql.Definition) string {
	if a == nil { // nothing is there
		return (&surql.Outline{}).Missing(index)
	}
	return a.target.Missing(index)
}

// Lacks returns the functions and sequences that a definition calls and the target does
// not define.
func (a *Around) Lacks(d surql.Definition) []string {
	if a == nil {
		return (&surql.Outline{}).Lacks(d)
	}
	return a.target.Lacks(d)
}

// edgesAtOnce is how many edges one transaction writes.
const edgesAtOnce = 20_000

// Renew gives the records of the tables back what they knew of the edges that lead
// to and from them, and returns how many those were. Edges whose ends are not both
// there, or whose table takes none any more, it leaves as they are, and says so.
func (t *Target) Renew(ctx context.Context, a *Around) (renewed int64, notes []string, err error) {
	version, err := t.Client.Version(ctx)
	if err != nil {
		return 0, nil, err
	}
	there := slices.Clone(a.tables) // 3.x asks for no record of a table that is not
	for _, t := range a.target.Tables {
		there = append(there, t.Name)
	}
	exists := func(field string) string {
		return among(field, there, version) + " AND record::exists(" + field + ")"
	}
	for _, table := range a.edges {
		lost := ends(table, func(field, walk string) string {
			return fmt.Sprintf("%s AND record::exists(%s) AND id NOT IN %s", among(field, a.tables, version), field, walk)
		})
		if !a.normal[table] {
			n, err := t.relate(ctx, table, lost+" AND "+exists("in")+" AND "+exists("out"))
			if err != nil {
				return renewed, notes, fmt.Errorf("renew the edges of %s: %w", table, err)
			}
			renewed += n
		}
		unknown, err := t.count(ctx, table, lost)
		if err != nil {
			return renewed, notes, fmt.Errorf("look for lost edges of %s: %w", table, err)
		}
		if unknown > 0 {
			notes = append(notes, fmt.Sprintf("%d edges of %s are unknown to the records that came back: their other end is gone, or the table does not take them as they are any more", unknown, table))
		}
		loose, err := t.count(ctx, table, ends(table, func(field, _ string) string {
			return fmt.Sprintf("%s AND !record::exists(%s)", among(field, a.tables, version), field)
		}))
		if err != nil {
			return renewed, notes, fmt.Errorf("look for loose edges of %s: %w", table, err)
		}
		if loose > 0 {
			notes = append(notes, fmt.Sprintf("%d edges of %s lead to records that the backup does not have", loose, table))
		}
	}
	return renewed, notes, nil
}

// ends is a condition on the records of a table that are edges: that one of their
// ends is so.
func ends(table string, is func(field, walk string) string) string {
	name := surql.QuoteIdent(table)
	return fmt.Sprintf("in != NONE AND out != NONE AND in IN id<-? AND ((%s) OR (%s))", is("in", "in->"+name), is("out", "out<-"+name))
}

// among is the condition that a field refers to one of the tables.
func among(field string, tables []string, version Version) string {
	var names []string
	for _, t := range tables {
		names = append(names, surql.QuoteString(t))
	}
	return fmt.Sprintf("%s AND record::tb(%s) IN [%s]", isRecord(field, version), field, strings.Join(names, ", "))
}

// isRecord is the condition that a field refers to a record.
func isRecord(field string, version Version) string {
	if version.Two() {
		return "type::is::record(" + field + ")"
	}
	return "type::is_record(" + field + ")"
}

// renewal is what renews an edge.
const renewal = "LET $in = $edge.in; LET $id = $edge.id; LET $out = $edge.out; RELATE $in->$id->$out RETURN NONE"

// relate writes the edges of a table for which the condition holds once more, as an import
// would: no event hears of it. It returns how many it does not hold for any more. Many go
// at once; where the rules of the table refuse one, all go one by one.
func (t *Target) relate(ctx context.Context, table, condition string) (int64, error) {
	n, err := t.count(ctx, table, condition)
	if err != nil || n == 0 {
		return 0, err
	}
	if err := t.forEach(ctx, table, condition, n, renewal); err != nil {
		if ctx.Err() != nil {
			return 0, err
		}
		if err := t.relateEach(ctx, table, condition); err != nil {
			return 0, err
		}
	}
	left, err := t.count(ctx, table, condition)
	return n - left, err
}

// eachAtOnce keeps a query of one statement for each edge below the server's limit.
const eachAtOnce = 5_000

// relateEach gives each edge a transaction of its own, and passes over those that fail.
func (t *Target) relateEach(ctx context.Context, table, condition string) error {
	version, err := t.Client.Version(ctx)
	if err != nil {
		return err
	}
	end := int64(1) // array::slice of 2.x takes a length, that of 3.x an end
	failed := 0
	for before := int64(-1); ; {
		left, err := t.count(ctx, table, condition)
		if err != nil || left <= int64(failed) || left-int64(failed) == before {
			return err
		}
		before = left - int64(failed)
		var sql strings.Builder
		fmt.Fprintf(&sql, "OPTION IMPORT; LET $edges = (SELECT id, in, out FROM %s WHERE %s LIMIT %d START %d);\n", surql.QuoteIdent(table), condition, eachAtOnce, failed)
		for i := range min(left-int64(failed), eachAtOnce) {
			if !version.Two() {
				end = i + 1
			}
			fmt.Fprintf(&sql, "FOR $edge IN array::flatten([array::slice($edges, %d, %d)]) { %s; };\n", i, end, renewal)
		}
		results, err := t.Client.Query(ctx, sql.String())
		if err != nil {
			return err
		}
		for _, r := range results {
			if r.Err != "" {
				failed++
			}
		}
	}
}

// forEach does something with n of those edges.
func (t *Target) forEach(ctx context.Context, table, condition string, n int64, do string) error {
	for ; n > 0; n -= edgesAtOnce {
		// FOR of 3.0 takes a query's only record for the list: so flatten makes one.
		sql := fmt.Sprintf("OPTION IMPORT; FOR $edge IN array::flatten([(SELECT id, in, out FROM %s WHERE %s LIMIT %d)]) { %s; };", surql.QuoteIdent(table), condition, edgesAtOnce, do)
		var failures []Failure
		err := unconflicted(ctx, func() ([]Failure, error) {
			results, err := t.Client.Query(ctx, sql)
			failures = failed(results)
			return failures, err
		})
		if err == nil && len(failures) > 0 {
			err = refusal(failures[0].Message)
		}
		if err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}

// A refusal is what a server says of a statement that it did not carry out.
type refusal string

func (r refusal) Error() string { return string(r) }

func (t *Target) count(ctx context.Context, table, condition string) (int64, error) {
	results, err := t.Client.read(ctx, fmt.Sprintf("RETURN count(SELECT VALUE id FROM %s WHERE %s)", surql.QuoteIdent(table), condition))
	if err != nil {
		return 0, err
	}
	if len(results) != 1 {
		return 0, errors.New("got no answer")
	}
	if err := results[0].err(); err != nil {
		return 0, err
	}
	var n int64
	err = json.Unmarshal(results[0].Value, &n)
	return n, err
}
