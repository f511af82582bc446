package db

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// indexesPerQuery keeps a query short.
const indexesPerQuery = 100

// failedIndexes names the indexes of a dump whose build has failed: CONCURRENTLY leaves
// one defined that indexes nothing, and whose rows no server takes under it. What the
// server says of it quotes a row.
func (c *Client) failedIndexes(ctx context.Context, o *surql.Outline) ([]Index, error) {
	var all, failed []Index
	for _, t := range o.Tables {
		for _, d := range t.Indexes {
			all = append(all, Index{Name: d.Name, Table: d.On})
		}
	}
	for chunk := range slices.Chunk(all, indexesPerQuery) {
		var sql strings.Builder
		for _, x := range chunk {
			fmt.Fprintf(&sql, "INFO FOR INDEX %s ON %s;\n", surql.QuoteIdent(x.Name), surql.QuoteIdent(x.Table))
		}
		results, err := c.read(ctx, sql.String())
		if err != nil {
			return nil, fmt.Errorf("ask for the indexes: %w", err)
		}
		if len(results) != len(chunk) {
			return nil, fmt.Errorf("ask for the indexes: got %d answers, want %d", len(results), len(chunk))
		}
		for i, r := range results {
			var said struct {
				Building struct {
					Status string `json:"status"`
				} `json:"building"`
			}
			// One that is gone meanwhile, or of a server that tells nothing, has not failed.
			if r.Err == "" && json.Unmarshal(r.Value, &said) == nil && said.Building.Status == "error" {
				failed = append(failed, chunk[i])
			}
		}
	}
	return failed, nil
}
