package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/db"
)

// backups is the result of `backup db`.
type backups struct {
	Backups []backedUp `json:"backups"`
}

type backedUp struct {
	ID           string     `json:"id"`
	Source       string     `json:"source"`
	Engine       string     `json:"engine"`
	PlainBytes   int64      `json:"plain_bytes"`
	StoredBytes  int64      `json:"stored_bytes"`
	Tables       int        `json:"tables"`
	Records      int64      `json:"records"`
	Edges        int64      `json:"edges"`
	Seconds      float64    `json:"seconds"`
	Destinations []copiedTo `json:"destinations"`
	Warnings     []string   `json:"warnings"`
	SHA256       string     `json:"sha256,omitempty"` // of the stored data
}

// copiedTo is what became of a backup at one destination. OK is whether it is
// as it should be: the backup is there, or did not have to be (Skipped).
type copiedTo struct {
	Name        string     `json:"name"`
	OK          bool       `json:"ok"`
	Skipped     string     `json:"skipped,omitempty"`
	Required    bool       `json:"required"`
	Bytes       int64      `json:"bytes"`
	Seconds     float64    `json:"seconds"`
	Class       string     `json:"storage_class,omitempty"`
	LockMode    string     `json:"lock_mode,omitempty"`
	LockedUntil *time.Time `json:"locked_until,omitempty"`
	Unseen      bool       `json:"unseen,omitempty"`
	Error       string     `json:"error,omitempty"`
}

func newBackedUp(name string, r *backup.Result, took time.Duration) *backedUp {
	out := &backedUp{Source: name, Seconds: took.Seconds(), Warnings: []string{}}
	if m := r.Manifest; m != nil {
		data := m.Data()
		out.ID, out.Source, out.Engine, out.SHA256 = m.ID, m.Source, m.Engine, data.Stored.SHA256
		out.PlainBytes, out.StoredBytes = data.Plain.Size, data.Stored.Size
		out.Warnings = append(out.Warnings, m.Warnings...)
		var inv db.Inventory
		if json.Unmarshal(m.Inventory, &inv) == nil {
			out.Tables, out.Records, out.Edges = len(inv.Tables), inv.Records, inv.Edges
		}
	}
	for _, d := range r.Destinations {
		c := copiedTo{
			Name: d.Name, OK: d.Err == nil, Skipped: d.Skipped, Required: d.Required, Bytes: d.Bytes, Seconds: d.Seconds,
			Class: d.Class, LockMode: string(d.Lock.Mode), Unseen: d.Unseen,
		}
		if !d.Lock.IsZero() {
			c.LockedUntil = &d.Lock.Until
		}
		if d.Err != nil {
			c.Error = d.Err.Error()
		}
		out.Destinations = append(out.Destinations, c)
	}
	return out
}

func (b *backedUp) missing() string {
	var names []string
	for _, d := range b.Destinations {
		if !d.OK {
			names = append(names, d.Name+" ("+d.Error+")")
		}
	}
	return strings.Join(names, ", ")
}

// stored names the destinations that took the backup.
func (b *backedUp) stored() string {
	var names []string
	for _, d := range b.Destinations {
		if d.OK && d.Skipped == "" {
			names = append(names, d.Name)
		}
	}
	return strings.Join(names, ", ")
}

func (b backups) printIfAny(a *app) error {
	if len(b.Backups) == 0 {
		return nil
	}
	return a.print(b)
}

// Text writes each backup in two lines and a table of the destinations.
func (b backups) Text(w io.Writer) {
	for _, x := range b.Backups {
		if x.ID == "" {
			linef(w, "%s: nothing is due\n", x.Source)
		} else {
			linef(w, "%s  %s  %s\n", x.ID, x.Source, x.Engine)
			linef(w, "  proved: %d tables, %d records, %d edges; %s as text, %s stored, in %s\n",
				x.Tables, x.Records, x.Edges, size(x.PlainBytes), size(x.StoredBytes), seconds(x.Seconds))
		}
		table(w, func(w io.Writer) {
			for _, d := range x.Destinations {
				linef(w, "  %s:\t%s\n", d.Name, d.text())
			}
		})
	}
}

func (c copiedTo) text() string {
	switch {
	case c.Error != "":
		return "missing: " + c.Error
	case c.Skipped != "":
		return c.Skipped
	}
	out := fmt.Sprintf("stored\t%s in %s", size(c.Bytes), seconds(c.Seconds))
	if c.Class != "" {
		out += ", " + c.Class
	}
	if c.LockedUntil != nil {
		out += fmt.Sprintf(", locked until %s (%s)", stamp(*c.LockedUntil), c.LockMode)
	}
	return out
}
