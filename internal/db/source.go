package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// LeaveOut names what a dump shall not hold.
type LeaveOut struct {
	Tables          []string
	Users, Accesses bool
}

// A Source is one database to back up.
type Source struct {
	Client   *Client
	MinSize  int64 // bytes below which a dump is a failure
	LeaveOut LeaveOut
	// Unfinished takes also a database that a restore has not finished.
	Unfinished bool
	// Recount is how long a table that lacks rows is counted again, zero for what is good
	// for most.
	Recount time.Duration
	// AccessKeys are the real keys of accesses, which exports of 3.x hide.
	AccessKeys map[string]string
}

// Dumped is what a Source tells of a dump that it proved.
type Dumped struct {
	Engine    string // "surrealdb-3.3.5"
	Inventory Inventory
	Warnings  []string
	Secrets   *Secrets
}

// Databases returns the names of all databases of the Client's namespace.
func (s *Source) Databases(ctx context.Context) ([]string, error) {
	if err := s.Client.findNamespace(ctx); err != nil {
		return nil, err
	}
	ns, err := s.Client.ask(ctx, s.Client.opt.Namespace, "", "NS")
	if err != nil {
		return nil, err
	}
	return ns.names("databases"), nil
}

// Reach asks the server for its version and looks for the namespace and the
// database, as Dump does before it begins.
func (s *Source) Reach(ctx context.Context) (Version, error) {
	version, err := s.Client.Version(ctx)
	if err != nil {
		return version, err
	}
	return version, s.Client.find(ctx)
}

// Dump writes the whole database to w as the server exports it. Unless it
// returns nil, what it wrote is not a backup. It needs the role VIEWER, and
// creates nothing.
func (s *Source) Dump(ctx context.Context, w io.Writer) (*Dumped, error) {
	version, err := s.Reach(ctx)
	if err != nil {
		return nil, err
	}
	p := proof{version: version, leaveOut: s.LeaveOut, minSize: s.MinSize}
	d := &Dumped{Engine: "surrealdb-" + version.String()}
	if err := s.prepare(ctx, &p, d); err != nil {
		return nil, err
	}
	if err := s.settled(p.before.info.unfinished()); err != nil {
		return nil, err
	}
	o, err := s.export(ctx, w, &p)
	if err == nil {
		err = ctx.Err() // nothing below asks the server, as a rule
	}
	if err != nil {
		return nil, err
	}
	if err := s.settled(unfinished(o)); err != nil {
		return nil, err
	}
	if err := s.prove(ctx, &p, o); err != nil {
		return nil, err
	}
	if silent := p.silent(o); len(silent) > 0 {
		d.Secrets.Unexported = silent
	}
	d.Inventory = s.inventory(o, p, d.Secrets)
	if d.Inventory.FailedIndexes, err = s.Client.failedIndexes(ctx, o); err != nil {
		return nil, err
	}
	if !p.version.Two() {
		if d.Secrets.Params, err = s.Client.params(ctx, o, p.before.info["params"]); err != nil {
			return nil, err
		}
	}
	d.Secrets.RowSums = d.Inventory.RowSums()
	d.Warnings = append(append(d.Warnings, s.strays(o, p)...), d.Inventory.warnings(o)...)
	return d, nil
}

// settled refuses a database that a restore of a backup, if there is one, is still
// writing into: half a database shall not pass for a whole one.
func (s *Source) settled(backup string) error {
	if backup == "" || s.Unfinished {
		return nil
	}
	return hint.Wrap(fmt.Errorf("%w: a restore of %s into it has not ended", ErrIncomplete, backup),
		"let that restore end, or run it again; if what is there is what you want, REMOVE PARAM $"+marker)
}

// A table that has fewer rows in the dump than it was counted to have before and after is
// counted again for so long, more and more seldom.
const (
	recountFor  = 40 * time.Second
	recountSoon = 100 * time.Millisecond
)

