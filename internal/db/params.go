package db

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// paramsPerQuery keeps a query and its answer short.
const paramsPerQuery = 50

// ofTheServer are parameters that the server sets in every query, whatever is defined: to
// ask for them would tell of the session that asks.
var ofTheServer = []string{"access", "after", "auth", "before", "event", "input", "parent", "request", "reference", "session", "this", "token", "value"}

// params returns the values of parameters that the definitions of a dump do not tell: 3.0
// prints a set as a list there, and all print a range without its ends as one of NONE.
// What was defined anew since the database said how, by name, is left out: its value may
// be of after the export.
func (c *Client) params(ctx context.Context, o *surql.Outline, said map[string]string) (map[string]string, error) {
	var all []surql.Definition
	for _, d := range o.Globals {
		if d.Kind == "PARAM" && !slices.Contains(ofTheServer, d.Name) {
			all = append(all, d)
		}
	}
	out := map[string]string{}
	for chunk := range slices.Chunk(all, paramsPerQuery) {
		var sql strings.Builder
		for _, d := range chunk {
			fmt.Fprintf(&sql, "RETURN <string> [$%s];\n", surql.QuoteIdent(d.Name))
		}
		results, err := c.read(ctx, sql.String())
		if err != nil {
			return nil, fmt.Errorf("ask for the parameters: %w", err)
		}
		if len(results) != len(chunk) {
			return nil, fmt.Errorf("ask for the parameters: got %d answers, want %d", len(results), len(chunk))
		}
		for i, r := range results {
			var text string
			if r.Err != "" || json.Unmarshal(r.Value, &text) != nil || len(text) < len("[]") {
				continue // gone meanwhile
			}
			if text = text[1 : len(text)-1]; chunk[i].Untold(text) {
				out[chunk[i].Name] = text
			}
		}
	}
	if len(out) == 0 {
		return out, nil
	}
	now, err := c.infoDB(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask for the parameters: %w", err)
	}
	for name := range out {
		if now["params"][name] != said[name] {
			delete(out, name)
		}
	}
	return out, nil
}
