package restore

import (
	"maps"
	"slices"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/db/replay"
)

// PlanOptions are what a plan needs beside the dump.
type PlanOptions struct {
	Target         replay.Target
	Keys           map[string]string // of accesses, over those sealed in the backup
	LeaveOutAccess []string
	Starts         map[string]int64 // of sequences, over those found in the data
}

// Plan puts the dump into the order that restores everything.
func (d *Dump) Plan(o PlanOptions) (*replay.Plan, error) {
	keys := map[string]string{}
	for _, k := range d.Secrets.AccessKeys {
		keys[k.Name] = k.Key
	}
	maps.Copy(keys, o.Keys)
	return replay.New(d.Outline, replay.Options{
		Target: o.Target, Keys: keys, LeaveOutAccess: o.LeaveOutAccess, Starts: d.starts(o.Starts),
	})
}

// starts returns the positions of sequences that the dump does not tell: as
// given, or else as the data says.
func (d *Dump) starts(given map[string]int64) map[string]int64 {
	out := map[string]int64{}
	for _, def := range d.Outline.Globals {
		if def.Kind != "SEQUENCE" {
			continue
		}
		positioned := slices.ContainsFunc(d.Inventory.Sequences, func(s db.Sequence) bool { return s.Name == def.Name && s.Positioned })
		if n, ok := given[def.Name]; ok {
			out[def.Name] = n
		} else if !positioned {
			if n := d.Columns.After(d.Outline, def); n > def.Start() {
				out[def.Name] = n
			}
		}
	}
	return out
}
