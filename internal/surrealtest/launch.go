// Package surrealtest starts real SurrealDB servers for tests, the
// demonstration and the benchmark: the server of today, or the engine 3.0 from
// npm behind testdata/servers/engine. It is for them only.
package surrealtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/child"
	"github.com/vapora-platform/vapora-backup/internal/testserver"
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

	process *child.Process
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
	s := &Server{Engine: engine, Username: "root", Password: "root"}
	s.process, err = child.Start(ctx, func(address string) (*exec.Cmd, error) {
		if engine == "real" {
			return exec.Command(program, s.args(address, o.Args, store)...), nil
		}
		_, port, err := net.SplitHostPort(address)
		return exec.Command("node", program, "--port", port, "--user", s.Username, "--pass", s.Password, store), err
	}, func(ctx context.Context, address string) error {
		s.URL = "http://" + address
		_, err := s.Exec(ctx, "", "", "RETURN 1")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("start the %s engine: %w", engine, err)
	}
	if s.Version, err = s.version(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
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
	if path, err := exec.LookPath("surreal"); err == nil && speaksThree(path) {
		return path
	}
	path := filepath.Join(testserver.Cache(), "surreal-3.3.5", "surreal")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// speaksThree says whether a surreal in PATH reads the samples of the tests, which
// are in the language of 3.x.
func speaksThree(path string) bool {
	out, err := exec.Command(path, "version").Output()
	major := regexp.MustCompile(`\b(\d+)\.\d+\.\d+`).FindSubmatch(out)
	return err == nil && major != nil && string(major[1]) >= "3" && len(major[1]) == 1
}

// Samples names the files of testdata/sample that hold one of everything that the
// server knows.
func (s *Server) Samples() []string {
	var major, minor int
	if _, err := fmt.Sscanf(s.Version, "surrealdb-%d.%d", &major, &minor); err != nil || major == 3 && minor < 3 {
		return []string{"everything-3.surql"}
	}
	return []string{"everything-3.surql", "everything-3.3.surql"}
}

// args are a real server's.
func (s *Server) args(address string, more []string, store string) []string {
	args := []string{"start", "--bind", address, "--user", s.Username, "--pass", s.Password, "--log", "error", "--no-banner"}
	if !slices.ContainsFunc(more, func(a string) bool { return strings.HasPrefix(a, "--allow-experimental") }) {
		args = append(args, "--allow-experimental=files")
	}
	return append(append(args, more...), store)
}

// Stop ends the server: asked first, killed after five seconds.
func (s *Server) Stop() error { return s.process.Stop() }

// PID is the server's process.
func (s *Server) PID() int { return s.process.PID() }

// Log returns the end of what the server printed.
func (s *Server) Log() string { return s.process.Log() }
