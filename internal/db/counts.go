package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

const (
	// countsPerQuery keeps a query far below the limit of its length.
	countsPerQuery = 200
	// queriesAtOnce keeps several cores of a server busy, and not all of a large one.
	queriesAtOnce = 4
)

// Counts returns how many records each table has. A table that does not exist
// is not in the result.
func (c *Client) Counts(ctx context.Context, tables []string) (map[string]int64, error) {
	out := map[string]int64{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(queriesAtOnce)
	// A server counts a query's tables one after the other: so many queries,
	// and each of few, for one table may be larger than all others.
	for chunk := range slices.Chunk(tables, min(countsPerQuery, len(tables)/(4*queriesAtOnce)+1)) {
		g.Go(func() error {
			counts, err := c.count(ctx, chunk)
			mu.Lock()
			defer mu.Unlock()
			maps.Copy(out, counts)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}

// count is Counts in one query.
func (c *Client) count(ctx context.Context, tables []string) (map[string]int64, error) {
	var sql strings.Builder
	for _, name := range tables {
		fmt.Fprintf(&sql, "SELECT count() FROM %s GROUP ALL;\n", surql.QuoteIdent(name))
	}
	results, err := c.read(ctx, sql.String())
	if err != nil {
		return nil, fmt.Errorf("count records: %w", err)
	}
	if len(results) != len(tables) {
		return nil, fmt.Errorf("count records: got %d answers, want %d", len(results), len(tables))
	}
	out := map[string]int64{}
	for i, r := range results {
		n, ok, err := r.count()
		if err != nil {
			return nil, fmt.Errorf("count records of %s: %w", tables[i], err)
		}
		if ok {
			out[tables[i]] = n
		}
	}
	return out, nil
}

// count reads the answer to one SELECT count().
func (r Result) count() (n int64, exists bool, err error) {
	if r.missing == "table" {
		return 0, false, nil
	}
	if err := r.err(); err != nil {
		return 0, false, err
	}
	var rows []struct {
		Count int64 `json:"count"`
	}
	if err := json.Unmarshal(r.Value, &rows); err != nil {
		return 0, false, errors.New("the answer is not a count")
	}
	if len(rows) == 0 {
		return 0, true, nil
	}
	return rows[0].Count, true, nil
}
