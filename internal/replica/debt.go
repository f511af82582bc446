// Package replica keeps destinations complete: it says which backups one lacks
// that another has, and copies them byte for byte, each proved on the way. It
// needs no key, keeps no state, and any host may do it at any time.
package replica

import (
	"cmp"
	"slices"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A Place is a destination with what its listing shows.
type Place struct {
	Name    string
	Store   storage.Store
	Takes   retention.Slot
	Keep    func(kind string) retention.Policy // nil: everything, for ever
	Class   string                             // storage class of the data
	Entries []catalog.Entry

	// Lock says how long a copy is locked that will be kept until then.
	Lock func(taken, until time.Time) storage.Lock
	// Source is whether copies are made from here.
	Source bool
	// Target is whether the place gets copies.
	Target bool
}

// A Debt is a backup that a place should hold by now and does not, though
// another place does.
type Debt struct {
	Entry catalog.Entry // as another place has it
	To    string
	From  []string  // who has it, in the order of the places
	Until time.Time // when the place would let it go; zero: never
}

// Bytes is how much is to be copied.
func (d Debt) Bytes() (n int64) {
	for _, o := range d.Entry.Objects {
		n += o.Size
	}
	return n
}

// Debts compares what each place should hold at the moment now with what it
// holds. The newest come first.
func Debts(places []Place, now time.Time) []Debt {
	var out []Debt
	all := union(places)
	for _, to := range places {
		if !to.Target {
			continue
		}
		for source, entries := range all {
			for _, d := range to.Takes.Missing(to.items(source), catalog.Items(entries), to.keep(source.kind), now) {
				out = append(out, Debt{
					Entry: entries[slices.IndexFunc(entries, func(e catalog.Entry) bool { return e.ID == d.ID })],
					To:    to.Name, From: holders(places, d.ID, source), Until: d.Until,
				})
			}
		}
	}
	slices.SortStableFunc(out, func(x, y Debt) int {
		return cmp.Or(cmp.Compare(y.Entry.ID, x.Entry.ID), cmp.Compare(x.Entry.Kind+"/"+x.Entry.Source, y.Entry.Kind+"/"+y.Entry.Source))
	})
	return out
}

// A source is a kind and a name.
type source struct{ kind, name string }

func of(e catalog.Entry) source { return source{e.Kind, e.Source} }

// union is every backup that some place has and may be copied from there, by source.
func union(places []Place) map[source][]catalog.Entry {
	var lists [][]catalog.Entry
	for _, p := range places {
		if p.Source {
			lists = append(lists, p.Entries)
		}
	}
	out := map[source][]catalog.Entry{}
	for _, e := range catalog.Union(lists...) {
		out[of(e)] = append(out[of(e)], e)
	}
	return out
}

func (p Place) keep(kind string) retention.Policy {
	if p.Keep == nil {
		return retention.Policy{}
	}
	return p.Keep(kind)
}

func (p Place) items(s source) []retention.Item {
	var mine []catalog.Entry
	for _, e := range p.Entries {
		if of(e) == s {
			mine = append(mine, e)
		}
	}
	return catalog.Items(mine)
}

func holders(places []Place, id string, s source) []string {
	var out []string
	for _, p := range places {
		if _, ok := p.find(id, s); ok && p.Source {
			out = append(out, p.Name)
		}
	}
	return out
}

func (p Place) find(id string, s source) (catalog.Entry, bool) {
	i := slices.IndexFunc(p.Entries, func(e catalog.Entry) bool { return e.ID == id && of(e) == s })
	if i < 0 {
		return catalog.Entry{}, false
	}
	return p.Entries[i], true
}
