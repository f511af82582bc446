package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
)

func newList(a *app) *cobra.Command {
	var filter catalog.Filter
	c := &cobra.Command{
		Use:   "list",
		Short: "List backups, newest first, and where each lies",
		Long: "List what the destinations hold, from their listings alone: no object is read and no\n" +
			"key is needed. What has no manifest is no backup and is counted apart; objects that\n" +
			"are not of this program are never touched.",
		Example: "  vapora-backup list --source vapora\n  vapora-backup list --json --destination primary",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runList(c.Context(), a, filter) },
	}
	c.Flags().StringVar(&filter.Source, "source", "", "only backups of the source `NAME`")
	c.Flags().StringVar(&filter.Kind, "kind", "", "only backups of the `KIND`, such as database")
	return c
}

func runList(ctx context.Context, a *app, filter catalog.Filter) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	places, err := a.places(ctx, cfg, filter)
	if err != nil {
		return err
	}
	return a.print(newListing(places, a.Now()))
}

// listing is the result of `list`.
type listing struct {
	Backups      []listed    `json:"backups"`
	Destinations []listedDst `json:"destinations"`
	now          time.Time
}

type listed struct {
	ID           string    `json:"id"`
	Kind         string    `json:"kind"`
	Source       string    `json:"source"`
	Time         time.Time `json:"time"`
	StoredBytes  int64     `json:"stored_bytes"`
	Destinations []string  `json:"destinations"`
}

type listedDst struct {
	Name string `json:"name"`
	// Backups that are there; Unfinished have data and no manifest; Foreign
	// counts objects that are not of this program.
	Backups    int `json:"backups"`
	Unfinished int `json:"unfinished"`
	Foreign    int `json:"foreign"`
}

func newListing(places []place, now time.Time) listing {
	out := listing{Backups: []listed{}, now: now}
	at := map[string]int{}
	for _, p := range places {
		out.Destinations = append(out.Destinations, listedDst{p.Name, len(p.entries), len(p.orphans), p.foreign})
		for _, e := range p.entries {
			key := e.Kind + "/" + e.Source + "/" + e.ID
			if _, ok := at[key]; !ok {
				at[key] = len(out.Backups)
				out.Backups = append(out.Backups, listed{ID: e.ID, Kind: e.Kind, Source: e.Source, Time: e.Time, StoredBytes: e.Size})
			}
			b := &out.Backups[at[key]]
			b.Destinations = append(b.Destinations, p.Name)
		}
	}
	slices.SortStableFunc(out.Backups, func(x, y listed) int { return y.Time.Compare(x.Time) })
	return out
}

func (l listing) Text(w io.Writer) {
	if len(l.Backups) == 0 {
		fmt.Fprintln(w, "no backups")
	} else {
		table(w, func(w io.Writer) {
			fmt.Fprintln(w, "ID\tSOURCE\tTAKEN\tAGE\tSTORED\tDESTINATIONS")
			for _, b := range l.Backups {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", b.ID, b.Kind+"/"+b.Source, stamp(b.Time), age(l.now.Sub(b.Time)), size(b.StoredBytes), strings.Join(b.Destinations, ", "))
			}
		})
	}
	for _, d := range l.Destinations {
		if d.Unfinished > 0 {
			fmt.Fprintf(w, "%s: %d unfinished, without a manifest: no backups\n", d.Name, d.Unfinished)
		}
		if d.Foreign > 0 {
			fmt.Fprintf(w, "%s: %d objects that are not of this program\n", d.Name, d.Foreign)
		}
	}
}
