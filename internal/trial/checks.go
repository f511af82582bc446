package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/drill"
)

// A Check is a query, and what its last statement must say. The query and the result
// are data of the backup, which are shown and not stored.
type Check struct {
	Name  string
	Query string
	// Holds says whether the result is as it must be, and what was found, in words
	// that may be stored.
	Holds func(result json.RawMessage) (ok bool, found string)
}

// ask puts the operator's own questions.
func (d *Database) ask(ctx context.Context, s *Scratch, r *drill.Report) error {
	if d.Checks != nil {
		defer d.phase(r, "checks")()
		for _, c := range d.Checks(r.Source) {
			a := c.ask(ctx, s.Client)
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
			r.Assertions = append(r.Assertions, a)
		}
	}
	if d.Smoke != nil {
		defer d.phase(r, "smoke")()
		output, err := d.Smoke(ctx, s.Login)
		a := drill.Assertion{Name: "the application's smoke test", OK: err == nil, Detail: "as expected", Seen: output}
		if err != nil {
			a.Detail = err.Error()
		}
		r.Assertions = append(r.Assertions, a)
	}
	return nil
}

func (c Check) ask(ctx context.Context, client *db.Client) drill.Assertion {
	a := drill.Assertion{Name: c.Name}
	results, err := client.Query(ctx, c.Query)
	if err == nil && len(results) == 0 {
		err = errors.New("no result")
	}
	said := ""
	if err == nil {
		last := results[len(results)-1]
		said = string(last.Value)
		if last.Err != "" {
			err = errors.New(last.Err)
		}
		a.OK, a.Detail = c.Holds(last.Value)
	}
	if err != nil { // a server quotes the query, and values
		a.OK, a.Detail, said = false, "the query failed", err.Error()
	}
	a.Seen = c.Query + ": " + short(said)
	return a
}

func short(s string) string {
	const most = 200
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
