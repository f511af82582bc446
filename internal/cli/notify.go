package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/notify"
)

// notifyPatience is how long receivers that are down may keep a run; after an
// interrupt it is lastPatience.
const notifyPatience = 8 * time.Second

// told carries out a run and tells the receivers of notify how it went.
func (a *app) told(c *cobra.Command, run func() error) error {
	cfg, err := a.load()
	if err != nil || len(cfg.Notify) == 0 {
		return run() // which says what is wrong with the config
	}
	ctx, begin := c.Context(), a.Now()
	e := notify.Event{Event: notify.Start, Command: strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")}
	a.tell(ctx, cfg, e)
	err = run()
	e.Event, e.Seconds, e.Exit = notify.Success, a.Now().Sub(begin).Seconds(), exitCode(ctx, err)
	switch {
	case ctx.Err() != nil:
		e.Event, e.Message = notify.Failure, "interrupted: nothing unfinished counts"
	case err != nil:
		e.Event, e.Message, e.Hint = notify.Failure, why(err), hint.Of(err)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience(ctx, notifyPatience)) // also of what was interrupted
	defer cancel()
	a.tell(last, cfg, e)
	return err
}

// alert tells of what needs eyes and is no run's end. Where nobody is told of
// failures it says so: an alert that nobody gets is none.
func (a *app) alert(ctx context.Context, cfg *config.Config, command, message string) {
	if a.tell(ctx, cfg, notify.Event{Event: notify.Alert, Command: command, Message: message}) == 0 {
		a.warn("nobody got this alert: name who is told of failures under notify in %s", cfg.File())
	}
}

// tell tells all who want to know, at once, and returns how many were told. One
// that cannot be is a warning.
func (a *app) tell(ctx context.Context, cfg *config.Config, e notify.Event) (told int) {
	ctx, cancel := context.WithTimeout(ctx, notifyPatience)
	defer cancel()
	e.Version, e.Host, e.Actor, e.Time = 1, a.Host, a.actor().String(), a.Now().UTC()
	errs := make([]error, len(cfg.Notify))
	var telling sync.WaitGroup
	for i, n := range cfg.Notify {
		r := notify.Receiver{Name: n.Name, Type: n.Type, On: n.On, Commands: n.Commands}
		if !r.Wants(e) {
			continue
		}
		told++
		var err error
		if r.URL, err = n.URL.Value(a.getenv); err != nil {
			errs[i] = fmt.Errorf("notify %s: %w", n.Name, err)
			continue
		}
		telling.Go(func() { errs[i] = r.Send(ctx, e) })
	}
	telling.Wait()
	for _, err := range errs {
		if err != nil {
			told--
		}
	}
	if err := errors.Join(errs...); err != nil {
		a.warn("not told of it (%s): %v", e.Event, err)
	}
	return told
}
