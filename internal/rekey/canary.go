package rekey

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// CanarySuffix is that of a canary: keys/SET/date/ID.canary.age, to be opened by
// hand with age -d.
const CanarySuffix = ".canary.age"

// SetName names a set of recipients, by their fingerprints in any order. It can
// be the source of a [catalog.Key].
func SetName(fingerprints []string) string {
	sum := sha256.Sum256([]byte(strings.Join(sorted(fingerprints), "\n")))
	return hex.EncodeToString(sum[:8])
}

// canary is the text that is sealed: known, so that it can be told from others.
func canary(fingerprints []string) string {
	return "This is a canary of vapora-backup. Who can read it can open what is sealed for\n\n    " +
		strings.Join(sorted(fingerprints), "\n    ") + "\n"
}

// Plant seals a canary for recipients, and puts it into a destination beside
// those that are there. It needs the right to write and no other, and no private
// key. Whoever opens one, now or in years, has shown that the set is not lost.
func Plant(ctx context.Context, s storage.Store, to *crypt.Recipients, now time.Time, random io.Reader, o storage.PutOptions) (catalog.Key, error) {
	id, err := catalog.NewID(now, random)
	if err != nil {
		return catalog.Key{}, fmt.Errorf("plant canary: %w", err)
	}
	prints := to.Fingerprints()
	key := catalog.Key{Kind: catalog.Keys, Source: SetName(prints), ID: id, Suffix: CanarySuffix}
	sealed, err := seal(to, canary(prints))
	if err != nil {
		return catalog.Key{}, fmt.Errorf("plant canary: %w", err)
	}
	o.Kind = catalog.Keys
	if err := s.Put(ctx, key.String(), bytes.NewReader(sealed), o); err != nil {
		return catalog.Key{}, fmt.Errorf("plant canary: %w", err)
	}
	return key, nil
}

func seal(to *crypt.Recipients, text string) ([]byte, error) {
	var b bytes.Buffer
	w, err := to.Seal(&b)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(w, text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// canaries returns the keys of a set's canaries, the newest first.
func canaries(ctx context.Context, s storage.Store, set string) ([]catalog.Key, error) {
	var out []catalog.Key
	for o, err := range s.List(ctx, catalog.Keys+"/"+set+"/") {
		if err != nil {
			return nil, err
		}
		if key, err := catalog.ParseKey(o.Key); err == nil && key.Suffix == CanarySuffix {
			out = append(out, key)
		}
	}
	slices.SortFunc(out, func(a, b catalog.Key) int { return strings.Compare(b.ID, a.ID) })
	return out, nil
}

// look opens a canary of a set. What is wrong with it wraps archive.ErrDamaged,
// and is no word of the place; crypt.ErrNoMatch says that no identity fits.
func look(ctx context.Context, s storage.Store, key catalog.Key, prints []string, ids *crypt.Identities) error {
	body, err := s.Get(ctx, key.String())
	if err != nil {
		return err
	}
	defer body.Close() // read only
	want := canary(prints)
	src := &remembering{r: body}
	r, err := ids.Open(src)
	var got []byte
	if err == nil {
		got, err = io.ReadAll(io.LimitReader(r, int64(len(want))+1))
	}
	var broken interface{ Damaged() bool }
	switch {
	case src.err != nil:
		return src.err
	case errors.Is(err, crypt.ErrNoMatch):
		return err
	case r == nil && err != nil && !(errors.As(err, &broken) && broken.Damaged()):
		return err // of the key, not of the canary
	case err != nil:
		return fmt.Errorf("%w: %w", archive.ErrDamaged, err)
	case string(got) != want:
		return fmt.Errorf("%w: it is not the canary of this set", archive.ErrDamaged)
	}
	return nil
}

// remembering keeps the error of a source.
type remembering struct {
	r   io.Reader
	err error
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
