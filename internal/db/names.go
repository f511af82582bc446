package db

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// kinds are the lists of INFO FOR DB and INFO FOR TABLE, and the kind of the
// definitions in them. Models are in no export.
var kinds = map[string]string{
	"accesses": "ACCESS", "analyzers": "ANALYZER", "apis": "API", "buckets": "BUCKET", "configs": "CONFIG",
	"functions": "FUNCTION", "modules": "MODULE", "params": "PARAM", "sequences": "SEQUENCE", "tables": "TABLE",
	"users": "USER", "fields": "FIELD", "indexes": "INDEX", "events": "EVENT",
}

// name identifies a definition by its key in INFO.
func name(kind, on, text string) string {
	switch kind {
	case "FIELD":
		text = surql.Path(text)
	case "MODULE":
		text = strings.TrimPrefix(text, "mod::")
	case "CONFIG":
		text = strings.ToUpper(text)
	}
	if on != "" {
		return kind + " " + text + " ON " + on
	}
	return kind + " " + text
}

// nameOf identifies it by what a dump says.
func nameOf(d surql.Definition) string {
	if d.Kind == "FUNCTION" { // whose key has no fn::
		return name(d.Kind, d.On, strings.TrimPrefix(d.Name, "fn::"))
	}
	return name(d.Kind, d.On, d.Name)
}

// names are definitions by name.
type names map[string]entry

// An entry is what a definition defines, and on which table.
type entry struct {
	kind, on string
	view     bool
}

func (n names) has(x string) bool { _, ok := n[x]; return ok }

// both keeps what is in n and, as the same thing, in o.
func (n names) both(o names) names {
	out := names{}
	for x, e := range n {
		if o.has(x) && o[x] == e {
			out[x] = e
		}
	}
	return out
}

// tablesPerQuery keeps the answer to one query small.
const tablesPerQuery = 100

// defined asks for the name of everything that the database defines.
func (c *Client) defined(ctx context.Context) (names, info, error) {
	db, err := c.infoDB(ctx)
	if err != nil {
		return nil, nil, err
	}
	out := names{}
	for list, defs := range db {
		for x, text := range defs {
			d := surql.Parse(text)
			kind, ok := kinds[list]
			if !ok && list != "models" && d.Name != "" {
				kind, x, ok = d.Kind, d.Name, true // a kind that is newer than this program
			}
			if ok {
				out[name(kind, "", x)] = entry{kind, "", d.IsView()}
			}
		}
	}
	for chunk := range slices.Chunk(db.names("tables"), tablesPerQuery) {
		if err := c.definedOn(ctx, chunk, out); err != nil {
			return nil, nil, fmt.Errorf("look into the tables: %w", err)
		}
	}
	return out, db, nil
}

// definedOn adds the fields, indexes and events of some tables.
func (c *Client) definedOn(ctx context.Context, tables []string, out names) error {
	var sql strings.Builder
	for _, t := range tables {
		fmt.Fprintf(&sql, "INFO FOR TABLE %s;\n", surql.QuoteIdent(t))
	}
	results, err := c.read(ctx, sql.String())
	if err != nil {
		return err
	}
	if len(results) != len(tables) {
		return fmt.Errorf("got %d answers, want %d", len(results), len(tables))
	}
	for i, r := range results {
		if r.missing == "table" {
			continue // removed meanwhile
		}
		if err := r.err(); err != nil {
			return fmt.Errorf("table %s: %w", tables[i], err)
		}
		lists := []string{"fields", "indexes", "events"}
		t, err := parseInfo(json.RawMessage(r.Value), lists...)
		if err != nil {
			return fmt.Errorf("table %s: %w", tables[i], err)
		}
		for _, list := range lists {
			for x := range t[list] {
				out[name(kinds[list], tables[i], x)] = entry{kinds[list], tables[i], false}
			}
		}
	}
	return nil
}

// printed returns the names of everything that a dump defines.
func printed(o *surql.Outline) names {
	out := names{}
	for _, d := range definitions(o) {
		out[nameOf(d)] = entry{d.Kind, d.On, d.IsView()}
	}
	return out
}

// definitions returns every definition of a dump.
func definitions(o *surql.Outline) []surql.Definition {
	var out []surql.Definition
	for _, d := range o.Globals {
		if d.Kind != "OPTION" {
			out = append(out, d)
		}
	}
	for _, t := range o.Tables {
		if t.Define != nil {
			out = append(out, *t.Define)
		}
		out = append(append(append(out, t.Fields...), t.Indexes...), t.Events...)
	}
	return out
}
