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
}

type copiedTo struct {
	Name     string  `json:"name"`
	OK       bool    `json:"ok"`
	Required bool    `json:"required"`
	Bytes    int64   `json:"bytes"`
	Seconds  float64 `json:"seconds"`
	Error    string  `json:"error,omitempty"`
}

func newBackedUp(r *backup.Result, took time.Duration) *backedUp {
	out := &backedUp{Seconds: took.Seconds(), Warnings: []string{}}
	if m := r.Manifest; m != nil {
		data := m.Data()
		out.ID, out.Source, out.Engine = m.ID, m.Source, m.Engine
		out.PlainBytes, out.StoredBytes = data.Plain.Size, data.Stored.Size
		out.Warnings = append(out.Warnings, m.Warnings...)
		var inv db.Inventory
		if json.Unmarshal(m.Inventory, &inv) == nil {
			out.Tables, out.Records, out.Edges = len(inv.Tables), inv.Records, inv.Edges
		}
	}
	for _, d := range r.Destinations {
		c := copiedTo{Name: d.Name, OK: d.Err == nil, Required: d.Required, Bytes: d.Bytes, Seconds: d.Seconds}
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

func (b backups) printIfAny(a *app) error {
	if len(b.Backups) == 0 {
		return nil
	}
	return a.print(b)
}

// Text writes each backup in two lines and a line per destination.
func (b backups) Text(w io.Writer) {
	for _, x := range b.Backups {
		fmt.Fprintf(w, "%s  %s  %s\n", x.ID, x.Source, x.Engine)
		fmt.Fprintf(w, "  proved: %d tables, %d records, %d edges; %s as text, %s stored, in %s\n",
			x.Tables, x.Records, x.Edges, size(x.PlainBytes), size(x.StoredBytes), seconds(x.Seconds))
		for _, d := range x.Destinations {
			if d.OK {
				fmt.Fprintf(w, "  %s: stored\n", d.Name)
			} else {
				fmt.Fprintf(w, "  %s: missing: %s\n", d.Name, d.Error)
			}
		}
	}
}
