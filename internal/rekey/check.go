package rekey

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A State says what the canaries of a set tell.
type State string

// The states of a set.
const (
	Opens    State = "opens"     // a canary was opened with an identity at hand
	Closed   State = "closed"    // there are canaries, and no identity at hand opens them
	Untried  State = "untried"   // there are canaries, and no identity at hand to try: no failure
	Broken   State = "broken"    // there are canaries, and none is what was sealed
	NoCanary State = "no canary" // none has been planted yet
)

// A Set is what is known of a group of recipients.
type Set struct {
	Recipients []string // fingerprints, in order
	Current    bool     // the config seals for it
	Use                 // by backups that exist

	State  State
	Canary string // key of the one that tells, "" if there is none
	// Problems are canaries, newer than that one, that are not what was sealed.
	Problems []string
	// Absent are the recipients whose private key is not among the identities;
	// nothing is said where there are none at hand. Of a plugin's key only the
	// plugin can tell: it counts as here if an identity of the plugin is.
	Absent []string
}

// Lost reports whether there are identities at hand, and none of them can open
// what is sealed for the set: a canary says so, or, where none does, the names of keys.
func (s Set) Lost() bool {
	return s.State == Closed || s.State != Opens && len(s.Absent) == len(s.Recipients)
}

// Single reports whether one lost key loses all that is sealed for the set.
func (s Set) Single() bool { return len(s.Recipients) == 1 }

// A Use is how many backups are sealed for a set, and the IDs of the first and
// the last.
type Use struct {
	Backups     int
	First, Last string
}

// CheckOptions say what to look at.
type CheckOptions struct {
	Store      storage.Store
	Sets       []*crypt.Recipients // of the config
	Used       map[string]Set      // of backups, as Used returns them
	Identities *crypt.Identities   // nil: none at hand
}

// Check looks for a canary of each set, of the config and of existing backups,
// and opens it with the identities: the newest that is what was sealed. The sets
// of the config come first. An error is the store's, or that of a key that does
// not work; a canary that does not open is none, but the state of its set.
func Check(ctx context.Context, o CheckOptions) ([]Set, error) {
	var out []Set
	seen := map[string]bool{}
	add := func(s Set) error {
		if name := SetName(s.Recipients); !seen[name] {
			seen[name] = true
			s.Use = o.Used[name].Use
			s.Absent = absent(s.Recipients, o.Identities)
			if err := o.look(ctx, &s); err != nil {
				return fmt.Errorf("check canary of %s: %w", strings.Join(s.Recipients, ", "), err)
			}
			out = append(out, s)
		}
		return nil
	}
	for _, r := range o.Sets {
		if err := add(Set{Recipients: sorted(r.Fingerprints()), Current: true}); err != nil {
			return nil, err
		}
	}
	var used []Set
	for _, s := range o.Used {
		used = append(used, s)
	}
	slices.SortFunc(used, func(a, b Set) int {
		return cmp.Or(cmp.Compare(b.Last, a.Last), slices.Compare(a.Recipients, b.Recipients))
	})
	for _, s := range used {
		if err := add(Set{Recipients: s.Recipients}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (o CheckOptions) look(ctx context.Context, s *Set) error {
	keys, err := canaries(ctx, o.Store, SetName(s.Recipients))
	if err != nil {
		return err
	}
	s.State = NoCanary
	for _, key := range keys {
		s.Canary = key.String()
		if o.Identities == nil {
			s.State = Untried
			return nil
		}
		switch err := look(ctx, o.Store, key, s.Recipients, o.Identities); {
		case err == nil:
			s.State = Opens
			return nil
		case errors.Is(err, crypt.ErrNoMatch):
			s.State = Closed
			return nil
		case errors.Is(err, archive.ErrDamaged), errors.Is(err, fs.ErrNotExist):
			s.State = Broken
			s.Problems = append(s.Problems, fmt.Sprintf("%s: %v", key, err))
		default:
			return err
		}
	}
	return nil
}

// absent are the recipients whose identity is not there.
func absent(prints []string, ids *crypt.Identities) []string {
	if ids == nil {
		return nil
	}
	here := ids.Recipients()
	return slices.DeleteFunc(slices.Clone(prints), func(print string) bool {
		return slices.ContainsFunc(here, func(r crypt.Recipient) bool {
			return r.Fingerprint == print || r.Public == "" && ofPlugin(print, strings.TrimPrefix(r.Fingerprint, "plugin "))
		})
	})
}

// ofPlugin reports whether a fingerprint may be that of a plugin's key: it begins
// with the first characters of the key.
func ofPlugin(print, plugin string) bool {
	start, _, _ := strings.Cut(print, " ")
	prefix := "age1" + plugin + "1"
	return strings.HasPrefix(start, prefix[:min(len(prefix), len(start))]) && start != ""
}

// Used reads the manifests of backups and returns the sets that they are sealed
// for, by their [SetName]. One that cannot be read, or is vouched for by nobody,
// is an error beside the others.
func Used(ctx context.Context, s storage.Store, entries []catalog.Entry, v catalog.Verifier) (map[string]Set, []error) {
	out := map[string]Set{}
	var failed []error
	for _, e := range entries {
		if end := storage.Ended(ctx); end != nil {
			return out, append(failed, end)
		}
		seen, store := e.Repaired(s)
		m, _, err := catalog.Load(ctx, store, seen, v)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		name := SetName(m.Recipients)
		set, ok := out[name]
		if !ok {
			set.Recipients, set.First = sorted(m.Recipients), e.ID
		}
		set.Backups++
		set.First, set.Last = min(set.First, e.ID), max(set.Last, e.ID)
		out[name] = set
	}
	return out, failed
}
