package db

import (
	"bytes"
	"context"
	"fmt"
)

// misfits takes apart a plain INSERT that failed. Rows that are older than a REFERENCE
// field, or than its type, need not fit it, and then only an import takes them; the
// others of the same INSERT still go in so that the server keeps their references.
func (r *loading) misfits(ctx context.Context, b *body) ([]Failure, error) {
	first, last := b.single[0], b.single[len(b.single)-1]
	head, tail := b.text[:first.Offset], bytes.TrimSpace(b.text[last.End():])
	statement := func(row []byte) []byte { return bytes.Join([][]byte{head, row, tail, {'\n'}}, nil) }
	var text []byte
	var rows [][]byte
	for _, at := range b.single {
		rows = append(rows, b.text[at.Offset:at.End()])
		text = append(text, statement(rows[len(rows)-1])...)
	}
	results, err := r.Client.Query(ctx, string(bytes.TrimSpace(text)))
	if err != nil {
		return nil, err
	}
	if len(results) != len(rows) {
		return nil, fmt.Errorf("insert rows one by one: got %d answers, want %d", len(results), len(rows))
	}
	text = append(text[:0], importHead...)
	n := 0
	for i, res := range results {
		if conflicting(failed(results[i : i+1])) { // says nothing of the row
			left, err := r.insist(ctx, &body{text: statement(rows[i]), plain: true})
			if err != nil {
				return nil, err
			}
			if res.Err = ""; len(left) > 0 {
				res.Err = left[0].Message
			}
		}
		if res.Err != "" {
			text = append(text, statement(rows[i])...)
			n++
		}
	}
	if n == 0 {
		return nil, nil
	}
	failures, err := r.Client.Import(ctx, text)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done.Misfits == nil {
		r.done.Misfits = map[string]int{}
	}
	r.done.Misfits[b.table] += n
	return failures, err
}
