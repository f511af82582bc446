package db

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
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
	leaveOut      LeaveOut
	minSize       int64
}

// check returns ErrIncomplete with every reason, or nil. What came or went
// while the export ran is not held against it.
func (p proof) check(o *surql.Outline) error {
	var reasons []string
	add := func(format string, args ...any) { reasons = append(reasons, fmt.Sprintf(format, args...)) }
	if o.Size < p.minSize {
		add("it has %d bytes, min_size wants %d", o.Size, p.minSize)
	}
	if missing := p.missing(o); len(missing) > 0 {
		add("the database defines, and the dump lacks: %s", list(missing))
	}
	for _, t := range p.required() {
		table := o.Table(t)
		if table == nil {
			continue // named above
		}
		if !table.HasData {
			add("table %s has no section for its rows", t)
			continue
		}
		want := min(p.before.counts[t], p.after.counts[t])
		if got := table.Records + table.Edges; got < want && !table.Define.IsDrop() {
			add("table %s has %d rows in the dump, the database counted %d before and %d after", t, got, p.before.counts[t], p.after.counts[t])
		}
	}
	for _, t := range o.Tables {
		if t.Define == nil {
			add("table %s has rows and no definition", t.Name)
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrIncomplete, strings.Join(reasons, "; "))
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

// missing are definitions that were there before and after, and not in the dump.
func (p proof) missing(o *surql.Outline) []string {
	have := printed(o)
	var out []string
	for n := range p.before.names.both(p.after.names) {
		if !have[n] && !p.leftOut(n) && !p.unexported(n) && !implied(o, n) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// leftOut says whether the config leaves a definition out.
func (p proof) leftOut(n string) bool {
	kind, rest, _ := strings.Cut(n, " ")
	switch kind {
	case "USER":
		return p.leaveOut.Users
	case "ACCESS":
		return p.leaveOut.Accesses
	case "TABLE":
		return slices.Contains(p.leaveOut.Tables, rest)
	}
	return slices.ContainsFunc(p.leaveOut.Tables, func(t string) bool { return strings.HasSuffix(rest, " ON "+t) })
}

// implied says whether a definition is one that its table brings with it and
// that is never printed: the ends of a lightweight relation.
func implied(o *surql.Outline, n string) bool {
	what, on, _ := strings.Cut(n, " ON ")
	t := o.Table(on)
	return (what == "FIELD in" || what == "FIELD out") && t != nil && t.Define != nil && t.Define.Lightweight()
}

// unexported says whether the server's version never exports the kind: CONFIGS
// came with 3.0.3. They are named in the inventory instead.
func (p proof) unexported(n string) bool {
	kind, _, _ := strings.Cut(n, " ")
	return p.version.Less(Version{3, 0, 3}) && (kind == "CONFIG" || kind == "API" || kind == "BUCKET" || kind == "MODULE")
}

// list joins at most ten names.
func list(all []string) string {
	if len(all) > 10 {
		return strings.Join(all[:10], ", ") + fmt.Sprintf(" and %d more", len(all)-10)
	}
	return strings.Join(all, ", ")
}
