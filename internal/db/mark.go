package db

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// marker is the parameter that a database carries while a restore into it is
// unfinished. Its value names the backup, so that the same restore may start again, and
// on a second line the run, so that it notices if another took over.
const marker = replay.Marker

func isMarker(kind, name string) bool {
	return kind == "params" && strings.TrimPrefix(name, "$") == marker
}

// unfinished returns what the marker of an unfinished restore says, "" if there
// is none.
func (i info) unfinished() string { return ofMark(i.mark()) }

// mark returns it with its run.
func (i info) mark() string {
	for name, text := range i["params"] {
		if isMarker("params", name) {
			return surql.Parse(text).Value()
		}
	}
	return ""
}

// ofMark returns the words of a mark without those of the run that set it.
func ofMark(mark string) string {
	words, _, _ := strings.Cut(mark, "\n")
	return words
}

// unfinished returns what the marker in a dump says.
func unfinished(o *surql.Outline) string {
	for _, d := range o.Globals {
		if d.Kind == "PARAM" && d.Name == marker {
			return ofMark(d.Value())
		}
	}
	return ""
}

// ErrTakenOver is what a restore ends with that another began to write over.
var ErrTakenOver = errors.New("another restore into the target took over")

// mark marks the target with the backup and this run.
func (t *Target) mark(ctx context.Context, backup string, over bool) error {
	t.run = rand.Text()
	form := "DEFINE PARAM $"
	if over {
		form = "DEFINE PARAM OVERWRITE $"
	}
	err := t.exec(ctx, "mark the target as unfinished", form+marker+" VALUE "+surql.QuoteString(backup+"\n"+t.run)+" PERMISSIONS NONE")
	if err != nil && strings.Contains(err.Error(), "already exists") {
		return hint.Wrap(fmt.Errorf("%w: %w", ErrTakenOver, err), "let that restore end; nothing was written by this one")
	}
	return err
}

// Finish removes the mark: the restore is whole. It fails with ErrTakenOver if the mark
// is not that of Prepare.
func (t *Target) Finish(ctx context.Context) error {
	info, err := t.Client.infoDB(ctx)
	if err != nil {
		return fmt.Errorf("look at the mark of the target: %w", err)
	}
	if _, run, _ := strings.Cut(info.mark(), "\n"); run != t.run {
		return hint.Wrap(ErrTakenOver, "let that restore end; what is there is not the work of this one alone")
	}
	return t.exec(ctx, "unmark the target", "REMOVE PARAM IF EXISTS $"+marker)
}
