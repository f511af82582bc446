// Package trial tries the backup of a database: it restores it into a SurrealDB
// that goes away afterwards, and holds what is there against the backup.
package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/drill"
	"github.com/vapora-platform/vapora-backup/internal/restore"
)

// A Target makes an empty database to restore into.
type Target interface {
	// Open makes it and returns how to reach it. An error is nothing that a backup is
	// blamed for.
	Open(ctx context.Context) (*Scratch, error)
}

// A Scratch is a database that is there for one trial.
type Scratch struct {
	Client *db.Client
	Name   string // what and where it is, for people
	Login  Login  // for a smoke test
	// Close removes all of it; it is called once, also after the end of ctx.
	Close func(ctx context.Context) error
}

// Login is how to reach a scratch database.
type Login struct{ URL, Namespace, Database, Username, Password string }

// A Database tries the backups of databases. It is a drill.Kind.
type Database struct {
	Target Target
	// Backup makes a backup readable.
	Backup func(m *catalog.Manifest) (restore.Backup, error)
	// Checks are the operator's own queries for a source.
	Checks func(source string) []Check
	// Smoke, if not nil, is the application's own test; its output is for people, and
	// not stored. Its error is.
	Smoke func(ctx context.Context, l Login) (output string, err error)
	// Keys are keys of accesses that the backup lacks.
	Keys map[string]string
	Now  func() time.Time
	// Phase, if not nil, is told when a phase begins.
	Phase func(name string)

	// after, of tests, may do harm to what was restored.
	after func(ctx context.Context, c *db.Client) error
}

var _ drill.Kind = (*Database)(nil)

// Try implements drill.Kind.
func (d *Database) Try(ctx context.Context, m *catalog.Manifest, r *drill.Report) (err error) {
	var inv db.Inventory
	if err := json.Unmarshal(m.Inventory, &inv); err != nil {
		return fmt.Errorf("read the inventory: %w", err)
	}
	b, err := d.Backup(m)
	if err != nil {
		return fmt.Errorf("%w: %w", drill.ErrNotTried, err)
	}
	end := d.phase(r, "start")
	s, err := d.Target.Open(ctx)
	end()
	if err != nil {
		return fmt.Errorf("%w: open a scratch database: %w", drill.ErrNotTried, err)
	}
	r.Target = s.Name
	defer func() { err = errors.Join(err, d.end(ctx, s, r)) }()
	others, err := d.restore(ctx, b, s, inv, r)
	if err != nil {
		return err
	}
	inv.Tables = slices.DeleteFunc(inv.Tables, func(t db.Table) bool { return slices.Contains(others, t.Name) })
	if d.after != nil {
		if err := d.after(ctx, s.Client); err != nil {
			return err
		}
	}
	if err := d.compare(ctx, b, s, inv, r); err != nil {
		return err
	}
	return d.ask(ctx, s, r)
}

func (d *Database) phase(r *drill.Report, name string) func() {
	if d.Phase != nil {
		d.Phase(name)
	}
	return r.Phase(name)
}

// end removes the scratch database, unless it is to stay.
func (d *Database) end(ctx context.Context, s *Scratch, r *drill.Report) error {
	if r.Keep {
		r.Kept = s.Name
		return nil
	}
	ctx, cancel := lasting(ctx, 10*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		return fmt.Errorf("remove %s: %w", s.Name, err)
	}
	return nil
}

// lasting is ctx for so long beyond its end: nothing of the data may stay also where a
// run was interrupted, and a large namespace takes its time where it was not.
func lasting(ctx context.Context, beyond time.Duration) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-out.Done():
		case <-time.After(beyond):
			cancel()
		}
	})
	return out, func() { stop(); cancel() }
}

