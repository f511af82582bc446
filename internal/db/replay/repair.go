package replay

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// ErrKeyless is what a plan fails with if an access would come back with the
// placeholder of the export for a key: anybody could then forge its tokens.
var ErrKeyless = errors.New("access without its key")

// globals plans everything that belongs to no table.
func (b *builder) globals() error {
	var defs []surql.Definition
	var keyless []string
	for _, d := range b.o.Globals {
		switch {
		case d.Kind == "OPTION", d.Kind == "PARAM" && d.Name == Marker:
			continue
		case d.Kind == "DATABASE" && b.opt.Target.KeepsDatabase:
			b.plan.Losses = append(b.plan.Losses, Loss{"the database's own clauses: " + d.ClauseNames(), "a user of the database may not define it; one of the namespace may"})
			continue
		case d.Kind == "ACCESS" && slices.Contains(b.opt.LeaveOutAccess, d.Name):
			b.plan.Losses = append(b.plan.Losses, Loss{"access " + d.Name, "left out by name"})
			continue
		case d.Kind == "USER" && b.opt.Target.KeepsDatabase && d.Name == b.opt.Target.User:
			b.plan.Losses = append(b.plan.Losses, Loss{"the password and roles of user " + d.Name, "it is the user that restores, and stays as it is"})
			continue
		case d.Kind == "USER" && d.HasPlaceholder():
			b.plan.Losses = append(b.plan.Losses, Loss{"user " + d.Name, "the export does not hold its password; define it anew"})
			continue
		case d.Kind == "PARAM" && b.opt.Params[d.Name] != "":
			b.plan.Altered = append(b.plan.Altered, d)
			d = d.WithValue(b.opt.Params[d.Name])
			b.repairs["parameters whose values are not printed"]++
		case d.Kind == "ACCESS" && b.opt.NewKeys[d.Name] != "" && !d.HasPlaceholder():
			given, ok := d.WithNewKey(b.opt.NewKeys[d.Name])
			if !ok {
				return hint.Wrap(fmt.Errorf("access %s has no key, or a pair of them, and one was given", d.Name),
					"leave it out with --leave-access-out %s, and define it anew", d.Name)
			}
			d = given
			b.repairs["access keys"]++
		case d.HasPlaceholder():
			key, ok := b.opt.Keys[d.Name]
			if !ok || key == surql.Redacted || key == "" {
				keyless = append(keyless, d.Name)
				continue
			}
			d = d.WithKey(key)
			b.repairs["access keys"]++
		case d.Kind == "SEQUENCE":
			if start, ok := b.opt.Starts[d.Name]; ok && start != d.Start() {
				d = d.WithStart(start)
				b.repairs["sequences that would repeat"]++
			}
		}
		defs = append(defs, b.repaired(d))
	}
	if len(keyless) > 0 {
		return hint.Wrap(fmt.Errorf("%w: %s", ErrKeyless, strings.Join(keyless, ", ")),
			"give the real key with --access-key %s=@FILE, or leave the access out with --leave-access-out %[1]s", keyless[0])
	}
	b.stage(Stage{Name: "definitions", Define: defs})
	return nil
}

// repaired returns a definition with what its text gets wrong put right, so
// that it replaces what may be there.
func (b *builder) repaired(d surql.Definition) surql.Definition {
	if d.Bare() {
		b.repairs["CONFIG without its DEFINE"]++
	}
	d, fixed := d.QuotedComment()
	if fixed {
		b.repairs["comments in backticks"]++
	}
	if d, fixed = d.RepairedValue(); fixed {
		b.repairs["values of parameters"]++
	}
	if d, fixed = d.WithDelete(); fixed {
		b.repairs["permissions to delete that were not printed"]++
	}
	return d.Overwriting()
}

// losses names what no dump holds, as far as this dump tells that it was there.
func (b *builder) losses() {
	add := func(what, why string) { b.plan.Losses = append(b.plan.Losses, Loss{what, why}) }
	for _, d := range b.o.Globals {
		switch {
		case d.Grants() != "":
			add(d.Grants(), "no export holds them: its tokens die, and new ones must be granted")
		case d.Kind == "BUCKET":
			add("contents of bucket "+d.Name, "an export holds the definition of a bucket, not its files")
		}
	}
	for _, t := range b.o.Tables {
		if t.Define == nil || b.absent[t.Name] {
			continue
		}
		if t.Define.Changefeed() {
			add("changes recorded for table "+t.Name, "no export holds the history of a changefeed")
		}
		for _, f := range t.Fields {
			if f.IsReference() && t.Records+t.Edges > 0 && !b.opt.Target.References && !b.plainRows(t) {
				add("the way back over references in "+t.Name+"."+f.Name, "an import by a server before 3.3 does not rebuild it")
			}
		}
		computed := !b.opt.Target.Two && !slices.Contains(b.kept, t) // else its rows are copied
		if t.View() && t.Define.Volatile() && computed {
			add("what view "+t.Name+" took from the clock or from chance", "a view is computed anew")
		}
	}
	b.unfed()
	for _, n := range b.o.Notes {
		add("what the server says it could not replay", n)
	}
}
