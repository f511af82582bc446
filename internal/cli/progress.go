package cli

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
)

// heartbeat is how often a run without a terminal says that it is alive.
const heartbeat = 30 * time.Second

// A progress tells how far a run is: a bar on a terminal, a line every 30
// seconds elsewhere, nothing with --quiet. It never alters the run.
type progress struct {
	add  func(n int)
	done func()
}

// progress starts one for n units (0: not known) of a phase. bytes says that
// the units are bytes.
func (a *app) progress(what string, n int64, bytes bool) progress {
	switch {
	case a.quiet:
		return progress{func(int) {}, func() {}}
	case a.ErrTerminal && !a.json && a.logFormat == "text":
		return a.bar(what, n, bytes)
	}
	return a.beat(what, n, bytes)
}

func (a *app) bar(what string, n int64, bytes bool) progress {
	if n == 0 {
		n = -1
	}
	bar := progressbar.NewOptions64(n, progressbar.OptionSetWriter(a.Err), progressbar.OptionSetDescription(what),
		progressbar.OptionShowBytes(bytes), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(24), progressbar.OptionShowCount())
	return progress{
		add:  func(n int) { _ = bar.Add(n) }, // a bar that cannot be drawn is no failure
		done: func() { _ = bar.Finish() },
	}
}

func (a *app) beat(what string, n int64, bytes bool) progress {
	var seen atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(heartbeat)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				a.say("%s: %s so far", what, amount(seen.Load(), n, bytes))
			}
		}
	}()
	return progress{
		add:  func(n int) { seen.Add(int64(n)) },
		done: func() { close(stop); <-stopped },
	}
}

func amount(seen, of int64, bytes bool) string {
	text := fmt.Sprint
	show := func(n int64) string { return text(n) }
	if bytes {
		show = size
	}
	if of > 0 {
		return show(seen) + " of " + show(of)
	}
	return show(seen)
}
