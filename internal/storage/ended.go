package storage

import (
	"context"
	"errors"
)

// Ended is nil as long as ctx lives. Then it reads as the cause of its end, and
// is both that cause and ctx.Err().
func Ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if err == nil || errors.Is(cause, err) {
		return cause
	}
	return &ended{cause, err}
}

type ended struct{ cause, err error }

func (e *ended) Error() string   { return e.cause.Error() }
func (e *ended) Unwrap() []error { return []error{e.cause, e.err} }