// prove compares the dump with what the database said before. That is all there, as a
// rule. Only if it is not is it worth asking again: what went meanwhile is not missing.
// Nor are rows of a table, such as a queue, that has as few again and again.
func (s *Source) prove(ctx context.Context, p *proof, o *surql.Outline) (err error) {
	if p.after = p.before; p.check(o) == nil {
		return nil
	}
	if p.after, err = s.look(ctx); err != nil {
		return fmt.Errorf("look at the database after the export: %w", err)
	}
	// A restore that began meanwhile has emptied it: that it has few rows proves nothing.
	if err := s.settled(p.after.info.unfinished()); err != nil {
		return err
	}
	wait, most := recountSoon, cmp.Or(s.Recount, recountFor)
	for begin := time.Now(); time.Since(begin) < most; wait += wait / 4 {
		lacking := p.lacking(o)
		if len(lacking) == 0 {
			break
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		now, err := s.Client.Counts(ctx, lacking)
		if err != nil {
			return fmt.Errorf("count again after the export: %w", err)
		}
		for name, n := range now {
			p.after.counts[name] = min(p.after.counts[name], n)
		}
	}
	if err = p.check(o); err != nil && len(p.lacking(o)) > 0 {
		return hint.Wrap(err, "nothing was stored; if rows were deleted and others came while it ran, take it again")
	}
	return err
}

// prepare asks all that is asked before the export, at once: a server takes
// longest to count.
func (s *Source) prepare(ctx context.Context, p *proof, d *Dumped) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		if p.before, err = s.look(ctx); err != nil {
			return fmt.Errorf("look at the database before the export: %w", err)
		}
		return nil
	})
	g.Go(func() (err error) {
		if d.Secrets, d.Warnings, err = s.secrets(ctx); err != nil {
			return fmt.Errorf("ask for what no export holds: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		p.versioned = s.Client.versioned(ctx)
		return nil
	})
	return g.Wait()
}

// strays says what the config names and the database does not have, and what
// leaving tables out does to others.
func (s *Source) strays(o *surql.Outline, p proof) []string {
	var out []string
	for _, t := range s.LeaveOut.Tables {
		if _, ok := p.before.info["tables"][t]; !ok {
			out = append(out, fmt.Sprintf("leave_out names table %s, which the database does not have", t))
		}
	}
	for _, t := range o.Tables {
		if t.Define == nil {
			continue
		}
		for _, from := range t.Define.Reads() {
			if slices.Contains(s.LeaveOut.Tables, from) {
				out = append(out, fmt.Sprintf("view %s reads table %s, which is left out: a restore names it as lost", t.Name, from))
			}
		}
	}
	if s.LeaveOut.Accesses {
		return out
	}
	for _, name := range slices.Sorted(maps.Keys(s.AccessKeys)) {
		if _, ok := p.before.info["accesses"][name]; !ok {
			out = append(out, fmt.Sprintf("access_keys names access %s, which the database does not have", name))
		}
	}
	return out
}

// look asks what the database holds now.
func (s *Source) look(ctx context.Context) (moment, error) {
	var m moment
	var err error
	if m.names, m.info, err = s.Client.defined(ctx); err != nil {
		return m, err
	}
	m.counts, err = s.Client.Counts(ctx, m.info.names("tables"))
	return m, err
}

// Secrets are what lies sealed beside a dump: what no export holds and nobody
// may read in clear.
type Secrets struct {
	AccessKeys []AccessKey `json:"access_keys,omitempty"`
	// RootUsers and the others are statements as INFO gives them, by name.
	RootUsers         map[string]string `json:"root_users,omitempty"`
	RootAccesses      map[string]string `json:"root_accesses,omitempty"`
	NamespaceUsers    map[string]string `json:"namespace_users,omitempty"`
	NamespaceAccesses map[string]string `json:"namespace_accesses,omitempty"`
	// DatabaseLine is the DEFINE DATABASE of the database itself, which exports
	// before 3.3.1 lack.
	DatabaseLine string `json:"database_line,omitempty"`
	// Unexported are definitions of the database itself that its version does
	// not export, as INFO gives them: "CONFIG GRAPHQL".
	Unexported map[string]string `json:"unexported,omitempty"`
	// Params are values of parameters that their definitions do not tell, as rows
	// print them.
	Params map[string]string `json:"params,omitempty"`
	// RowSums are checksums over the rows of each table: a database that was
	// restored has the same. Backups of before there were any have none.
	RowSums map[string]string `json:"row_sums,omitempty"`
}

// An AccessKey is the real key of an access.
type AccessKey struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// secrets gathers them. What the user may not ask for is a warning.
func (s *Source) secrets(ctx context.Context) (*Secrets, []string, error) {
	out := &Secrets{}
	for name, key := range s.AccessKeys {
		out.AccessKeys = append(out.AccessKeys, AccessKey{name, key})
	}
	slices.SortFunc(out.AccessKeys, func(x, y AccessKey) int { return strings.Compare(x.Name, y.Name) })
	c, o := s.Client, s.Client.opt
	var warnings []string
	for _, place := range []struct {
		what, namespace string
		use             func(info)
	}{
		{"ROOT", "", func(i info) { out.RootUsers, out.RootAccesses = i["users"], i["accesses"] }},
		{"NS", o.Namespace, func(i info) {
			out.NamespaceUsers, out.NamespaceAccesses = i["users"], i["accesses"]
			out.DatabaseLine = i["databases"][o.Database]
		}},
	} {
		i, err := c.ask(ctx, place.namespace, "", place.what)
		switch {
		case err == nil:
			place.use(i)
		case errors.Is(err, ErrDenied):
			warnings = append(warnings, fmt.Sprintf("users and accesses of %s are not in this backup: the user may not ask for them", map[string]string{"ROOT": "root", "NS": "the namespace"}[place.what]))
		default:
			return nil, nil, err
		}
	}
	return out, warnings, nil
}
