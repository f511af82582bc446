package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func runHoldList(ctx context.Context, a *app, o *holdOptions) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	places, missed, err := a.everyPlace(ctx, cfg, o.filter)
	if err != nil {
		return err
	}
	out := held{Backups: []heldAt{}}
	for _, p := range places {
		locker, ok := p.store.(storage.Locker)
		if !ok || p.absent {
			continue
		}
		rows, err := protections(ctx, locker, p)
		if err != nil {
			return err
		}
		out.Backups = append(out.Backups, rows...)
	}
	return errors.Join(a.print(out), missed)
}

// protections asks for the lock and the hold of each backup's manifest.
func protections(ctx context.Context, l storage.Locker, p place) ([]heldAt, error) {
	got := make([]storage.Protection, len(p.entries))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, e := range p.entries {
		g.Go(func() (err error) {
			got[i], err = l.Protection(ctx, e.Place(e.Key(catalog.ManifestSuffix).String()))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("at %s: %w", p.Name, err)
	}
	var out []heldAt
	for i, e := range p.entries {
		if got[i].Hold || !got[i].Lock.IsZero() {
			out = append(out, heldAt{ID: e.ID, Source: e.Source, Destination: p.Name, Hold: got[i].Hold, Lock: got[i].Lock.String()})
		}
	}
	return out, nil
}

// held is the result of `hold`.
type held struct {
	Backups []heldAt `json:"backups"`
}

type heldAt struct {
	ID          string `json:"id"`
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Hold        bool   `json:"hold"`
	Lock        string `json:"lock,omitempty"`
	Error       string `json:"error,omitempty"`
}

func (h held) Text(w io.Writer) {
	if len(h.Backups) == 0 {
		fmt.Fprintln(w, "nothing is held or locked")
		return
	}
	table(w, func(w io.Writer) {
		for _, b := range h.Backups {
			state := "not held"
			switch {
			case b.Error != "":
				state = "FAILED: " + b.Error
			case b.Hold:
				state = "held"
			}
			linef(w, "%s\t%s\t%s\t%s\t%s\n", b.ID, b.Source, b.Destination, state, b.Lock)
		}
	})
}