// restore brings the backup back as `restore db` does, with its checks. It
// returns the views that no restore computes to the same rows, which are noted.
func (d *Database) restore(ctx context.Context, b restore.Backup, s *Scratch, inv db.Inventory, r *drill.Report) (others []string, err error) {
	used := b.Used
	b.Used = func(name string) {
		r.Destination = name
		if used != nil {
			used(name)
		}
	}
	var leave []string
	keys := map[string]string{}
	for _, name := range inv.KeylessAccesses {
		if keys[name] = d.Keys[name]; keys[name] == "" {
			delete(keys, name)
			leave = append(leave, name)
			r.Note("access %s was left out: the backup lacks its key", name)
		}
	}
	res, err := restore.Run(ctx, restore.Job{
		Backup: b, Target: &db.Target{Client: s.Client}, Keys: keys, LeaveOutAccess: leave, Workers: 3, Now: d.Now, Phase: d.Phase,
	})
	if res == nil {
		return nil, err
	}
	r.Destination = res.From
	r.Seconds["prove"], r.Seconds["load"], r.Seconds["check"] = res.Seconds.Prove, res.Seconds.Load, res.Seconds.Check
	r.Restore = res.Seconds.Prove + res.Seconds.Load + res.Seconds.Check
	if res.Checked == nil {
		return nil, err
	}
	r.Assert("counts, definitions, both ends of every edge", len(res.Checked.Problems) == 0 && err == nil, "%s",
		or(strings.Join(res.Checked.Problems, "; "), fmt.Sprintf("%d tables, %d records, %d edges, %d definitions", res.Checked.Tables, res.Checked.Records, res.Checked.Edges, res.Checked.Definitions)))
	for _, l := range res.Losses {
		r.Note("not restored: %s: %s", l.What, l.Why)
	}
	for _, n := range res.Checked.Notes {
		r.Note("%s", n)
	}
	if errors.Is(err, restore.ErrDiffers) {
		err = nil // it is asserted above
	}
	return append(res.Unfed, res.Checked.Recounted...), err
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// compare reads the scratch database as a backup would, and holds each table
// against what was counted and summed when the backup was taken.
func (d *Database) compare(ctx context.Context, b restore.Backup, s *Scratch, inv db.Inventory, r *drill.Report) error {
	defer d.phase(r, "compare")()
	var secrets db.Secrets
	text, err := b.SecretText(ctx)
	if err == nil && text != nil {
		err = json.Unmarshal(text, &secrets)
	}
	if err != nil {
		return fmt.Errorf("read the sums of the backup: %w", err)
	}
	if err := d.edges(ctx, s, inv, r); err != nil {
		return err
	}
	source := db.Source{Client: s.Client, Unfinished: true} // it is, where something was found already
	dumped, err := source.Dump(ctx, io.Discard)
	if err != nil {
		return fmt.Errorf("read what was restored: %w", err)
	}
	if secrets.RowSums == nil {
		r.Note("the backup has no checksums of its rows: only their numbers are compared")
	}
	problems := inv.SameRows(dumped.Inventory, secrets.RowSums)
	if len(problems) > 0 && dumped.Engine != b.Manifest.Engine {
		r.Note("%s prints some rows otherwise than %s, so they are not compared by their checksums: %s", dumped.Engine, b.Manifest.Engine, strings.Join(problems, "; "))
		problems = nil
	}
	r.Assert("every record of every table as it was", len(problems) == 0, "%s",
		or(strings.Join(problems, "; "), fmt.Sprintf("%d tables with a checksum", len(secrets.RowSums))))
	return nil
}

// edges asks again, after whatever came since: an edge may be lost at one end
// only, which no count and no record shows.
func (d *Database) edges(ctx context.Context, s *Scratch, inv db.Inventory, r *drill.Report) error {
	problems, n, err := db.WalkEdges(ctx, s.Client, inv)
	if err != nil {
		return fmt.Errorf("walk the edges: %w", err)
	}
	r.Assert("every edge from both of its ends", len(problems) == 0, "%s", or(strings.Join(problems, "; "), fmt.Sprintf("%d edges", n)))
	return nil
}
