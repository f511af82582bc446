package db

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// ErrNotEmpty is what a restore into a database with something in it is refused with.
var ErrNotEmpty = errors.New("the target is not empty")

// A Target is a database that a restore goes into. Unlike a source it may be
// created, and cleared when that was asked for.
type Target struct {
	Client *Client
	// Line is the DEFINE DATABASE statement of the source, if it is known: its
	// clauses come back, also to a database that exists.
	Line string
	// Around, if not nil, says that single tables are restored, and all else stays.
	Around *Around

	run string // of the mark that Prepare set
}

// Contents are the names of what a database holds, by kind as INFO says them.
type Contents map[string][]string

// String lists at most a few names of each kind.
func (c Contents) String() string { return c.list(5) }

// All lists every name.
func (c Contents) All() string { return c.list(math.MaxInt) }

func (c Contents) list(most int) string {
	var parts []string
	for _, kind := range sortedKinds(c) {
		names := c[kind]
		text := strings.Join(names[:min(len(names), most)], ", ")
		if len(names) > most {
			text += fmt.Sprintf(" and %d more", len(names)-most)
		}
		parts = append(parts, kind+" "+text)
	}
	return strings.Join(parts, "; ")
}

func sortedKinds(c Contents) []string {
	kinds := make([]string, 0, len(c))
	for k := range c {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	return kinds
}

// Look says what is in the target, and which backup's restore into it is
// unfinished: the words that Prepare was given, "" if none is. A database that
// does not exist yet is empty.
func (t *Target) Look(ctx context.Context) (c Contents, unfinished string, err error) {
	info, err := t.Client.infoDB(ctx)
	if errors.Is(err, ErrNoDatabase) {
		return Contents{}, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("look into the target: %w", err)
	}
	unfinished = info.unfinished()
	c = Contents{}
	for kind, defs := range info {
		for name := range defs {
			if isMarker(kind, name) {
				continue
			}
			if kind == "users" && t.Client.opt.Auth == Database && name == t.Client.opt.Username {
				continue // the user that restores
			}
			c[kind] = append(c[kind], name)
		}
		slices.Sort(c[kind])
	}
	return c, unfinished, nil
}

// Beyond says what the target holds that an unfinished restore of a dump cannot have
// left: what the dump does not define, and tables with more records than it has.
func (t *Target) Beyond(ctx context.Context, dump *surql.Outline, c Contents) ([]string, error) {
	var out, tables []string
	known := printed(dump)
	for _, list := range sortedKinds(c) {
		for _, x := range c[list] {
			switch of := dump.Table(x); {
			case kinds[list] == "" || !known.has(name(kinds[list], "", x)) && (list != "tables" || of == nil):
				out = append(out, list+" "+x)
			case list == "tables" && !of.View():
				tables = append(tables, x)
			}
		}
	}
	counts, err := t.Client.Counts(ctx, tables)
	if err != nil {
		return nil, fmt.Errorf("count what is in the target: %w", err)
	}
	for _, x := range tables {
		if of := dump.Table(x); counts[x] > of.Records+of.Edges {
			out = append(out, fmt.Sprintf("%d records more in table %s", counts[x]-of.Records-of.Edges, x))
		}
	}
	return out, nil
}

// CheckOwner returns ErrDenied unless the Client's user may define users and accesses of
// the database. One that does not exist yet cannot be asked.
func (t *Target) CheckOwner(ctx context.Context) error {
	if _, err := t.Client.infoDB(ctx); errors.Is(err, ErrNoDatabase) {
		return nil
	}
	err := t.exec(ctx, "ask for the rights of an OWNER", "REMOVE USER IF EXISTS "+marker+"_nobody ON DATABASE") // changes nothing
	if err != nil && ctx.Err() == nil {
		return hint.Wrap(fmt.Errorf("%w: the user may not define the users and accesses of %s/%s: %w", ErrDenied, t.Client.opt.Namespace, t.Client.opt.Database, err),
			"restore as a user with the role OWNER; nothing was changed")
	}
	return err
}

// Prepare makes the database exist, with the clauses of Line, empties it where
// clear says so, and marks it as an unfinished restore of the backup: over the mark of
// another only if over says so, which is then no longer the one that may end. It returns
// what stays all the same: CONFIGs that a server before 3.0.3 can replace and not
// remove.
func (t *Target) Prepare(ctx context.Context, backup string, over bool, clear Contents) (losses []replay.Loss, err error) {
	for kind := range clear {
		if removals[kind] == "" {
			return nil, fmt.Errorf("clear the target: it holds %s, which cannot be removed", kind)
		}
	}
	if err := t.create(ctx, len(clear) > 0 && t.Around == nil); err != nil {
		return nil, err
	}
	if err := t.mark(ctx, backup, over); err != nil {
		return nil, err
	}
	if t.Around != nil {
		if losses, err = t.forgetAll(ctx, clear["tables"]); err != nil {
			return nil, err
		}
	}
	stays, err := t.remove(ctx, clear)
	for _, what := range stays {
		losses = append(losses, replay.Loss{What: "that " + what + " of the target goes", Why: "this server can replace it and not remove it; it stays unless the backup has one"})
	}
	return losses, err
}

// Refused are the clauses of Line that the target's user may not set, by name; "" if
// there are none.
func (t *Target) Refused() string {
	if t.Client.opt.Auth != Database {
		return ""
	}
	return surql.Parse(t.Line).ClauseNames()
}

// create makes the namespace and the database where they are missing, and gives a
// database that is there the clauses of Line; one that is replaced no others.
func (t *Target) create(ctx context.Context, replaced bool) error {
	o := t.Client.opt
	clauses := surql.Parse(t.Line).DatabaseClauses()
	form := "DEFINE DATABASE OVERWRITE "
	if _, err := t.Client.infoDB(ctx); errors.Is(err, ErrNoDatabase) {
		form = "DEFINE DATABASE IF NOT EXISTS "
	} else if err != nil {
		return fmt.Errorf("look into the target: %w", err)
	} else if clauses == "" && !replaced || o.Auth == Database {
		return nil
	}
	if o.Auth == Root {
		if err := t.execIn(ctx, "", "", "create the namespace", "DEFINE NAMESPACE IF NOT EXISTS "+surql.QuoteIdent(o.Namespace)); err != nil {
			return err
		}
	}
	return t.execIn(ctx, o.Namespace, "", "define the database", strings.TrimSpace(form+surql.QuoteIdent(o.Database)+" "+clauses))
}

// removals are how each kind of INFO FOR DB is removed.
var removals = map[string]string{
	"accesses": "ACCESS %s ON DATABASE", "analyzers": "ANALYZER %s", "apis": "API %s", "buckets": "BUCKET %s",
	"configs": "CONFIG %s", "functions": "FUNCTION fn::%s", "models": "MODEL ml::%s", "modules": "MODULE %s",
	"params": "PARAM $%s", "sequences": "SEQUENCE %s", "tables": "TABLE IF EXISTS %s", "users": "USER %s ON DATABASE",
}

// remove takes out what contents names. A table that a view reads cannot go
// before the view, so what is refused is tried again as long as others go.
func (t *Target) remove(ctx context.Context, contents Contents) (stays []string, err error) {
	type removal struct{ kind, name, sql string }
	var left []removal
	for _, kind := range sortedKinds(contents) {
		for _, name := range contents[kind] {
			left = append(left, removal{kind, name, "REMOVE " + fmt.Sprintf(removals[kind], removalName(kind, name))})
		}
	}
	for len(left) > 0 {
		var refused []removal
		var last error
		for _, r := range left {
			err := t.exec(ctx, "clear the target", r.sql)
			if err != nil && r.kind == "tables" && strings.Contains(err.Error(), "LIGHTWEIGHT") { // it goes only when it is empty
				err = t.exec(ctx, "clear the target", "DELETE "+surql.QuoteIdent(r.name)+"; "+r.sql)
			}
			switch {
			case err != nil && ctx.Err() == nil && r.kind == "configs":
				stays = append(stays, "config "+r.name)
			case err != nil:
				refused, last = append(refused, r), err
			}
		}
		if len(refused) == len(left) {
			return nil, last
		}
		left = refused
	}
	return stays, nil
}

// removalName prints a name of INFO as REMOVE wants it.
func removalName(kind, name string) string {
	switch kind {
	case "functions":
		parts := strings.Split(name, "::")
		for i, part := range parts {
			parts[i] = surql.PrintIdent(part)
		}
		return strings.Join(parts, "::")
	case "models", "modules", "configs":
		return name
	case "params":
		return surql.PrintIdent(name)
	case "apis":
		return surql.QuoteString(name)
	}
	return surql.QuoteIdent(name)
}

func (t *Target) exec(ctx context.Context, what, sql string) error {
	return t.execIn(ctx, t.Client.opt.Namespace, t.Client.opt.Database, what, sql)
}

func (t *Target) execIn(ctx context.Context, ns, db, what, sql string) error {
	results, err := t.Client.QueryIn(ctx, ns, db, sql)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	for _, r := range results {
		if r.Err != "" {
			return fmt.Errorf("%s: %s", what, r.Err)
		}
	}
	return nil
}

// Refuse returns the error for a target that is not empty.
func (t *Target) Refuse(c Contents) error {
	return hint.Wrap(fmt.Errorf("%w: %s/%s holds %s", ErrNotEmpty, t.Client.opt.Namespace, t.Client.opt.Database, c),
		"restore into another database with --to-database, or replace what is there with --force")
}
