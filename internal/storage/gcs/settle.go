package gcs

import (
	"context"
	"fmt"
	"net/http"
	"time"

	gcs "cloud.google.com/go/storage"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// cleanupTime is how long a Put that failed or was cancelled may still take.
const cleanupTime = 10 * time.Second

// settle finds out what became of a write whose answer says that it failed, or
// was lost: the SDK sends a request again when the first answer does not come,
// and then the second one may say that the object is there already.
func (u *upload) settle(ctx context.Context, err error) (*gcs.ObjectAttrs, error) {
	// That cannot harm an object that is complete after all, and after it
	// nothing can still become one: then it can be settled.
	u.abandon(ctx)
	if !u.doubtful(err) {
		return nil, u.explain(ctx, err)
	}
	looking, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	got, lerr := u.o.Attrs(looking)
	switch {
	case lerr == nil && got.Metadata[tokenName] == u.token:
		return got, nil
	case lerr == nil:
		return nil, errExist(err)
	case u.fails > 0 && status(lerr) == http.StatusForbidden:
		return nil, hint.Wrap(u.explain(ctx, err), "an answer was lost; with storage.objects.get it could be seen whether the object is there nevertheless")
	}
	return nil, u.explain(ctx, err)
}

// doubtful says whether a write that failed with err may have taken place.
func (u *upload) doubtful(err error) bool {
	switch s := status(err); {
	case s == http.StatusNotFound, s == http.StatusGone: // the upload: it may have been completed
		return u.session != ""
	case s == http.StatusConflict, s == http.StatusPreconditionFailed:
		return true
	default:
		return s < 400 || s >= 500
	}
}

// explain is that of the store, which cannot tell what of an upload is missing.
func (u *upload) explain(ctx context.Context, err error) error {
	if status(err) == http.StatusNotFound && u.session == "" && ctx.Err() == nil {
		return u.s.noBucket(err)
	}
	return u.s.explain(ctx, err)
}

// abandon ends an upload that is not complete, whatever became of ctx. What
// cannot be ended so costs nothing and is gone after a week.
func (u *upload) abandon(ctx context.Context) {
	if u.session == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, u.session, nil)
	if err != nil {
		return
	}
	if resp, err := u.s.web.Do(req); err == nil {
		resp.Body.Close()
	}
}

// remove takes back an object of this Put, the very generation.
func (u *upload) remove(ctx context.Context, generation int64) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	if err := u.o.Generation(generation).Delete(ctx); err != nil {
		return fmt.Errorf("remove the object again: %w", u.s.explain(ctx, err))
	}
	return nil
}
