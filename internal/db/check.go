package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// Checked is what a database was found to be after a restore.
type Checked struct {
	Tables      int      `json:"tables"`
	Records     int64    `json:"records"`
	Edges       int64    `json:"edges"`
	Definitions int      `json:"definitions"`
	Problems    []string `json:"problems,omitempty"`
	// Notes are differences that are no losses: a definition that another
	// version prints in other words.
	Notes []string `json:"notes,omitempty"`
	// Compared is how many tables were read back and found to have the rows of the
	// backup, to the letter; views are compared where they were computed, and noted.
	Compared int `json:"compared,omitempty"`
	// Recounted are views that were computed anew to another number of rows than the
	// backup has.
	Recounted []string `json:"recounted,omitempty"`
}

// CheckOptions say how hard a Check looks.
type CheckOptions struct {
	// SameVersion says that the dump was printed by a server of the same version,
	// so that definitions and rows must be alike to the letter.
	SameVersion bool
	// Rows has every row read back and compared: it takes as long as an export.
	Rows bool
	// Whole says that the target holds nothing else; what it does is noted.
	Whole bool
}

// Check compares the database of c with the dump that was restored into it:
// counts of every table, every definition, and every edge from both its ends.
func Check(ctx context.Context, c *Client, want *surql.Outline, plan *replay.Plan, o CheckOptions) (*Checked, error) {
	k := &checker{c: c, want: want, plan: plan, same: o.SameVersion, whole: o.Whole, out: &Checked{}}
	steps := []func(context.Context) ([]string, error){k.counts, k.definitions, k.edges, k.views}
	if o.Rows {
		steps = append(steps, k.rows)
	}
	problems := make([][]string, len(steps))
	g, ctx := errgroup.WithContext(ctx)
	for i, step := range steps {
		g.Go(func() (err error) {
			problems[i], err = step(ctx)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("check the restored database: %w", err)
	}
	k.out.Problems = slices.Concat(problems...)
	k.out.Notes = slices.Concat(k.out.Notes, k.computed, k.otherRows, k.unwalked)
	return k.out, nil
}

// A checker asks a database several things at once; each step returns its
// problems and writes fields of out that no other does.
type checker struct {
	c     *Client
	want  *surql.Outline
	plan  *replay.Plan
	same  bool
	whole bool
	out   *Checked
	// computed are notes about views.
	computed []string
	// otherRows are notes about rows, unwalked about edges.
	otherRows, unwalked []string
}

func (k *checker) counts(ctx context.Context) (problems []string, err error) {
	var names []string
	for _, t := range k.want.Tables {
		names = append(names, t.Name)
	}
	got, err := k.c.Counts(ctx, names)
	if err != nil {
		return nil, err
	}
	for _, t := range k.want.Tables {
		k.out.Tables++
		k.out.Records += t.Records
		k.out.Edges += t.Edges
		want := t.Records + t.Edges
		switch {
		case got[t.Name] == want || slices.Contains(k.plan.Unfed, t.Name):
		case t.View() && k.derived(t): // its rows are noted, see views
			k.out.Recounted = append(k.out.Recounted, t.Name)
		default:
			problems = append(problems, fmt.Sprintf("table %s has %d records, the backup has %d", t.Name, got[t.Name], want))
		}
	}
	return problems, nil
}

// derived says whether a view's rows are computed, and so may be others than the source
// had: a view is as old as the rows that brought it, what it asked of links, of the clock
// and of functions then may be otherwise now, and a server does not always tell one view
// of what another computed.
func (k *checker) derived(t *surql.Table) bool {
	return t.Define.Groups() || slices.Contains(k.plan.Computed, t.Name) || slices.ContainsFunc(t.Define.Reads(), func(name string) bool {
		read := k.want.Table(name)
		return read != nil && read.View()
	})
}

// definitions compares what the target prints of itself with what was sent.
func (k *checker) definitions(ctx context.Context) (problems []string, err error) {
	have, err := k.c.readBack(ctx, ExportOptions{NoRecords: true})
	if err != nil {
		return nil, fmt.Errorf("read back the definitions: %w", err)
	}
	unprinted, _, err := k.c.defined(ctx)
	if err != nil {
		return nil, err
	}
	k.out.Notes = append(k.out.Notes, k.others(unprinted)...)
	want, got := planned(k.plan), byName(have)
	dumped := byName(k.want)
	for _, d := range definitions(have) {
		if n := nameOf(d); d.On != "" && k.want.Table(d.On) != nil && dumped[n] == "" {
			k.out.Notes = append(k.out.Notes, n+" is there, and not in the backup: the server makes it by itself")
		}
	}
	for _, n := range sortedNames(want) {
		k.out.Definitions++
		text, ok := got[n]
		switch {
		case !ok && unprinted.has(n):
			k.out.Notes = append(k.out.Notes, n+" is there; this server does not print it")
		case !ok:
			problems = append(problems, n+" is missing")
		case text != want[n] && k.same:
			problems = append(problems, n+" is not as it was")
		case text != want[n]:
			k.out.Notes = append(k.out.Notes, n+" is there; this version prints it in other words")
		}
	}
	return problems, nil
}

// others names what is in a database that was restored as a whole and that its backup
// does not have: it came while the restore ran, or stayed.
func (k *checker) others(have names) (notes []string) {
	if !k.whole {
		return nil
	}
	dumped := printed(k.want)
	for n, e := range have {
		switch {
		case e.on != "" || dumped.has(n) || e.kind == "PARAM" && isMarker("params", strings.TrimPrefix(n, "PARAM ")):
		case e.kind == "TABLE" && k.want.Table(strings.TrimPrefix(n, "TABLE ")) != nil: // it has rows in the dump, and no definition
		case e.kind == "USER" && k.c.opt.Auth == Database && n == name("USER", "", k.c.opt.Username):
		default:
			notes = append(notes, n+" is there, and not in the backup: it came meanwhile, or stayed")
		}
	}
	slices.Sort(notes)
	return notes
}

// readBack reads what a database prints of itself: of some tables, or of all where a list
// of their names would be read as one of other values.
func (c *Client) readBack(ctx context.Context, o ExportOptions) (*surql.Outline, error) {
	if slices.ContainsFunc(o.Tables, readAsValue) {
		o.Tables = nil
	}
	body, err := c.Export(ctx, o)
	if err != nil {
		return nil, err
	}
	have, err := surql.ReadOutline(body, surql.Look{Sum: surql.AllSums})
	return have, errors.Join(err, body.Close())
}

// readAsValue says whether servers take a text in JSON for a record's id, a time or a UUID.
func readAsValue(text string) bool {
	return strings.Contains(text, ":") || len(text) == len("018f5b2e-7c3a-7000-8000-000000000001") && strings.Count(text, "-") == 4
}

// planned returns the canonical text of every definition of a plan as it is in
// the end, by name.
func planned(p *replay.Plan) map[string]string {
	out := map[string]string{}
	for _, s := range p.Stages {
		for _, d := range s.Define {
			if d.Defines() { // and alters nothing that is defined
				out[nameOf(d)] = d.Canonical()
			}
		}
	}
	for _, d := range p.Altered {
		out[nameOf(d)] = d.Canonical()
	}
	return out
}

// byName does the same for what a server prints.
func byName(o *surql.Outline) map[string]string {
	out := map[string]string{}
	for _, d := range definitions(o) {
		out[nameOf(d)] = d.Canonical()
	}
	return out
}

// edges asks for every relation table how many edges its records know at both
// ends. An edge that is in its table and unknown to one end is lost to every
// walk over it, and no count shows that.
func (k *checker) edges(ctx context.Context) (problems []string, err error) {
	type walk struct {
		table            *surql.Table
		field, direction string
		found            int64
		noEnds           bool
	}
	var walks []*walk
	for _, t := range k.want.Tables {
		if t.Edges > 0 && !t.View() {
			walks = append(walks, &walk{t, "in", "->", 0, false}, &walk{t, "out", "<-", 0, false})
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(queriesAtOnce)
	for _, w := range walks {
		g.Go(func() (err error) {
			if w.found, err = k.reachable(ctx, w.table.Name, w.field, w.direction); err == nil && (w.found > w.table.Edges || k.betweenEdges(w.table)) {
				w.found, err = k.reachableEach(ctx, w.table.Name, w.field, w.direction)
			}
			if errors.Is(err, errNoEnds) {
				w.found, w.noEnds = w.table.Edges, true
			} else if err != nil {
				return fmt.Errorf("walk the edges of %s: %w", w.table.Name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, w := range walks {
		if w.noEnds && w.field == "in" {
			k.unwalked = append(k.unwalked, "edges of "+w.table.Name+" lead to tables that are not there, and cannot be walked")
		}
		if w.found != w.table.Edges {
			problems = append(problems, fmt.Sprintf("%d of %d edges of %s are reachable from their %q end", w.found, w.table.Edges, w.table.Name, w.field))
		}
	}
	return problems, nil
}

// betweenEdges says whether an end of a table's edges may be an edge itself.
func (k *checker) betweenEdges(t *surql.Table) bool {
	return slices.ContainsFunc(slices.Concat(t.In, t.Out), func(name string) bool {
		end := k.want.Table(name)
		return end != nil && end.Edges > 0
	})
}

// reachableEach is reachable where an end may be an edge, which knows of its own two ends
// too: it asks edge by edge, which takes longer. A record with one of the two fields is
// no edge.
func (k *checker) reachableEach(ctx context.Context, table, field, walk string) (int64, error) {
	name := surql.QuoteIdent(table)
	return k.number(ctx, fmt.Sprintf("RETURN count(SELECT VALUE id FROM %[3]s WHERE in != NONE AND out != NONE AND id IN %[1]s%[2]s%[3]s)", field, walk, name))
}

// reachable counts the edges of a table that the records at one end know of.
func (k *checker) reachable(ctx context.Context, table, field, walk string) (int64, error) {
	name := surql.QuoteIdent(table)
	return k.number(ctx, fmt.Sprintf(
		"RETURN math::sum(SELECT VALUE count(%[1]s%[2]s%[3]s) FROM (SELECT %[1]s FROM %[3]s WHERE %[1]s != NONE GROUP BY %[1]s))", field, walk, name))
}

// errNoEnds says that records which an edge leads to have no table: only edges that are
// no records can be asked for in vain.
var errNoEnds = errors.New("the table of an end is not there")

// number asks for one.
func (k *checker) number(ctx context.Context, sql string) (int64, error) {
	results, err := k.c.read(ctx, sql)
	if err != nil {
		return 0, err
	}
	if len(results) == 1 && results[0].missing == "table" {
		return 0, errNoEnds
	}
	if len(results) != 1 || results[0].Err != "" {
		return 0, fmt.Errorf("got no answer to a walk")
	}
	var n int64
	if err := json.Unmarshal(results[0].Value, &n); err != nil {
		return 0, fmt.Errorf("read the answer to a walk: %w", err)
	}
	return n, nil
}

func sortedNames(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// WalkEdges asks for every relation table of an inventory how many edges its
// records know at both ends, and names the tables where some are unknown to one.
func WalkEdges(ctx context.Context, c *Client, inv Inventory) (problems []string, edges int64, err error) {
	k := &checker{c: c, want: &surql.Outline{}}
	for _, t := range inv.Tables {
		if t.Type == "view" {
			continue
		}
		k.want.Tables = append(k.want.Tables, &surql.Table{Name: t.Name, Edges: t.Edges})
		edges += t.Edges
	}
	problems, err = k.edges(ctx)
	return problems, edges, err
}
