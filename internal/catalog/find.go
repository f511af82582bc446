package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// maxCandidates is how many IDs an error names.
const maxCandidates = 5

// Find returns the entry whose ID is id, or begins with it if that is true of
// one backup only. Entries of one backup at several destinations are one; the
// first is returned.
func Find(entries []Entry, id string) (Entry, error) {
	var found []Entry
	for _, e := range entries {
		known := slices.ContainsFunc(found, func(x Entry) bool { return compare(x, e) == 0 })
		if id != "" && strings.HasPrefix(e.ID, id) && !known {
			found = append(found, e)
		}
	}
	switch len(found) {
	case 0:
		return Entry{}, hint.Wrap(fmt.Errorf("no backup %q", id), "vapora-backup list shows those that there are")
	case 1:
		return found[0], nil
	}
	var names []string
	for _, e := range found[:min(len(found), maxCandidates)] {
		names = append(names, fmt.Sprintf("%s (%s/%s)", e.ID, e.Kind, e.Source))
	}
	if n := len(found) - len(names); n > 0 {
		names = append(names, fmt.Sprintf("%d more", n))
	}
	return Entry{}, hint.Wrap(fmt.Errorf("%q could be any of %d backups: %s", id, len(found), strings.Join(names, ", ")),
		"give more of the ID, or name the source with --source")
}
