// Package child runs a server of others on a loopback port of its own, for as long
// as it is needed: a SurrealDB to try a backup on, and the servers of tests.
package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// A Process is a server that runs on a loopback port of its own until Stop. It
// dies with the process that started it.
type Process struct {
	Address string // "127.0.0.1:1234"

	port *port
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	log  tail
}

// Start runs the command that is made for an address, and returns when ready
// returns nil: it is called again and again, for a minute at most.
func Start(ctx context.Context, command func(address string) (*exec.Cmd, error), ready func(ctx context.Context, address string) error) (*Process, error) {
	var last error
	for range 5 { // others may take a free port before the server has it
		p := &Process{done: make(chan struct{})}
		if last = p.start(ctx, command, ready); last == nil {
			return p, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, last
}

func (p *Process) start(ctx context.Context, command func(string) (*exec.Cmd, error), ready func(context.Context, string) error) (err error) {
	if p.port, err = takePort(); err != nil {
		return err
	}
	p.Address = p.port.address()
	if p.cmd, err = command(p.Address); err == nil {
		err = p.run()
	}
	if err != nil {
		return errors.Join(err, p.port.release())
	}
	if err := p.await(ctx, ready); err != nil {
		return errors.Join(err, p.Stop())
	}
	return nil
}

func (p *Process) run() error {
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	p.cmd.WaitDelay = 5 * time.Second // a child of its own may hold the output
	dieWithParent(p.cmd)
	started := make(chan error)
	go func() {
		// On Linux, the parent that the server dies with is this thread.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended is seen by who waits for it
			_ = p.port.release()
			close(p.done)
		}
	}()
	return <-started
}

func (p *Process) await(ctx context.Context, ready func(context.Context, string) error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready(ctx, p.Address)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("it ended before it was ready: %v\n%s", p.cmd.ProcessState, p.Log())
		case <-ctx.Done():
			return fmt.Errorf("it is not ready: %w: %w\n%s", ctx.Err(), err, p.Log())
		case <-tick.C:
		}
	}
}

// Stop ends the server: asked first, killed after five seconds.
func (p *Process) Stop() error {
	select {
	case <-p.done:
		return nil
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(5 * time.Second):
	}
	err := p.cmd.Process.Kill()
	<-p.done
	return err
}

// Log returns the end of what the server printed.
func (p *Process) Log() string { return p.log.String() }

// PID is the server's process.
func (p *Process) PID() int { return p.cmd.Process.Pid }
