// Package cli is the command line: flags become options, options become a run,
// and a run's result becomes text or JSON. It is the only place that builds
// stores, keys and clients out of the config.
//
// stdout is the result and nothing else; everything said on the way goes to
// stderr. Exit codes are in exit.go.
package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Env is the world that a command runs in.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	Environ  []string // as os.Environ
	Now      func() time.Time
	Random   io.Reader
	Host     string
	// ErrTerminal says that Err is a terminal: progress bars may be drawn.
	// Width is its width in characters.
	ErrTerminal, OutTerminal bool
}

// System is the Env of this process.
func System() Env {
	host, _ := os.Hostname() // an unknown host is no reason not to back up
	return Env{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Environ: os.Environ(),
		Now: func() time.Time { return time.Now().UTC() }, Random: rand.Reader, Host: host,
		ErrTerminal: isTerminal(os.Stderr), OutTerminal: isTerminal(os.Stdout),
	}
}

// Main runs one command line and returns the exit code. The first SIGINT, SIGTERM or
// SIGHUP ends the run cleanly, also where places hang within the 30 seconds that
// Kubernetes grants; a second one at once, but for SIGHUP: a terminal that is lost sends
// it several times.
func Main(env Env, args []string) int {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		ends = append(ends, syscall.SIGHUP)
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()
	context.AfterFunc(ctx, stop) // from then on a signal kills
	// Who closes a pipe must not end the run before it is recorded. A write to it fails
	// then. Notify and not Ignore, which child processes would inherit.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return run(ctx, env, args)
}

// run is Main under a context of the caller's.
func run(ctx context.Context, env Env, args []string) int {
	env.Out = outlet{env.Out}
	a := &app{Env: env, interrupted: ctx.Done()}
	root := newRoot(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil {
		a.report(ctx, err)
	}
	return exitCode(ctx, err)
}

// getenv looks a variable up in the Env.
func (e Env) getenv(name string) string {
	for i := len(e.Environ) - 1; i >= 0; i-- {
		if k, v, ok := cut(e.Environ[i]); ok && k == name {
			return v
		}
	}
	return ""
}

func cut(entry string) (name, value string, ok bool) {
	for i := range len(entry) {
		if entry[i] == '=' && i > 0 {
			return entry[:i], entry[i+1:], true
		}
	}
	return "", "", false
}

// say writes one line of talk.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		a.log("info", fmt.Sprintf(format, args...))
	}
}

// warn writes one line that is shown even with --quiet.
func (a *app) warn(format string, args ...any) {
	a.log("warning", a.pasted(fmt.Sprintf(format, args...)))
}
