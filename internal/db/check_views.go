package db

import (
	"context"
	"fmt"
	"slices"

	"github.com/vapora-platform/vapora-backup/internal/db/replay"
)

// views compares the rows of views that group others. A server computed them anew,
// and may well have come to others: what a view takes over a link is as old in the
// source as the row that brought it, and a sum of fractions depends on their order.
func (k *checker) views(ctx context.Context) (problems []string, err error) {
	names := []string{}
	plainly := slices.ContainsFunc(k.plan.Stages, func(s replay.Stage) bool {
		return slices.ContainsFunc(s.Load, func(l replay.Load) bool { return l.Plain }) // which keeps all views up to date
	})
	for _, t := range k.want.Tables {
		if t.View() && (plainly || k.derived(t)) && !slices.Contains(k.plan.Unfed, t.Name) {
			names = append(names, t.Name)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	have, err := k.c.readBack(ctx, ExportOptions{Tables: names})
	if err != nil {
		return nil, fmt.Errorf("read back the views: %w", err)
	}
	for _, name := range names {
		if got := have.Table(name); got != nil && got.Sum != k.want.Table(name).Sum {
			why := ""
			if !k.same {
				why = "; this version may only print them in other words"
			}
			k.computed = append(k.computed, "view "+name+" was computed anew, and its rows are not those of the backup (get --table prints them)"+why)
		}
	}
	return nil, nil
}
