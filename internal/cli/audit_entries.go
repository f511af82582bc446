package cli

import (
	"fmt"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/drill"
	"github.com/vapora-platform/vapora-backup/internal/prune"
)

// backupEntry is what the record keeps of a backup; res is nil where there is
// none.
func backupEntry(source string, res *backedUp, err error) audit.Entry {
	e := audit.Entry{Action: audit.Backup, Result: outcome(err), Subject: audit.Subject{Kind: "database", Source: source}, Detail: why(err)}
	if res == nil {
		return e
	}
	e.Subject.Backup, e.Bytes, e.SHA256 = res.ID, res.StoredBytes, res.SHA256
	var where []string
	for _, d := range res.Destinations {
		state := "stored"
		switch {
		case d.Error != "":
			state = "missing"
		case d.Skipped != "":
			state = d.Skipped
		}
		where = append(where, d.Name+": "+state)
	}
	e.Detail = strings.Join(append(where, e.Detail), "; ")
	return e
}

// readEntry is what it keeps of something that opened a backup.
func readEntry(action audit.Action, f *found, detail string, err error) audit.Entry {
	data := f.manifest.Data()
	if err != nil {
		detail = strings.TrimPrefix(detail+": "+why(err), ": ")
	}
	return audit.Entry{
		Action: action, Result: outcome(err), Detail: detail, Bytes: data.Stored.Size, SHA256: data.Stored.SHA256,
		Subject: audit.Subject{Kind: f.manifest.Kind, Source: f.manifest.Source, Backup: f.manifest.ID, Destination: f.used, Key: f.opened},
	}
}

// verifyEntries are one for the run, and one for each copy that is bad.
func verifyEntries(v verified, err error) []audit.Entry {
	out := []audit.Entry{{
		Action: audit.Verify, Result: outcome(err), Detail: fmt.Sprintf("%s: %d copies, %d not proved good", v.Level, len(v.Backups), v.bad),
	}}
	for _, b := range v.Backups {
		if !b.OK {
			out = append(out, audit.Entry{
				Action: audit.Verify, Result: audit.Failed, Detail: strings.Join(append(b.Problems, b.Error), "; "),
				Subject: audit.Subject{Source: b.Source, Backup: b.ID, Destination: b.Destination},
			})
		}
	}
	return out
}

func drillEntry(r *drill.Report) audit.Entry {
	e := audit.Entry{
		Action: audit.RestoreTest, Result: audit.OK, Bytes: r.Bytes, Detail: fmt.Sprintf("%s: back in %s", r.Verdict, seconds(r.Restore)),
		Subject: audit.Subject{Kind: r.Kind, Source: r.Source, Backup: r.Backup, Destination: r.Destination},
	}
	if !r.OK() {
		e.Result = audit.Failed
		for _, a := range r.Assertions {
			if !a.OK {
				e.Detail += "; " + a.Name + ": " + a.Detail
			}
		}
		e.Detail += " " + r.Error
	}
	return e
}

// untriedEntry is what the record keeps of a backup that could not be tried.
func untriedEntry(e catalog.Entry, err error) audit.Entry {
	return audit.Entry{
		Action: audit.RestoreTest, Result: audit.Failed, Detail: why(err),
		Subject: audit.Subject{Kind: e.Kind, Source: e.Source, Backup: e.ID},
	}
}

// syncEntries are one for each copy that was made, or failed.
func syncEntries(s synced) []audit.Entry {
	var out []audit.Entry
	for _, d := range s.Debts {
		e := audit.Entry{
			Action: audit.Sync, Result: audit.OK, Bytes: d.Bytes, Detail: "from " + d.From,
			Subject: audit.Subject{Kind: d.Kind, Source: d.Source, Backup: d.ID, Destination: d.To},
		}
		if d.Repaired != "" {
			e.Detail = "repaired " + d.Repaired + " from " + d.From
		}
		if !d.OK {
			e.Result, e.Detail = audit.Failed, d.Error
		}
		out = append(out, e)
	}
	return out
}

func holdEntries(h held, on bool) []audit.Entry {
	action := audit.Release
	if on {
		action = audit.Hold
	}
	var out []audit.Entry
	for _, b := range h.Backups {
		e := audit.Entry{Action: action, Result: audit.OK, Detail: b.Error, Subject: audit.Subject{Source: b.Source, Backup: b.ID, Destination: b.Destination}}
		if b.Error != "" {
			e.Result = audit.Failed
		}
		out = append(out, e)
	}
	return out
}

// deleteEntries are one for each backup that is gone.
func deleteEntries(request string, o prune.Outcome) []audit.Entry {
	var out []audit.Entry
	for _, d := range o.Deleted {
		out = append(out, audit.Entry{
			Action: audit.Delete, Result: audit.OK,
			Subject: audit.Subject{Kind: d.Kind, Source: d.Source, Backup: d.ID, Destination: d.Place, Request: request},
		})
	}
	return out
}

// sweepEntries are one for each backup of which something left over is gone, in the
// order in which it went, and one for the uploads.
func sweepEntries(place string, s prune.Swept, unsafe string) []audit.Entry {
	var out []audit.Entry
	at, n := map[catalog.Key]int{}, map[catalog.Key]int{}
	for _, key := range s.Removed {
		k, err := catalog.ParseKey(key)
		if err != nil {
			continue // nothing else is swept
		}
		k = k.With("")
		if n[k]++; n[k] == 1 {
			at[k] = len(out)
			out = append(out, audit.Entry{
				Action: audit.Delete, Result: audit.OK, Subject: audit.Subject{Kind: k.Kind, Source: k.Source, Backup: k.ID, Destination: place},
			})
		}
		out[at[k]].Detail = fmt.Sprintf("left over: %d objects", n[k])
	}
	if s.Uploads > 0 {
		out = append(out, audit.Entry{
			Action: audit.Delete, Result: audit.OK, Detail: fmt.Sprintf("left over: %d unfinished uploads", s.Uploads), Subject: audit.Subject{Destination: place},
		})
	}
	for i := range out {
		if unsafe != "" {
			out[i].Detail += "; blast radius overridden: " + unsafe
		}
	}
	return out
}

func requestEntry(action audit.Action, id, detail, key string, err error) audit.Entry {
	if err != nil {
		detail = why(err)
	}
	return audit.Entry{Action: action, Result: outcome(err), Detail: detail, Subject: audit.Subject{Kind: catalog.Deletions, Request: id, Key: key}}
}
