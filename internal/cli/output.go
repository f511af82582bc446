package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
	"unicode"

	"golang.org/x/term"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// A result is what a command has to say on stdout.
type result interface {
	// Text writes it for a person.
	Text(w io.Writer)
}

// errOutClosed says that who reads stdout went away.
var errOutClosed = errors.New("stdout was closed before its end")

// An outlet is stdout. It tells its own closed pipe from those of the network.
type outlet struct{ io.Writer }

func (o outlet) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		err = errOutClosed
	}
	return n, err
}

// print writes a result as text or, with --json, as one JSON value. That nobody wants
// to read it is no failure of what was done; that it cannot be written is one.
func (a *app) print(r result) error {
	var text strings.Builder
	if a.json {
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(r); err != nil {
			return fmt.Errorf("print the result: %w", err)
		}
	} else {
		var plain strings.Builder
		r.Text(&plain)
		text.WriteString(printable(plain.String()))
	}
	return a.write(text.String())
}

func (a *app) write(text string) error {
	_, err := io.WriteString(a.Out, text)
	if err == nil || errors.Is(err, errOutClosed) {
		return nil
	}
	return hint.Wrap(fmt.Errorf("write the result to stdout: %w", strip(err)), "only the result could not be written: what the command does was done, and need not be done again")
}

// printable shows what a terminal would obey in its escaped form. Manifests,
// names of objects and answers of servers are other people's words.
func printable(s string) string {
	obeyed := func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }
	if !strings.ContainsFunc(s, obeyed) {
		return s
	}
	var out strings.Builder
	for _, r := range s {
		if obeyed(r) {
			out.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

// linef writes one line, or a part of one: whatever words it is given, no other line
// begins in them, for a table that people decide by shows one thing in each.
func linef(w io.Writer, format string, args ...any) {
	text, end := strings.CutSuffix(fmt.Sprintf(format, args...), "\n")
	text = strings.ReplaceAll(text, "\n", `\n`)
	if end {
		text += "\n"
	}
	_, _ = io.WriteString(w, text) // into memory
}

// table writes rows of columns that are separated by tabs.
func table(w io.Writer, rows func(w io.Writer)) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	rows(tw)
	_ = tw.Flush() // the terminal's errors are not ours
}

// size prints a number of bytes for a person.
func size(n int64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, i := float64(n)/1000, 0
	for ; f >= 999.95 && i < len(units)-1; i++ {
		f /= 1000
	}
	return fmt.Sprintf("%.1f %cB", f, units[i])
}

// seconds prints how long something took.
func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(10 * time.Millisecond).String()
}

// stamp prints a moment in UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// age prints how long ago something was, in one unit.
func age(d time.Duration) string {
	switch {
	case d < 0:
		return "in the future"
	case d < time.Minute:
		return fmt.Sprintf("%ds ago", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh ago", int(d.Hours()))
	}
	return fmt.Sprintf("%dd ago", int(d.Hours()/24))
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
