package db

import (
	"context"
	"fmt"
)

// rows reads back every table that stores rows, and compares the sum over their text
// with that of the backup's.
func (k *checker) rows(ctx context.Context) (problems []string, err error) {
	names := []string{}
	for _, t := range k.want.Tables {
		if !t.View() && t.Define != nil && !t.Define.IsDrop() {
			names = append(names, t.Name)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	have, err := k.c.readBack(ctx, ExportOptions{Tables: names})
	if err != nil {
		return nil, fmt.Errorf("read back the rows: %w", err)
	}
	for _, name := range names {
		switch got := have.Table(name); {
		case got != nil && got.Sum == k.want.Table(name).Sum:
			k.out.Compared++
		case k.same:
			problems = append(problems, "table "+name+": a record is not what it was")
		default:
			k.otherRows = append(k.otherRows, "table "+name+": this version prints records in other words, or one is not what it was")
		}
	}
	return problems, nil
}
