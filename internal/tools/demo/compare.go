package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// compare holds the two databases against each other by questions of its own,
// not by what vapora-backup says.
func (d *demo) compare(ctx context.Context) error {
	d.say("5. The two databases, compared by questions to both engines")
	var info struct {
		Tables map[string]string `json:"tables"`
	}
	answers, err := d.source.Exec(ctx, namespace, database, "INFO FOR DB")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answers[0], &info); err != nil {
		return err
	}
	tables := slices.Sorted(maps.Keys(info.Tables))
	var differ []error
	for _, part := range []struct {
		what    string
		queries []string
	}{
		{"definitions", definitions(tables)},
		{"records, one by one", records(tables)},
		{"edges and references, from both ends", walks(tables, info.Tables)},
	} {
		n, err := d.same(ctx, part.queries)
		if err != nil {
			differ = append(differ, fmt.Errorf("%s: %w", part.what, err))
			continue
		}
		fmt.Printf("   the same: %s (%d questions, %d values)\n", part.what, len(part.queries), n)
	}
	return errors.Join(differ...)
}

func quote(table string) string { return "`" + table + "`" }

func definitions(tables []string) []string {
	var out []string
	for _, t := range tables {
		out = append(out, "INFO FOR TABLE "+quote(t))
	}
	// Of the database: names and texts, but for sequences, which a restore moves on purpose.
	for _, kind := range []string{"users", "accesses", "functions", "tables", "params", "configs", "apis", "analyzers", "buckets"} {
		out = append(out, "RETURN (INFO FOR DB)."+kind)
	}
	return append(out, "RETURN object::keys((INFO FOR DB).sequences)")
}

// records asks for every record as the text that an export has: it tells all
// types apart, which JSON does not.
func records(tables []string) []string {
	var out []string
	for _, t := range tables {
		out = append(out, "SELECT VALUE <string>$this FROM "+quote(t))
	}
	return out
}

// walks ask each relation's edges from both ends, and references for who points
// to whom.
func walks(tables []string, defined map[string]string) []string {
	out := []string{"SELECT id, <~product AS r FROM product ORDER BY id", "SELECT id, <~watcher AS r FROM sales ORDER BY id"}
	for _, t := range tables {
		if !strings.Contains(defined[t], "TYPE RELATION") && t != "knows" {
			continue
		}
		for _, end := range [][2]string{{"in", "->"}, {"out", "<-"}} {
			out = append(out, fmt.Sprintf("SELECT id, %[1]s, %[1]s%[2]s%[3]s AS seen FROM %[3]s ORDER BY id", end[0], end[1], quote(t)))
		}
	}
	return out
}

// same asks both engines and returns how many values the answers had.
func (d *demo) same(ctx context.Context, queries []string) (values int, err error) {
	for _, q := range queries {
		want, err := d.source.Exec(ctx, namespace, database, q)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", q, err)
		}
		got, err := d.target.Exec(ctx, namespace, database, q)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", q, err)
		}
		if string(want[0]) != string(got[0]) {
			return 0, fmt.Errorf("%s:\n  source %s\n  target %s", q, want[0], got[0])
		}
		var list []json.RawMessage
		if json.Unmarshal(want[0], &list) == nil {
			values += len(list)
		} else {
			values++
		}
	}
	return values, nil
}
