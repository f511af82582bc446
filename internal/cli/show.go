package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/db"
)

func newShow(a *app) *cobra.Command {
	var p picked
	c := &cobra.Command{
		Use:   "show [ID]",
		Short: "Show what a backup holds, from its manifest",
		Long: "Show the manifest of a backup, the newest if no ID is given: what was read, when, how\n" +
			"much of it, where it lies and who can open it. No private key is needed; with --json\n" +
			"it is the manifest itself.",
		Example: "  vapora-backup show --source vapora\n  vapora-backup show 20261123T140000Z-7f3k2m --json",
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return runShow(c.Context(), a, p, args) },
	}
	p.flags(c.Flags())
	return c
}

func runShow(ctx context.Context, a *app, p picked, args []string) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	f, err := a.pick(ctx, cfg, p, args)
	if err != nil {
		return err
	}
	return a.print(shownBackup{f.manifest, f.used})
}

// shownBackup is the result of `show`: the manifest.
type shownBackup struct {
	*catalog.Manifest
	destination string
}

func (s shownBackup) Text(w io.Writer) {
	m := s.Manifest
	linef(w, "%s  %s/%s  from %s\n", m.ID, m.Kind, m.Source, s.destination)
	table(w, func(w io.Writer) {
		linef(w, "  engine\t%s\n", m.Engine)
		linef(w, "  taken\t%s, in %s, on %s, by %s %s\n", stamp(m.Started), m.Finished.Sub(m.Started).Round(1e7), m.Host, m.Tool.Name, m.Tool.Version)
		for _, o := range m.Objects {
			linef(w, "  %s\t%s as text, %s stored\n", o.Role, size(o.Plain.Size), size(o.Stored.Size))
			linef(w, "  \t%s\n", o.Key)
			linef(w, "  \tsha256 %s\n", o.Stored.SHA256)
		}
		linef(w, "  opened by\t%s\n", strings.Join(m.Recipients, ", "))
	})
	var inv db.Inventory
	if json.Unmarshal(m.Inventory, &inv) == nil {
		inventoryText(w, inv)
	}
	for _, x := range m.Warnings {
		if !slices.Contains(inv.NotIncluded, strings.TrimPrefix(x, "not in this backup: ")) { // said already
			linef(w, "  warning: %s\n", x)
		}
	}
}

func inventoryText(w io.Writer, inv db.Inventory) {
	linef(w, "  %s/%s: %d tables, %d records, %d edges\n", inv.Namespace, inv.Database, len(inv.Tables), inv.Records, inv.Edges)
	table(w, func(w io.Writer) {
		for _, t := range inv.Tables {
			linef(w, "    %s\t%s\t%d records\t%d edges\t%s\n", t.Name, t.Type, t.Records, t.Edges, size(t.Span.Length))
		}
	})
	var defs []string
	for _, kind := range slices.Sorted(maps.Keys(inv.Definitions)) {
		defs = append(defs, fmt.Sprintf("%s %d", kind, inv.Definitions[kind]))
	}
	linef(w, "  definitions: %s\n", strings.Join(defs, ", "))
	for _, x := range inv.LeftOut {
		linef(w, "  left out: %s\n", x)
	}
	for _, x := range inv.NotIncluded {
		linef(w, "  not in this backup: %s\n", x)
	}
	for _, x := range inv.Outside {
		linef(w, "  sealed beside it: %s\n", x)
	}
}
