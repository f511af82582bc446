package catalog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Markers are small objects beside a backup whose key says all that planning
// needs, so that a listing is enough: what it needs, how people call it, and what
// came of verifying it.
const (
	tagMark      = ".tag-"      // ID.tag-before-upgrade, empty
	baseMark     = ".base-"     // ID.base-20261122t140000z-222222, empty
	verifiedMark = ".verified-" // ID.verified-20261124t030000z-sums-good.json, a record

	// A suffix has no capitals.
	markTime = "20060102t150405z"
)

// A Verification is what became of a backup when somebody looked at it, as its
// key says. Who relies on it reads the record, which is signed.
type Verification struct {
	At    time.Time // UTC
	Level string    // "exists", "sums", "deep"
	Good  bool
	Key   Key // of the record
}

// VerificationKey is where the record of a verification lies.
func (e Entry) VerificationKey(at time.Time, level string, good bool) Key {
	word := "bad"
	if good {
		word = "good"
	}
	return e.Key(verifiedMark + at.UTC().Format(markTime) + "-" + level + "-" + word + RecordSuffix)
}

func parseVerification(k Key) (Verification, bool) {
	text, ok := strings.CutSuffix(strings.TrimPrefix(k.Suffix, verifiedMark), RecordSuffix)
	parts := strings.Split(text, "-")
	if !ok || len(parts) != 3 || parts[2] != "good" && parts[2] != "bad" {
		return Verification{}, false
	}
	at, err := time.Parse(markTime, parts[0])
	return Verification{At: at, Level: parts[1], Good: parts[2] == "good", Key: k}, err == nil
}

// Verified is the verification that counts, and whether there is one: the newest,
// but a bad one stands until another has looked as deep. One that only looked
// whether the backup exists is none.
func (e Entry) Verified() (v Verification, ok bool) {
	sums, summed := e.VerifiedAt("sums")
	deep, deeper := e.VerifiedAt("deep")
	switch {
	case !summed:
		return deep, deeper
	case !deeper:
		return sums, true
	case !deep.Good && sums.Good:
		return deep, true
	case sums.At.After(deep.At), !sums.Good && sums.At.Equal(deep.At):
		return sums, true
	}
	return deep, true
}

// VerifiedAt is the newest verification of a level, and whether there is one.
func (e Entry) VerifiedAt(level string) (v Verification, ok bool) {
	for _, x := range e.Verifications {
		if x.Level == level && (!ok || x.At.After(v.At)) {
			v, ok = x, true
		}
	}
	return v, ok
}

// mark takes in what a key besides the backup's own objects says.
func (e *Entry) mark(k Key) {
	switch s := k.Suffix; {
	case strings.HasPrefix(s, tagMark):
		e.Tags = append(e.Tags, s[len(tagMark):])
	case strings.HasPrefix(s, baseMark):
		if id := strings.ToUpper(s[len(baseMark):]); len(id) > len(idTime) {
			e.Base = id[:len(idTime)] + strings.ToLower(id[len(idTime):])
		}
	case strings.HasPrefix(s, verifiedMark):
		if v, ok := parseVerification(k); ok {
			e.Verifications = append(e.Verifications, v)
		}
	}
}

// Tag gives a backup a tag, which retention policies know. A tag has the
// characters of a source's name. What has it already keeps it.
func Tag(ctx context.Context, s storage.Store, e Entry, tag string, o storage.PutOptions) error {
	if err := CheckTag(tag); err != nil {
		return err
	}
	err := putMarker(ctx, s, e.Key(tagMark+tag), o)
	if err != nil {
		return fmt.Errorf("tag backup %s: %w", e.ID, err)
	}
	return nil
}

// CheckTag refuses what cannot be a tag.
func CheckTag(tag string) error {
	if !isName(tag) || len(tag) > 63 {
		return fmt.Errorf("%q cannot be a tag: want lower-case letters, digits, \".\", \"_\" and \"-\", at most 63", tag)
	}
	return nil
}

func putMarker(ctx context.Context, s storage.Store, k Key, o storage.PutOptions) error {
	err := k.Check()
	if err == nil {
		err = s.Put(ctx, k.String(), strings.NewReader(""), o)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// Items are entries as a retention policy wants them, by what the listing says.
func Items(entries []Entry) []retention.Item {
	out := make([]retention.Item, len(entries))
	for i := range entries {
		out[i] = entries[i].Item()
	}
	return out
}

// Item is the entry as a retention policy wants it.
func (e *Entry) Item() retention.Item {
	i := retention.Item{ID: e.ID, Time: e.Time, Base: e.Base, Tags: e.Tags}
	if v, ok := e.Verified(); ok {
		i.Verified, i.Bad = v.Good, !v.Good
	}
	if !i.Bad && !e.hasData() {
		i.Bad, i.Doubt = true, "its data is missing"
	}
	return i
}

// hasData reports whether data of the generation that is read is listed, or a good copy
// of it.
func (e *Entry) hasData() bool {
	return e.Size > 0 || slices.ContainsFunc(e.Objects, func(o storage.Object) bool {
		first, n, ok := part(o)
		return ok && first.isData() && n == e.Generation()
	})
}
