package restore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// look asks the target who it is and what it holds, before anything is read.
func (r *run) look(ctx context.Context) error {
	var err error
	if r.server, err = r.Target.Client.Version(ctx); err != nil {
		return err
	}
	r.out.Server = r.server.String()
	source, err := db.ParseVersion(r.out.Engine)
	if err != nil {
		return fmt.Errorf("read the manifest of %s: %w", r.out.Backup, err)
	}
	if r.server.Less(source) {
		return hint.Wrap(fmt.Errorf("the target runs %s, the backup is of %s: a server does not read what a newer one wrote", r.server, source),
			"restore into a server of version %s or later", source)
	}
	contents, unfinished, err := r.Target.Look(ctx)
	if err != nil {
		return err
	}
	if len(r.Tables) > 0 && len(contents) > 0 {
		if err := r.lookAround(ctx); err != nil {
			return err
		}
	}
	r.contents, r.seen = r.inTheWay(contents), unfinished
	r.out.Again = unfinished == r.mark()
	if unfinished != "" && !r.out.Again && (len(r.Tables) > 0 || !r.Force) {
		// Its mark would go with ours, and what is half there would pass for whole.
		return hint.Wrap(fmt.Errorf("%w: %s/%s holds an unfinished restore of %s", db.ErrNotEmpty, r.out.Namespace, r.out.Database, unfinished),
			"run that restore again until it ends, with the ID that it began with, or restore a whole backup over it with --force")
	}
	if len(r.contents) > 0 {
		if !r.Force && !r.out.Again {
			return r.Target.Refuse(r.contents)
		}
		r.out.Replaced = r.contents.All()
	}
	return nil
}

// mayClear refuses to start again over what the unfinished restore cannot have left:
// somebody has used the database since.
func (r *run) mayClear(ctx context.Context) error {
	if r.Force || len(r.contents) == 0 {
		return nil
	}
	beyond, err := r.Target.Beyond(ctx, r.dump.Outline, r.contents)
	if err != nil || len(beyond) == 0 {
		return err
	}
	return hint.Wrap(fmt.Errorf("%w: %s/%s holds an unfinished restore of this backup, and what is not of it: %s",
		db.ErrNotEmpty, r.out.Namespace, r.out.Database, strings.Join(beyond, "; ")),
		"somebody has used the database since; save what is needed, and replace all of it with --force")
}

// unchanged looks once more, before the first write: a proof may take hours, and what
// came meanwhile is not what the plan said.
func (r *run) unchanged(ctx context.Context) error {
	contents, unfinished, err := r.Target.Look(ctx)
	if err != nil {
		return err
	}
	if contents = r.inTheWay(contents); unfinished == r.seen && maps.EqualFunc(contents, r.contents, slices.Equal[[]string]) {
		return nil
	}
	what := "nothing"
	if len(contents) > 0 {
		what = contents.String()
	}
	if unfinished != "" {
		what += ", and an unfinished restore of " + unfinished
	}
	return hint.Wrap(fmt.Errorf("%w: %s/%s is not what it was when the restore began: it holds %s", db.ErrNotEmpty, r.out.Namespace, r.out.Database, what),
		"nothing was written; see who else writes into it, and start again")
}

// mark names what is being restored: the same words again may start again.
func (r *run) mark() string {
	if len(r.Tables) == 0 {
		return r.out.Backup
	}
	var tables []string
	for _, name := range r.Tables {
		tables = append(tables, surql.PrintIdent(name))
	}
	slices.Sort(tables)
	return r.out.Backup + " " + strings.Join(tables, ",")
}

// inTheWay returns what a restore would replace: everything, or for single
// tables those of that name.
func (r *run) inTheWay(c db.Contents) db.Contents {
	if len(r.Tables) == 0 {
		return c
	}
	var same []string
	for _, name := range c["tables"] {
		if slices.Contains(r.Tables, name) {
			same = append(same, name)
		}
	}
	if len(same) == 0 {
		return db.Contents{}
	}
	return db.Contents{"tables": same}
}
