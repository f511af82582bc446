package trial

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/child"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// Where a scratch database lies on its server.
const (
	namespace = "vapora_restore_test"
	database  = "main"
)

// Local starts a SurrealDB of its own, which holds everything in memory and is
// gone afterwards.
type Local struct {
	// Command starts the server, with {address}, {host}, {port}, {user}, {password}
	// and {folder} replaced; the user and the password are also in its environment,
	// as SURREAL_USER and SURREAL_PASS. Empty: the `surreal` in PATH.
	Command []string
}

var _ Target = Local{}

// Open implements Target.
func (l Local) Open(ctx context.Context) (*Scratch, error) {
	command := l.Command
	if len(command) == 0 {
		command = []string{"surreal", "start", "--bind", "{address}", "--no-banner", "--log", "error", "--allow-experimental=files", "memory"}
	}
	program, err := exec.LookPath(command[0])
	if err != nil {
		return nil, hint.Wrap(fmt.Errorf("no SurrealDB to start: %w", err),
			"put `surreal` into PATH, name restore_test.command, or set restore_test.target: server")
	}
	folder, err := os.MkdirTemp("", "vapora-restore-test-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the server: %w", err)
	}
	login := Login{Namespace: namespace, Database: database, Username: "root", Password: rand.Text()}
	process, err := child.Start(ctx, func(address string) (*exec.Cmd, error) {
		login.URL = "http://" + address
		cmd := exec.Command(program, replace(command[1:], address, folder, login)...)
		cmd.Dir = folder
		cmd.Env = append(os.Environ(), "SURREAL_USER="+login.Username, "SURREAL_PASS="+login.Password)
		return cmd, nil
	}, func(ctx context.Context, _ string) error {
		c, err := dial(login, nil)
		if err != nil {
			return err
		}
		_, err = c.QueryIn(ctx, "", "", "RETURN 1")
		return err
	})
	if err != nil {
		err = hint.Wrap(fmt.Errorf("start %s: %w", filepath.Base(program), err), "look at restore_test.command in the config, or set restore_test.target: server")
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	c, err := dial(login, nil)
	if err != nil {
		return nil, errors.Join(err, process.Stop(), os.RemoveAll(folder))
	}
	return &Scratch{
		Client: c, Login: login, Name: fmt.Sprintf("%s/%s at %s, process %d", namespace, database, login.URL, process.PID()),
		Close: func(context.Context) error { return errors.Join(process.Stop(), os.RemoveAll(folder)) },
	}, nil
}

func replace(args []string, address, folder string, l Login) []string {
	host, port, _ := net.SplitHostPort(address) // we made it
	r := strings.NewReplacer("{address}", address, "{host}", host, "{port}", port, "{user}", l.Username, "{password}", l.Password, "{folder}", folder)
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = r.Replace(a)
	}
	return out
}

func dial(l Login, ca []byte) (*db.Client, error) {
	return db.Dial(db.Options{
		URL: l.URL, Namespace: l.Namespace, Database: l.Database, Username: l.Username, Password: l.Password, Auth: db.Root, CA: ca,
		Idle: 5 * time.Minute,
	})
}
