// Package hint attaches to an error what its reader can do about it. The error
// says what went wrong; the hint, which the command line prints on a line of
// its own, says which command or setting comes next.
package hint

import (
	"errors"
	"fmt"
)

type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

// Wrap returns an error that reads as err and carries the formatted hint. It
// returns nil if err is nil. A hint must not hold a secret.
func Wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hinted{err, fmt.Sprintf(format, args...)}
}

// Of returns the outermost hint that err or one of the errors it wraps
// carries, or "" if there is none.
func Of(err error) string {
	var h *hinted
	if errors.As(err, &h) {
		return h.hint
	}
	return ""
}
