package cli

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/drill"
)

// pick chooses one backup of each source that the config backs up, or that --source
// names. A source without one that fits is a failure of its own.
func (o *drillOptions) pick(a *app, cfg *config.Config, places []place) (out []catalog.Entry, failures []error, _ error) {
	var within config.Duration
	if o.within != "" {
		if err := within.UnmarshalText([]byte(o.within)); err != nil {
			return nil, nil, usagef("--within: %v", err)
		}
	}
	all := distinct(places)
	if o.choose != drill.Latest && o.choose != drill.Random {
		e, err := catalog.Find(all, o.choose)
		if err != nil {
			return nil, nil, err
		}
		return []catalog.Entry{e}, nil, nil
	}
	sources := map[string][]catalog.Entry{}
	var order []string
	for _, e := range all {
		of := e.Kind + "/" + e.Source
		if sources[of] == nil {
			order = append(order, of)
		}
		sources[of] = append(sources[of], e)
	}
	slices.Sort(order)
	for _, of := range order {
		entries := sources[of]
		if _, ok := backsUp(cfg, entries[0].Kind, entries[0].Source); !ok && o.source == "" {
			a.say("%s is left out: the config does not back it up; --source %s tries it", of, entries[0].Source)
			continue
		}
		slices.SortFunc(entries, func(x, y catalog.Entry) int { return x.Time.Compare(y.Time) })
		e, err := drill.Pick(entries, o.choose, time.Duration(within), o.seed, a.Now())
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", of, err))
			continue
		}
		out = append(out, e)
	}
	if len(out)+len(failures) == 0 {
		return nil, nil, errors.New("no backup to try in any destination")
	}
	return out, failures, nil
}

// distinct are the backups of all places, each once.
func distinct(places []place) []catalog.Entry {
	seen := map[catalog.Key]bool{}
	var out []catalog.Entry
	for _, p := range places {
		for _, e := range p.entries {
			if key := e.Key(catalog.ManifestSuffix); !seen[key] {
				seen[key] = true
				out = append(out, e)
			}
		}
	}
	return out
}
