package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// unlink deletes the edges of a table one by one, but for those that have edges of their
// own, which would go with them.
func (t *Target) unlink(ctx context.Context, table string) error {
	const own = "in != NONE AND in IN id<-? AND count(id->?) = 1 AND count(id<-?) = 1"
	n, err := t.count(ctx, table, own)
	if err == nil && n > 0 {
		err = t.forEach(ctx, table, own, n, "LET $id = $edge.id; DELETE $id RETURN NONE")
	}
	if err != nil {
		return fmt.Errorf("delete the edges of %s: %w", table, err)
	}
	return nil
}

// forget removes a table so that the records of others forget its edges, and what its
// records refer to. It returns what could not be forgotten.
//
// REMOVE TABLE leaves all that with them. DELETE does not, but it does to whoever refers to
// a record what their ON DELETE says. So the table goes first, and its edges and
// references are written into an empty one once more, to be deleted where nobody refers to
// them, and no event hears of it. That is one transaction, during which the server holds
// their ids: between two of them, who starts again would know of none.
func (t *Target) forget(ctx context.Context, table string, references []surql.Definition) (note string, err error) {
	name := surql.QuoteIdent(table)
	version, err := t.Client.Version(ctx)
	if err != nil {
		return "", err
	}
	// A record that only looks like an edge is one here: it does no harm.
	isEdge := isRecord("in", version) + " AND " + isRecord("out", version)
	edges, err := t.count(ctx, table, isEdge)
	if err != nil {
		return "", fmt.Errorf("look for the edges of %s: %w", table, err)
	}
	var fields, has []string
	for _, f := range references {
		if first := surql.QuoteIdent(f.First()); !slices.Contains(fields, first) {
			fields, has = append(fields, first), append(has, first+" != NONE")
		}
	}
	rows := int64(0)
	if len(has) > 0 {
		if rows, err = t.count(ctx, table, strings.Join(has, " OR ")); err != nil {
			return "", fmt.Errorf("look for the references of %s: %w", table, err)
		}
	}
	if edges+rows == 0 {
		return "", nil
	}
	var hold, write strings.Builder
	fmt.Fprintf(&hold, "LET $edges = (SELECT VALUE [in, id, out] FROM %s WHERE %s);\n", name, isEdge)
	fmt.Fprintf(&write, "REMOVE TABLE %s;\nDEFINE TABLE %[1]s TYPE ANY SCHEMALESS;\n", name)
	edgesAgain := again("$edges", "LET $in = $x[0]; LET $id = $x[1]; LET $out = $x[2]", "RELATE $in->$id->$out RETURN NONE")
	alone := hold.String() + write.String() + edgesAgain
	if rows > 0 {
		for i, f := range fields {
			fields[i] = f + ": " + f
		}
		fmt.Fprintf(&hold, "LET $rows = (SELECT VALUE [id, { %s }] FROM %s WHERE %s);\n", strings.Join(fields, ", "), name, strings.Join(has, " OR "))
		for _, f := range references {
			write.WriteString(f.AnyReference().Text + "\n")
		}
		rowsAgain := again("$rows", "LET $id = $x[0]; LET $row = $x[1]", "UPSERT $id CONTENT $row RETURN NONE")
		refused, err := t.atomically(ctx, hold.String()+write.String()+edgesAgain+rowsAgain)
		if err != nil {
			return "", fmt.Errorf("forget the edges and references of %s: %w", table, err)
		}
		if refused == "" {
			return "", nil
		}
		note = fmt.Sprintf("records that %s referred to may know of it still: %s", table, refused)
	}
	refused, err := t.atomically(ctx, alone)
	if err == nil && refused != "" {
		err = errors.New(refused)
	}
	if err != nil {
		return "", fmt.Errorf("forget the edges of %s: %w", table, err)
	}
	return note, nil
}

// atomically carries out all of the statements or none, so that a restore which ends
// between them finds what it needs when it starts again. It returns why the server
// carried out none.
func (t *Target) atomically(ctx context.Context, sql string) (refused string, err error) {
	var failures []Failure
	err = unconflicted(ctx, func() ([]Failure, error) {
		results, err := t.Client.Query(ctx, "BEGIN;\n"+sql+"COMMIT;")
		failures = failed(results)
		return failures, err
	})
	for _, f := range failures { // the others say that they fail with one that did
		if refused == "" || strings.Contains(refused, "not executed") {
			refused = f.Message
		}
	}
	return refused, err
}

// forgetAll is forget for tables that are restored alone. Views among them go first: no
// server removes a table before those that read it.
func (t *Target) forgetAll(ctx context.Context, tables []string) (losses []replay.Loss, err error) {
	var views []string
	for _, table := range tables {
		if slices.Contains(t.Around.views, table) {
			views = append(views, table)
		}
	}
	if _, err := t.remove(ctx, Contents{"tables": views}); err != nil {
		return nil, err
	}
	for _, table := range tables {
		if slices.Contains(views, table) {
			continue
		}
		if !t.Around.referred[table] { // as nearly always: nothing is held
			// Some records cannot be deleted, as those that a field referred to which is gone:
			// what is left is forgotten with the table.
			if err := t.unlink(ctx, table); err != nil && !errors.As(err, new(refusal)) {
				return nil, err
			}
		}
		note, err := t.forget(ctx, table, t.Around.refer[table])
		if err != nil {
			return nil, err
		}
		if note != "" {
			losses = append(losses, replay.Loss{What: "that nobody knows of references which are gone", Why: note})
		}
	}
	return losses, nil
}

// again writes records of a list into the empty table and deletes them. They are not
// there, or the table did not go.
func again(list, let, write string) string {
	// FOR of 3.0 takes a list of one for what is in it: so flatten makes one.
	return fmt.Sprintf("FOR $x IN array::flatten([%s]) { %s; IF !record::exists($id) { %s; DELETE $id RETURN NONE; }; };\n", list, let, write)
}
