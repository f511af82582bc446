// Package surrealtest starts real SurrealDB servers for tests, the
// demonstration and the benchmark: the server of today, or the engine 3.0 from
// npm behind testdata/servers/engine. It is for them only.
package surrealtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/stocktool"
)

// Options say which server to start.
type Options struct {
	Engine string   // "real", "npm", or "": what $VAPORA_TEST_ENGINE says, else what is at hand
	Store  string   // "memory" (or "") or "surrealkv"
	Dir    string   // of a surrealkv store, which Launch demands; Start makes one that goes with the test
	Args   []string // more for a real server; without --allow-experimental=… among them it allows files, as the sample needs
}

// A Server is one that runs on a loopback port of its own.
type Server struct {
	URL                string
	Engine             string // "real" or "npm"
	Version            string // "surrealdb-3.3.5"
	Username, Password string // root's

	port *port
	cmd  *exec.Cmd
	done chan struct{}
	log  tail
}

// Launch starts a server and waits until it answers a query.
func Launch(ctx context.Context, o Options) (*Server, error) {
	store, err := o.store()
	if err != nil {
		return nil, err
	}
	engine, program, err := choose(o.Engine)
	if err != nil {
		return nil, err
	}
	if engine == "npm" {
		if program, err = installEngine(ctx); err != nil {
			return nil, fmt.Errorf("install the npm engine: %w", err)
		}
	}
	var last error
	for range 5 { // a free port may be taken by others before the server has it
		s := &Server{Engine: engine, Username: "root", Password: "root", done: make(chan struct{})}
		if last = s.start(ctx, program, store, o.Args); last == nil {
			return s, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, last
}

// store returns what a server is told of its store.
func (o Options) store() (string, error) {
	switch {
	case o.Store == "" || o.Store == "memory":
		return "memory", nil
	case o.Store != "surrealkv":
		return "", fmt.Errorf("no store is called %q", o.Store)
	case o.Dir == "": // a relative path would lie in the working directory
		return "", errors.New("a surrealkv store needs a folder")
	}
	return "surrealkv://" + filepath.Join(o.Dir, "db"), nil
}

// choose returns the engine and the program of a real one.
func choose(engine string) (name, program string, err error) {
	if engine == "" {
		engine = os.Getenv("VAPORA_TEST_ENGINE")
	}
	if engine != "" && engine != "real" && engine != "npm" {
		return "", "", fmt.Errorf("no engine is called %q", engine)
	}
	if engine != "npm" {
		if program := realServer(); program != "" {
			return "real", program, nil
		}
	}
	if engine == "real" {
		return "", "", errors.New("no surreal in PATH and none in the cache; `make surreal` builds it")
	}
	return "npm", "", nil
}

// realServer finds one: named in the environment, in PATH, or built.
func realServer() string {
	if path := os.Getenv("VAPORA_TEST_SURREAL"); path != "" {
		return path
	}
	if path, err := exec.LookPath("surreal"); err == nil {
		return path
	}
	path := filepath.Join(stocktool.Cache(), "surreal-3.3.5", "surreal")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

func (s *Server) start(ctx context.Context, program, store string, args []string) (err error) {
	if s.port, err = takePort(); err != nil {
		return err
	}
	s.URL = "http://" + s.port.address()
	if s.Engine == "real" {
		s.cmd = exec.Command(program, s.args(args, store)...)
	} else {
		s.cmd = exec.Command("node", program, "--port", strconv.Itoa(s.port.number), "--user", s.Username, "--pass", s.Password, store)
	}
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	s.cmd.SysProcAttr = childAttributes()
	if err := s.cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("start the %s engine: %w", s.Engine, err), s.port.release())
	}
	go func() {
		_ = s.cmd.Wait() // how it ended is seen by who waits for it
		_ = s.port.release()
		close(s.done)
	}()
	if err := s.ready(ctx); err != nil {
		return errors.Join(err, s.Stop())
	}
	return nil
}

// args are a real server's.
func (s *Server) args(more []string, store string) []string {
	args := []string{"start", "--bind", s.port.address(), "--user", s.Username, "--pass", s.Password, "--log", "error", "--no-banner"}
	if !slices.ContainsFunc(more, func(a string) bool { return strings.HasPrefix(a, "--allow-experimental") }) {
		args = append(args, "--allow-experimental=files")
	}
	return append(append(args, more...), store)
}

// ready waits until the server answers a query of root's.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := s.Exec(ctx, "", "", "RETURN 1"); err == nil {
			s.Version, err = s.version(ctx)
			return err
		}
		select {
		case <-s.done:
			return fmt.Errorf("the %s engine ended before it was ready:\n%s", s.Engine, s.Log())
		case <-ctx.Done():
			return fmt.Errorf("the %s engine is not ready: %w\n%s", s.Engine, ctx.Err(), s.Log())
		case <-tick.C:
		}
	}
}

// Stop ends the server: asked first, killed after five seconds.
func (s *Server) Stop() error {
	select {
	case <-s.done:
		return nil
	default:
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.done:
		return nil
	case <-time.After(5 * time.Second):
	}
	err := s.cmd.Process.Kill()
	<-s.done
	return err
}

// Log returns the end of what the server printed.
func (s *Server) Log() string { return s.log.String() }
