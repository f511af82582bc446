package db

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// ErrIncomplete is what a dump is that is not proved to be the whole database.
// A server answers 200 and only then begins to export: an export that fails
// halfway ends as cleanly as a whole one.
var ErrIncomplete = errors.New("the export is not proved complete")

// A moment is what the database said of itself at one time.
type moment struct {
	names  names
	info   info
	counts map[string]int64
}

// A proof compares a dump with what the database said before and after.
type proof struct {
	before, after moment
	version       Version
	versioned     bool // the store keeps the past
	leaveOut      LeaveOut
	minSize       int64
}

// check returns ErrIncomplete with every reason, or nil. What came or went
// while the export ran is not held against it.
func (p proof) check(o *surql.Outline) error {
	var reasons []string
	if o.Size < p.minSize {
		reasons = append(reasons, fmt.Sprintf("it has %d bytes, min_size wants %d", o.Size, p.minSize))
	}
	reasons = slices.Concat(reasons, p.definitions(o), p.rows(o), p.unwanted(o))
	if len(reasons) == 0 {
		return nil
	}
	err := fmt.Errorf("%w: %s", ErrIncomplete, strings.Join(reasons, "; "))
	if o.Size < p.minSize && len(reasons) == 1 {
		return hint.Wrap(err, "nothing was stored; if the database is that small, lower its min_size in the config")
	}
	return err
}

// definitions says what was there before and after, and is not in the dump.
func (p proof) definitions(o *surql.Outline) []string {
	have := printed(o)
	var missing, plain []string
	for n, e := range p.before.names.both(p.after.names) {
		switch {
		case p.leftOut(n, e) || implied(o, n, e):
		case !have.has(n):
			if !p.unexported(e, have) {
				missing = append(missing, n)
			}
		case e.view && !have[n].view:
			// A dump of 3.3.1 and later that ends between a view's rows and its query.
			plain = append(plain, n)
		}
	}
	var out []string
	if len(missing) > 0 {
		out = append(out, "the database defines, and the dump lacks: "+list(missing))
	}
	if len(plain) > 0 {
		out = append(out, "the database computes, and the dump has without a query: "+list(plain))
	}
	return out
}

// rows says which tables have fewer rows than they must have.
func (p proof) rows(o *surql.Outline) []string {
	var out []string
	for _, name := range p.required() {
		t := o.Table(name)
		switch {
		case t == nil || t.Define == nil: // named elsewhere
			continue
		case !t.HasData:
			out = append(out, fmt.Sprintf("table %s has no section for its rows", name))
			continue
		}
		if p.lacks(t) {
			out = append(out, fmt.Sprintf("table %s has %d rows in the dump, the database counted %d before and %d after", name, t.Records+t.Edges, p.before.counts[name], p.after.counts[name]))
		}
	}
	return out
}

// lacks says whether a table has fewer rows than it was counted to have.
func (p proof) lacks(t *surql.Table) bool {
	return t.Records+t.Edges < min(p.before.counts[t.Name], p.after.counts[t.Name])
}

// lacking are the tables with a section for their rows that lack some, if nothing else
// is wrong with the dump.
func (p proof) lacking(o *surql.Outline) (out []string) {
	if o.Size < p.minSize || len(p.definitions(o)) > 0 || len(p.unwanted(o)) > 0 {
		return nil
	}
	for _, name := range p.required() {
		if t := o.Table(name); t != nil && t.HasData && p.lacks(t) {
			out = append(out, name)
		}
	}
	return out
}

// unwanted says what is in the dump and in no whole export, or was to be left out.
func (p proof) unwanted(o *surql.Outline) []string {
	var out, left []string
	strange := 0
	for _, d := range o.Globals {
		if !d.Defines() {
			strange++
		}
	}
	if strange > 0 {
		out = append(out, fmt.Sprintf("it has %d statements that define nothing", strange))
	}
	for n, e := range printed(o) {
		if p.leftOut(n, e) {
			left = append(left, n)
		}
	}
	for _, t := range o.Tables {
		if t.Define == nil {
			out = append(out, fmt.Sprintf("table %s has rows and no definition", t.Name))
		}
	}
	if len(left) > 0 {
		out = append(out, "leave_out names what the server exported all the same: "+list(left))
	}
	return out
}

// required are the tables that were there before and after, and are meant.
func (p proof) required() []string {
	var out []string
	for _, t := range p.before.info.names("tables") {
		if _, ok := p.after.info["tables"][t]; ok && !slices.Contains(p.leaveOut.Tables, t) {
			out = append(out, t)
		}
	}
	return out
}

// leftOut says whether the config leaves a definition out.
func (p proof) leftOut(n string, e entry) bool {
	switch e.kind {
	case "USER":
		return p.leaveOut.Users
	case "ACCESS":
		return p.leaveOut.Accesses
	}
	return slices.ContainsFunc(p.leaveOut.Tables, func(t string) bool { return e.on == t || e.kind == "TABLE" && n == name("TABLE", "", t) })
}

// implied says whether a definition is one that its table brings with it and
// that is never printed: the ends of a lightweight relation.
func implied(o *surql.Outline, n string, e entry) bool {
	if n != name("FIELD", e.on, "in") && n != name("FIELD", e.on, "out") {
		return false
	}
	t := o.Table(e.on)
	return t != nil && t.Define != nil && t.Define.Lightweight()
}

// unexported says whether a definition is of a kind that this server never
// exports: CONFIGS came with 3.0.3. A dump that has one of the kind exports it,
// whatever the version. They are named in the inventory instead.
func (p proof) unexported(e entry, have names) bool {
	if !slices.Contains([]string{"CONFIG", "API", "BUCKET", "MODULE"}, e.kind) || !p.version.Less(Version{Major: 3, Patch: 3}) {
		return false
	}
	for _, h := range have {
		if h.kind == e.kind {
			return false
		}
	}
	return true
}

// list joins at most ten names.
func list(all []string) string {
	slices.Sort(all)
	if len(all) > 10 {
		return strings.Join(all[:10], ", ") + fmt.Sprintf(" and %d more", len(all)-10)
	}
	return strings.Join(all, ", ")
}
