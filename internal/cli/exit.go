package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// Exit codes. They are a contract; docs/exit-codes.md says the same.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitPartial     = 3
	exitUnhealthy   = 4
	exitInterrupted = 130
)

// exitHelp stands at the end of every command's help.
const exitHelp = `

EXIT STATUS
  0    all of it was done and proved
  1    it failed; the message says what is still safe
  2    wrong usage or config; nothing was done
  3    part of it failed: one of several sources, a destination that is not required, or
       one that could not be listed
  4    report: something that was promised does not hold
  130  interrupted, or who reads stdout went away; nothing unfinished counts`

// A usageError is a command line that cannot be meant.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// A partialError is the failure of some and not of all.
type partialError struct{ error }

func (e partialError) Unwrap() error { return e.error }

// An unhealthyError says that the command did all it should, and that what it found
// is not as promised.
type unhealthyError struct{ error }

func (e unhealthyError) Unwrap() error { return e.error }

// A shownError was told in the result already.
type shownError struct{ error }

func (e shownError) Unwrap() error { return e.error }

func exitCode(ctx context.Context, err error) int {
	var usage usageError
	var faults config.Faults
	var partial partialError
	var unhealthy unhealthyError
	switch {
	case err == nil:
		return exitOK
	case ctx.Err() != nil, errors.Is(err, errOutClosed):
		return exitInterrupted
	case errors.As(err, &usage), errors.As(err, &faults):
		return exitUsage
	case errors.As(err, &partial):
		return exitPartial
	case errors.As(err, &unhealthy):
		return exitUnhealthy
	}
	return exitFailed
}

// report says what went wrong, each fault on a line of its own, then the hint.
func (a *app) report(ctx context.Context, err error) {
	var shown shownError
	if errors.As(err, &shown) {
		return
	}
	if errors.Is(err, errOutClosed) { // as `| head` does: no error, but no proof either
		a.say("%v: what was written there is not proved", errOutClosed)
		return
	}
	if ctx.Err() != nil {
		a.log("error", "interrupted: nothing unfinished counts")
		if h := hint.Of(err); h != "" {
			a.log("hint", a.pasted(h))
		}
		return
	}
	var faults config.Faults
	if errors.As(err, &faults) {
		for _, f := range faults {
			a.log("error", f.Error())
		}
	} else {
		a.log("error", err.Error())
	}
	if h := hint.Of(err); h != "" {
		a.log("hint", a.pasted(h))
	}
}

// log writes one line to stderr in the format that was asked for.
func (a *app) log(level, message string) {
	a.talk.Lock()
	defer a.talk.Unlock()
	if a.logFormat == "json" {
		line, _ := json.Marshal(map[string]string{"time": a.Now().Format("2006-01-02T15:04:05Z"), "level": level, "message": message})
		fmt.Fprintf(a.Err, "%s\n", line)
		return
	}
	prefix := "vapora-backup: "
	switch level {
	case "error", "warning":
		prefix += level + ": "
	case "hint":
		prefix = "hint: "
	}
	fmt.Fprintln(a.Err, prefix+strings.ReplaceAll(printable(message), "\n", "\n  "))
}
