package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// auditPatience is how long the record of what was done may keep the work waiting:
// a place for it that is down stops no backup. After an interrupt it is lastPatience:
// who stops a run kills it when that takes too long, Kubernetes after 30 seconds.
const (
	auditPatience = 20 * time.Second
	lastPatience  = 4 * time.Second
)

// patience is how long something may take that is done in any case, also where ctx has
// ended.
func patience(ctx context.Context, long time.Duration) time.Duration {
	if ctx.Err() != nil {
		return lastPatience
	}
	return long
}

// auditLog is the record: in a place of its own, or in the first destination.
func (a *app) auditLog(ctx context.Context, cfg *config.Config) (*audit.Log, error) {
	if a.record != nil {
		return a.record, nil
	}
	l := &audit.Log{Now: a.Now, Random: a.Random}
	signer, err := a.signer(cfg)
	if err != nil {
		return nil, err
	}
	if signer != nil {
		l.Signer = signer
	}
	trust, err := trusted(cfg)
	if err != nil {
		return nil, err
	}
	if trust != nil {
		l.Verifier = trust
	}
	if cfg.Audit.URL == "" {
		l.Store = a.openAll(ctx, cfg)[0].store
	} else {
		d := config.Destination{Name: "audit", URL: cfg.Audit.URL, Store: cfg.Audit.Store, Credentials: cfg.Audit.Credentials, CA: cfg.Audit.CA, Checksums: true}
		if l.Store, err = a.store(ctx, d); err != nil {
			l.Store = unopened{fmt.Errorf("open: %w", err)}
		}
		if lasts := cfg.Audit.Lock.Until; cfg.Audit.Lock.Mode != "" {
			l.Lock = func(now time.Time) storage.Lock {
				return storage.Lock{Mode: storage.LockMode(cfg.Audit.Lock.Mode), Until: now.Add(time.Duration(lasts)).UTC()}
			}
		}
	}
	a.record = l
	return l, nil
}

// done puts entries into the record. What cannot be put there is kept in the first
// destination, and joined later; where that fails too it is a warning. It never
// changes how a command ends.
func (a *app) done(ctx context.Context, cfg *config.Config, entries ...audit.Entry) {
	// Also what was interrupted was done.
	within := patience(ctx, auditPatience)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	l, err := a.auditLog(ctx, cfg)
	if err != nil {
		a.warn("what was done is not recorded: %v", err)
		return
	}
	home := a.openAll(ctx, cfg)[0].store
	who := a.actor()
	down := false // what could not be reached for one entry is not waited for again
	for _, e := range entries {
		e.Actor, e.Time = who, a.Now().UTC()
		if e.Reason == "" {
			e.Reason = a.reason
		}
		kept, err := e, errUnreached
		if !down {
			kept, err = l.Append(ctx, e)
		}
		if errors.Is(err, audit.ErrHead) { // the entry itself is there
			a.warn("the record could not be signed up to its end: %v", err)
			err = nil
		}
		if err == nil {
			continue
		}
		// The entry that comes back remembers the number that it may have got. The
		// first destination has time of its own, whatever the record took.
		keeping, done := context.WithTimeout(context.WithoutCancel(ctx), within)
		_, kerr := l.Keep(keeping, home, kept, storage.PutOptions{})
		done()
		if kerr != nil {
			a.warn("what was done is not recorded: %v", errors.Join(err, kerr))
			return
		}
		if down {
			continue
		}
		down = true
		a.warn("the record of what was done cannot be reached, and is joined later (vapora-backup audit join): %v", err)
	}
	if cfg.Audit.URL == "" || down {
		return
	}
	if _, err := l.Join(ctx, home); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		a.warn("join what could not be recorded before: %v", err)
	}
}

var errUnreached = errors.New("the record was not reached before")

// outcome is the word of the record for an error.
func outcome(err error) audit.Result {
	switch {
	case err == nil:
		return audit.OK
	case isPartial(err):
		return audit.Partial
	}
	return audit.Failed
}

func isPartial(err error) bool {
	var p partialError
	return errors.As(err, &p)
}

// why is an error as the record keeps it.
func why(err error) string {
	if err == nil {
		return ""
	}
	text := printable(err.Error())
	if len(text) > 1000 {
		text = text[:1000] + "…"
	}
	return text
}
