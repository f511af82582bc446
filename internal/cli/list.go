package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/replica"
)

func newList(a *app) *cobra.Command {
	var filter catalog.Filter
	c := &cobra.Command{
		Use:   "list",
		Short: "List backups, newest first, and where each lies",
		Long: "List what the destinations hold, from their listings alone: no object is read and no\n" +
			"key is needed. What has no manifest is no backup and is counted apart; objects that\n" +
			"are not of this program are never touched. A destination that by its takes and keep\n" +
			"should hold by now what only others hold has a hole, which `sync` fills. One that cannot\n" +
			"be listed is exit code 3.",
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
	places, missed, err := a.everyPlace(ctx, cfg, filter)
	if err != nil {
		return err
	}
	out := newListing(places, a.Now())
	out.filter, out.sync = filter, a.pasted("vapora-backup sync")
	out.Unreachable = unlisted(a.open(ctx, cfg), places)
	return errors.Join(a.print(out), missed)
}

// listing is the result of `list`.
type listing struct {
	Backups      []listed    `json:"backups"`
	Destinations []listedDst `json:"destinations"`
	// Unreachable could not be listed: what they hold is not known.
	Unreachable []string `json:"unreachable"`
	filter      catalog.Filter
	now         time.Time
	sync        string // the command
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
	Backups    int       `json:"backups"`
	Unfinished int       `json:"unfinished"`
	Foreign    int       `json:"foreign"`
	Newest     time.Time `json:"newest,omitzero"`
	// Offline is a disk that is not always there; Absent, that it is not now.
	Offline bool `json:"offline,omitempty"`
	Absent  bool `json:"absent,omitempty"`
	// NoFolder is a folder that does not exist: none was ever written, or its disk is not
	// mounted.
	NoFolder bool `json:"no_folder,omitempty"`
	// NoData are backups of which only the manifest is there: they cannot be read from it.
	NoData []string `json:"no_data"`
	// Lacks is what it should hold by now and another one holds.
	Lacks      []string `json:"lacks"`
	LacksBytes int64    `json:"lacks_bytes"`

	url string
	dir string // that does not exist
}

func newListing(places []place, now time.Time) listing {
	out := listing{Backups: []listed{}, now: now}
	at := map[string]int{}
	var replicas []replica.Place
	for _, p := range places {
		d := listedDst{Name: p.Name, url: p.URL, Backups: len(p.entries), Unfinished: len(p.orphans), Foreign: p.foreign, Offline: p.Offline, Absent: p.absent, dir: p.missingFolder(), NoData: []string{}, Lacks: []string{}}
		d.NoFolder = d.dir != ""
		for _, e := range p.entries {
			key := e.Kind + "/" + e.Source + "/" + e.ID
			if _, ok := at[key]; !ok {
				at[key] = len(out.Backups)
				out.Backups = append(out.Backups, listed{ID: e.ID, Kind: e.Kind, Source: e.Source, Time: e.Time, StoredBytes: e.Size, Destinations: []string{}})
			}
			b := &out.Backups[at[key]]
			if e.HasData() {
				b.Destinations, b.StoredBytes = append(b.Destinations, p.Name), max(b.StoredBytes, e.Size)
			} else {
				d.NoData = append(d.NoData, e.ID)
			}
			d.Newest = e.Time // they come in the order of time
		}
		out.Destinations = append(out.Destinations, d)
		replicas = append(replicas, p.replica(now))
	}
	for _, debt := range replica.Debts(replicas, now) {
		i := slices.IndexFunc(out.Destinations, func(d listedDst) bool { return d.Name == debt.To })
		d := &out.Destinations[i]
		d.Lacks, d.LacksBytes = append(d.Lacks, debt.Entry.ID), d.LacksBytes+debt.Bytes()
	}
	slices.SortStableFunc(out.Backups, func(x, y listed) int { return y.Time.Compare(x.Time) })
	return out
}

// meant says of what kind and source none was found.
func (l listing) meant() (words string) {
	if l.filter.Kind != "" {
		words += " of the kind " + l.filter.Kind
	}
	if l.filter.Source != "" {
		words += " of the source " + l.filter.Source
	}
	return words
}

// looked says where none was found: the address may be a wrong one, and a store that
// holds nothing yet looks the same.
func (l listing) looked() string {
	var in []string
	for _, d := range l.Destinations {
		in = append(in, d.Name+", "+d.url)
	}
	if len(in) == 0 {
		return ""
	}
	return " in " + strings.Join(in, "; ")
}

func (l listing) Text(w io.Writer) {
	if len(l.Backups) == 0 {
		linef(w, "no backups%s%s\n", l.meant(), l.looked())
	} else {
		table(w, func(w io.Writer) {
			fmt.Fprintln(w, "ID\tSOURCE\tTAKEN\tAGE\tSTORED\tDESTINATIONS")
			for _, b := range l.Backups {
				linef(w, "%s\t%s\t%s\t%s\t%s\t%s\n", b.ID, b.Kind+"/"+b.Source, stamp(b.Time), age(l.now.Sub(b.Time)), size(b.StoredBytes), cmp.Or(strings.Join(b.Destinations, ", "), "NOWHERE"))
			}
		})
	}
	for _, d := range l.Destinations {
		d.text(w, l.now, l.sync)
	}
	notListed(w, l.Unreachable)
}

// notListed names destinations that could not be listed.
func notListed(w io.Writer, names []string) {
	for _, name := range names {
		linef(w, "%s: NOT LISTED: what it holds is not known\n", name)
	}
}

// text writes what is worth a word; sync is the command that mends it.
func (d listedDst) text(w io.Writer, now time.Time, sync string) {
	newest := "it holds none"
	if !d.Newest.IsZero() {
		newest = "its newest is of " + age(now.Sub(d.Newest))
	}
	switch n := len(d.Lacks); {
	case d.Absent:
		linef(w, "%s: offline, not there now\n", d.Name)
	case d.Offline && n == 0:
		linef(w, "%s: an offline copy, there now; %s\n", d.Name, newest)
	case n > 0:
		linef(w, "%s: lacks %d that it should hold by now, %s; %s: %s\n", d.Name, n, size(d.LacksBytes), newest, sync)
	}
	if d.NoFolder {
		linef(w, "%s: there is no folder %s: the first backup makes it; if there were some, is a disk not mounted?\n", d.Name, d.dir)
	}
	if len(d.NoData) > 0 {
		linef(w, "%s: ONLY THE MANIFEST is there of %s: %s --repair\n", d.Name, strings.Join(d.NoData, ", "), sync)
	}
	if d.Unfinished > 0 {
		linef(w, "%s: %d unfinished, without a manifest: no backups\n", d.Name, d.Unfinished)
	}
	if d.Foreign > 0 {
		linef(w, "%s: %d objects that are not of this program\n", d.Name, d.Foreign)
	}
}
