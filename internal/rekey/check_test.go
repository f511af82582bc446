package rekey_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/rekey"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// The sets of backups are told beside those of the config, with what is sealed
// for them and whether anybody here can open it.
func TestCheckOfBackups(t *testing.T) {
	t.Parallel()
	left, stays, renewed := newKey(t, crypt.X25519), newKey(t, crypt.X25519), newKey(t, crypt.X25519)
	h := newHouse(t, left)
	h.take(taken.Add(time.Hour), h.signer, left)
	h.take(taken.Add(2*time.Hour), h.signer, stays, left)
	h.take(taken.Add(3*time.Hour), h.signer, renewed)
	plant(t, h.store, taken, renewed)
	entries := func() []catalog.Entry {
		listing, err := catalog.List(t.Context(), h.store, catalog.Filter{Kind: "database"})
		if err != nil {
			t.Fatal(err)
		}
		return listing.Entries
	}
	used, failed := rekey.Used(t.Context(), h.store, entries(), h.trusted)
	if len(failed) > 0 || len(used) != 3 {
		t.Fatalf("got %+v, %v", used, failed)
	}
	o := rekey.CheckOptions{
		Store: h.store, Sets: []*crypt.Recipients{recipients(t, renewed)}, Used: used, Identities: together(t, stays, renewed),
	}
	got := check(t, o)
	for i, want := range []struct {
		backups, recipients int
		state               rekey.State
		current, lost       bool
	}{
		{1, 1, rekey.Opens, true, false}, {1, 2, rekey.NoCanary, false, false}, {2, 1, rekey.NoCanary, false, true},
	} {
		if s := got[i]; s.Backups != want.backups || len(s.Recipients) != want.recipients || s.State != want.state || s.Current != want.current || s.Lost() != want.lost {
			t.Errorf("set %d: got %+v, want %+v", i, s, want)
		}
	}
	if s := got[2]; !strings.HasPrefix(s.First, "20261123T14") || !strings.HasPrefix(s.Last, "20261123T15") || !slices.Equal(s.Absent, recipients(t, left).Fingerprints()) {
		t.Errorf("got %+v", s)
	}

	// Rewrapped, they are of another set; one bad manifest hides no other.
	for _, e := range entries()[:2] {
		if _, err := rekey.Rewrap(t.Context(), e, h.options(recipients(t, renewed))); err != nil {
			t.Fatal(err)
		}
	}
	h.store.Set(entries()[2].Key(catalog.ManifestSuffix).String(), []byte("{}"))
	used, failed = rekey.Used(t.Context(), h.store, entries(), h.trusted)
	if len(failed) != 1 || !errors.Is(failed[0], catalog.ErrUntrusted) || len(used) != 1 || used[rekey.SetName(recipients(t, renewed).Fingerprints())].Backups != 3 {
		t.Errorf("got %+v, %v", used, failed)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if used, failed = rekey.Used(ended, h.store, entries(), h.trusted); len(used) != 0 || len(failed) != 1 {
		t.Errorf("after the end: got %+v, %v", used, failed)
	}
}

// What the place says is an error, and no word of the keys.
func TestCheckOfABadPlace(t *testing.T) {
	t.Parallel()
	k := newKey(t, crypt.X25519)
	s := &storagetest.Memory{}
	plant(t, s, taken, k)
	for _, op := range []storagetest.Op{storagetest.List, storagetest.Get} {
		faulty := &storagetest.Faulty{Store: s, Op: op, Err: errBroken}
		o := rekey.CheckOptions{Store: faulty, Sets: []*crypt.Recipients{recipients(t, k)}, Identities: k.identities}
		if _, err := rekey.Check(t.Context(), o); !errors.Is(err, errBroken) {
			t.Errorf("%s: got %v, want %v", op, err, errBroken)
		}
	}
	o := rekey.CheckOptions{Store: breaking{s}, Sets: []*crypt.Recipients{recipients(t, k)}, Identities: k.identities}
	if got, err := rekey.Check(t.Context(), o); !errors.Is(err, errBroken) {
		t.Errorf("while reading: got %+v, %v, want %v", got, err, errBroken)
	}
	faulty := &storagetest.Faulty{Store: s, Op: storagetest.Put, Err: errBroken}
	if _, err := rekey.Plant(t.Context(), faulty, recipients(t, k), taken, rand.Reader, storage.PutOptions{}); !errors.Is(err, errBroken) {
		t.Errorf("plant: got %v, want %v", err, errBroken)
	}
	if _, err := rekey.Plant(t.Context(), s, recipients(t, k), taken, strings.NewReader(""), storage.PutOptions{}); err == nil {
		t.Error("plant without randomness: got no error")
	}
}

// breaking is a store whose objects break off while they are read.
type breaking struct{ storage.Store }

func (s breaking) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	body, err := s.Store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(body, 100), iotest.ErrReader(errBroken)), body}, nil
}

// A canary that opened counts for more than names of keys: a plugin may open
// what was sealed for a key of another kind.
func TestLost(t *testing.T) {
	t.Parallel()
	for state, want := range map[rekey.State]bool{rekey.Opens: false, rekey.Closed: true, rekey.NoCanary: true, rekey.Broken: true} {
		if got := (rekey.Set{State: state, Recipients: []string{"a"}, Absent: []string{"a"}}).Lost(); got != want {
			t.Errorf("%s: got %v, want %v", state, got, want)
		}
	}
}

// Of a plugin's key the names say nothing: a canary that stays closed does.
func TestLostKeyOfAPlugin(t *testing.T) {
	t.Parallel()
	if s := (rekey.Set{State: rekey.Closed, Recipients: []string{"a"}}); !s.Lost() {
		t.Errorf("got %+v, want it lost", s)
	}
	for _, state := range []rekey.State{rekey.Opens, rekey.Untried, rekey.NoCanary, rekey.Broken} {
		if s := (rekey.Set{State: state, Recipients: []string{"a"}}); s.Lost() {
			t.Errorf("got %+v, want it not lost", s)
		}
	}
}

// Which keys are on a card, only its plugin knows: they count as here if it is.
func TestCheckWithAPlugin(t *testing.T) {
	t.Parallel()
	const public, short = "age1backuptest1vdshyeqz825sa", "age1se1vdshyeqtvkr7v"
	for private, opens := range map[string][]string{
		"AGE-PLUGIN-BACKUPTEST-1VDSHYEQ7Z93U0": {public}, "AGE-PLUGIN-SE-1VDSHYEQT6FJ3G": {short}, "AGE-PLUGIN-OTHER-1VDSHYEQWM92TT": nil,
	} {
		ids, err := crypt.ParseIdentities("card", []byte(private), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{public, short} {
			r, err := crypt.ParseRecipients([]string{line})
			if err != nil {
				t.Fatal(err)
			}
			got := only(t, rekey.CheckOptions{Store: &storagetest.Memory{}, Sets: []*crypt.Recipients{r}, Identities: ids})
			if got.Lost() == slices.Contains(opens, line) {
				t.Errorf("%s with %s: got %+v", line, private, got)
			}
		}
	}
}
