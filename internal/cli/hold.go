package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func newHold(a *app) *cobra.Command {
	c := &cobra.Command{Use: "hold", Short: "Keep backups from being deleted during an incident (legal hold)"}
	c.AddCommand(newHoldSet(a, true), newHoldSet(a, false), newHoldList(a))
	return c
}

// holdOptions are the flags of `hold`.
type holdOptions struct {
	filter catalog.Filter
	newest int
	all    bool
}

func newHoldSet(a *app, on bool) *cobra.Command {
	o := &holdOptions{}
	c := &cobra.Command{
		Use:   "add [ID…]",
		Short: "Set legal hold on backups",
		Long: "Set legal hold on every object of the newest good backups of every source, or of those\n" +
			"named, at every destination that can. What is held cannot be deleted by anybody until\n" +
			"the hold is lifted, whatever its lock and its retention say.",
		Example: "  vapora-backup hold add --newest 5",
		RunE:    func(c *cobra.Command, args []string) error { return runHold(c.Context(), a, o, args, on) },
	}
	if !on {
		c.Use, c.Short = "remove [ID…]", "Lift legal hold from backups"
		c.Long = "Lift the legal hold from the backups named, or with --all from everything that the\ndestinations hold. Locks stay as they are."
		c.Example = "  vapora-backup hold remove --all"
		c.Flags().BoolVar(&o.all, "all", false, "from every backup")
	} else {
		c.Flags().IntVar(&o.newest, "newest", 3, "the newest `N` of every source at each destination")
	}
	c.Flags().StringVar(&o.filter.Source, "source", "", "only backups of the source `NAME`")
	return c
}

func newHoldList(a *app) *cobra.Command {
	o := &holdOptions{}
	c := &cobra.Command{
		Use:     "list",
		Short:   "List what is held, and what is locked until when",
		Example: "  vapora-backup hold list --source vapora",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runHoldList(c.Context(), a, o) },
	}
	c.Flags().StringVar(&o.filter.Source, "source", "", "only backups of the source `NAME`")
	return c
}

func runHold(ctx context.Context, a *app, o *holdOptions, args []string, on bool) error {
	if !on && len(args) == 0 && !o.all {
		return usagef("name the backups, or give --all")
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	places, err := a.places(ctx, cfg, o.filter)
	if err != nil {
		return err
	}
	out := held{On: on, Backups: []heldAt{}}
	var failed []error
	for _, p := range places {
		locker, ok := p.store.(storage.Locker)
		if p.absent || !ok {
			a.warn("%s cannot hold: what lies there is not protected by this", p.Name)
			continue
		}
		entries, err := o.pick(p, args, on)
		if err != nil {
			return err
		}
		for _, e := range entries {
			row := heldAt{ID: e.ID, Source: e.Source, Destination: p.Name, Hold: on}
			for _, obj := range e.Objects {
				if err := locker.Hold(ctx, obj.Key, on); err != nil {
					row.Error = err.Error()
					failed = append(failed, fmt.Errorf("at %s: %w", p.Name, err))
					break
				}
			}
			out.Backups = append(out.Backups, row)
		}
	}
	if err := a.print(out); err != nil {
		return err
	}
	switch {
	case len(out.Backups) == 0:
		return errors.New("no backup was found at a destination that can hold")
	case len(failed) > 0 && len(failed) < len(out.Backups):
		return partialError{errors.Join(failed...)}
	}
	return errors.Join(failed...)
}

// pick returns what is meant at one place: those named, the newest of each
// source, or all.
func (o *holdOptions) pick(p place, args []string, on bool) ([]catalog.Entry, error) {
	if len(args) > 0 {
		var out []catalog.Entry
		for _, id := range args {
			if i := slices.IndexFunc(p.entries, func(e catalog.Entry) bool { return strings.HasPrefix(e.ID, id) }); i >= 0 {
				out = append(out, p.entries[i])
			}
		}
		return out, nil
	}
	if !on {
		return p.entries, nil
	}
	if o.newest < 1 {
		return nil, usagef("--newest %d: at least 1", o.newest)
	}
	count := map[string]int{}
	var out []catalog.Entry
	for _, e := range slices.Backward(p.entries) {
		if key := e.Kind + "/" + e.Source; count[key] < o.newest {
			count[key]++
			out = append(out, e)
		}
	}
	return out, nil
}

func runHoldList(ctx context.Context, a *app, o *holdOptions) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	places, err := a.places(ctx, cfg, o.filter)
	if err != nil {
		return err
	}
	out := held{List: true, Backups: []heldAt{}}
	for _, p := range places {
		locker, ok := p.store.(storage.Locker)
		if !ok || p.absent {
			continue
		}
		for _, e := range p.entries {
			got, err := locker.Protection(ctx, e.Key(catalog.ManifestSuffix).String())
			if err != nil {
				return err
			}
			if got.Hold || !got.Lock.IsZero() {
				out.Backups = append(out.Backups, heldAt{ID: e.ID, Source: e.Source, Destination: p.Name, Hold: got.Hold, Lock: got.Lock.String()})
			}
		}
	}
	return a.print(out)
}

// held is the result of `hold`.
type held struct {
	On      bool     `json:"hold"`
	List    bool     `json:"-"`
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
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", b.ID, b.Source, b.Destination, state, b.Lock)
		}
	})
}
