package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/retention"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A Destination is a place for the backup.
type Destination struct {
	Name     string
	Store    storage.Store
	Required bool // without it the run has failed
	Offline  bool // its absence is no failure unless it is Required

	Takes retention.Slot   // one backup of each such slot
	Keep  retention.Policy // says until when a lock lasts
	Lock  LockWish
	Class string // storage class of the data; what tells of it stays in the store's own
}

// A LockWish says what lock the objects of a backup get. The zero value is none.
type LockWish struct {
	Mode storage.LockMode
	// Lasts is from the start of the backup on. 0: until the retention policy
	// lets the backup go.
	Lasts time.Duration
}

// offline is why a destination is skipped whose disk is not there.
const offline = "offline"

// MaxSkew is how far the clock may be from a destination's: what is due, kept
// and locked hangs on it.
const MaxSkew = 5 * time.Minute

// ErrClock is wrapped when the clock is further off.
var ErrClock = errors.New("the clocks differ")

// prepare asks the destinations, all at once, what they need of a backup that
// starts now. Nothing is written.
func (j *Job) prepare(ctx context.Context, start time.Time) []*outlet {
	out := make([]*outlet, len(j.Destinations))
	var asking sync.WaitGroup
	for i, d := range j.Destinations {
		out[i] = newOutlet(d, j.Taken)
		asking.Go(func() { out[i].prepare(ctx, j, start) })
	}
	asking.Wait()
	return out
}

func (o *outlet) prepare(ctx context.Context, j *Job, start time.Time) {
	if o.err = CheckClock(ctx, o.Store, j.Now); o.err != nil {
		return
	}
	have, err := o.holds(ctx, j, start)
	switch {
	case errors.Is(err, storage.ErrOffline) && o.Offline && o.Required:
		o.err = hint.Wrap(err, "it is required, as the first destination is where nothing is said: have its disk there, or set required: false")
		return
	case errors.Is(err, storage.ErrOffline) && o.Offline:
		o.skipped = offline
		return
	case errors.Is(err, fs.ErrPermission):
		o.unseen = true
	case err != nil:
		o.err = err
		return
	}
	if !o.unseen && !o.Takes.Due(have, start) {
		o.skipped = "not due: takes " + o.Takes.String()
		return
	}
	expires := o.Keep.RetainUntil(start, have, j.Tags...)
	if o.unseen {
		expires = o.Keep.RetainUnseen(start, o.Takes, j.Tags...)
	}
	o.lock = o.Lock.At(start, expires, start)
}

// At is the lock, put on at the moment now, of a backup that was taken then and
// that the policy will let go; zero if it would be over already.
func (w LockWish) At(taken, expires, now time.Time) storage.Lock {
	until := expires
	if w.Lasts > 0 {
		until = taken.Add(w.Lasts)
	}
	if w.Mode == "" || !until.After(now) {
		return storage.Lock{}
	}
	return storage.Lock{Mode: w.Mode, Until: until.UTC()}
}

// CheckClock compares the clock with the store's, where that has one. More than
// MaxSkew between them is ErrClock.
func CheckClock(ctx context.Context, s storage.Store, now func() time.Time) error {
	c, ok := s.(storage.Clock)
	if !ok {
		return nil
	}
	before := now()
	theirs, err := c.Time(ctx)
	if err != nil || theirs.IsZero() {
		return err
	}
	ours := before.Add(now().Sub(before) / 2)
	if skew := ours.Sub(theirs).Round(time.Second); skew.Abs() > MaxSkew {
		return hint.Wrap(fmt.Errorf("%w: this machine says %s, the store %s", ErrClock, ours.UTC().Format(time.RFC3339), theirs.Format(time.RFC3339)),
			"set the clock of this machine; what is due, kept and locked hangs on it")
	}
	return nil
}

// holds lists what counts for a backup of this moment: the slots that it is in
// began in this month or, a week, in the one before. A destination that takes
// and locks everything alike is not asked, save whether it is there.
func (o *outlet) holds(ctx context.Context, j *Job, start time.Time) ([]retention.Item, error) {
	if o.Takes == retention.Each && (o.Lock.Mode == "" || o.Lock.Lasts > 0) && !o.Offline {
		return nil, nil
	}
	from := retention.Month.Start(start)
	if week := retention.Week.Start(start); week.Before(from) {
		from = week
	}
	listing, err := catalog.List(ctx, o.Store, catalog.Filter{Kind: j.Kind, Source: j.Source, From: from, To: start})
	if err != nil {
		return nil, err
	}
	return catalog.Items(listing.Entries), nil
}
