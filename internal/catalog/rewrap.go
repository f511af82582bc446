package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// rewrapMark begins the suffix of an object of a generation: a backup that was
// sealed anew is a second set of files under its ID, as package rekey has it. A
// good copy of one that is damaged has the mark of a repair before it.
const rewrapMark = ".rewrap-"

// mostGenerations bounds their number, and that of repairs, so that nobody who may
// write can use the numbers up with a key that has the last one.
const mostGenerations = 1_000_000

// InGeneration returns the key that an object of the backup as it was taken,
// which is generation 0, has in the n-th. Keys of what is said of the backup, such
// as tags, are the same in all.
func (k Key) InGeneration(n int) Key {
	if n == 0 || !k.isPart() {
		return k
	}
	return k.With(rewrapMark + strconv.Itoa(n) + k.Suffix)
}

// Generation is the inverse of InGeneration. Of a repair it tells nothing.
func (k Key) Generation() (first Key, n int) {
	rest, marked := strings.CutPrefix(k.Suffix, rewrapMark)
	number, suffix, dotted := strings.Cut(rest, ".")
	n, err := strconv.Atoi(number)
	if !marked || !dotted || err != nil || n < 1 || n >= mostGenerations || strconv.Itoa(n) != number {
		return k, 0
	}
	return k.With("." + suffix), n
}

// isPart reports whether a key of generation 0 is of what a generation consists
// of, and not of what is said of the backup: tags, bases, verifications.
func (k Key) isPart() bool {
	switch {
	case strings.HasPrefix(k.Suffix, tagMark):
		return false
	case k.Suffix == ManifestSuffix, k.Suffix == SignatureSuffix:
		return true
	}
	return strings.HasSuffix(k.Suffix, SealedSuffix)
}

// part returns which part of which generation an object is, or a repair of it,
// and whether it is one.
func part(o storage.Object) (first Key, n int, ok bool) {
	key, err := ParseKey(o.Key)
	if err != nil {
		return key, 0, false // an entry that a listing made has none such
	}
	key, _ = key.repairs()
	first, n = key.Generation()
	return first, n, first.isPart()
}

// Generation is the one that readers take: the highest that has a manifest.
func (e Entry) Generation() (n int) {
	for _, o := range e.Objects {
		if first, its, ok := part(o); ok && first.Suffix == ManifestSuffix {
			n = max(n, its)
		}
	}
	return n
}

// NextGeneration is one of which nothing is there.
func (e Entry) NextGeneration() (int, error) {
	last := 0
	for _, o := range e.Objects {
		_, n, _ := part(o)
		last = max(last, n)
	}
	if last+1 >= mostGenerations {
		return 0, fmt.Errorf("generation %d is there, and none can follow it", last)
	}
	return last + 1, nil
}

// Place returns where readers find what generation 0 has under a key.
func (e Entry) Place(key string) string {
	k, err := ParseKey(key)
	if err != nil {
		return key
	}
	if _, n := k.Generation(); n > 0 {
		return key
	}
	return k.InGeneration(e.Generation()).String()
}

// Superseded returns the objects under an ID that belong to older generations
// than the one that is read, repairs among them, manifests first: when some of
// them are gone, the others are not taken for a backup. Tags and verifications
// are not among them. Nor is what is newer and has no manifest: it may be a
// rewrapping that is under way, and is to be treated as orphans are.
func (e Entry) Superseded() []storage.Object {
	n := e.Generation()
	var manifests, others []storage.Object
	for _, o := range e.Objects {
		switch first, its, ok := part(o); {
		case !ok || its >= n:
		case first.Suffix == ManifestSuffix:
			manifests = append(manifests, o)
		default:
			others = append(others, o)
		}
	}
	return slices.Concat(manifests, others)
}

// current returns a repaired entry, and the store, with the generation that is
// read in the place of the backup.
func (e Entry) current(s storage.Store) (Entry, storage.Store) {
	n := e.Generation()
	out := e
	out.Objects = nil
	for _, o := range e.Objects {
		first, its, ok := part(o)
		switch {
		case ok && its == n:
			o.Key = first.String()
			out.Objects = append(out.Objects, o)
		case !ok && its == 0:
			out.Objects = append(out.Objects, o) // of the ID, whatever its generation
		}
	}
	if n == 0 {
		return out, s
	}
	return out, InGeneration(s, e, n)
}
