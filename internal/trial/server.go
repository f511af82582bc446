package trial

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// A Server is a SurrealDB that is there already: the trial makes a namespace of
// its own in it, and removes that afterwards.
type Server struct {
	URL, Username, Password string
	CA                      []byte // PEM; nil is the system's

	// Sources are the URLs of the databases that are backed up. None of them may
	// be the server: what a trial does to it must not reach what it is for.
	Sources []string
}

var _ Target = Server{}

// ErrSource is what a server is refused with that is a source itself.
var ErrSource = errors.New("the server is one that is backed up")

// Open implements Target.
func (s Server) Open(ctx context.Context) (*Scratch, error) {
	for _, source := range s.Sources {
		if sameServer(s.URL, source) {
			return nil, hint.Wrap(fmt.Errorf("%s: %w", s.URL, ErrSource), "name another server under restore_test.server, or set target: local")
		}
	}
	login := Login{
		URL: s.URL, Username: s.Username, Password: s.Password,
		Namespace: namespace + "_" + strings.ToLower(rand.Text()[:10]), Database: database,
	}
	c, err := dial(login, s.CA)
	if err == nil {
		_, err = c.QueryIn(ctx, "", "", "RETURN 1") // while it says nothing of the backup
	}
	if err != nil {
		return nil, hint.Wrap(fmt.Errorf("reach %s: %w", s.URL, err), "look at restore_test.server in the config, or set target: local")
	}
	return &Scratch{
		Client: c, Login: login, Name: fmt.Sprintf("%s/%s at %s", login.Namespace, login.Database, login.URL),
		Close: func(ctx context.Context) error {
			results, err := c.QueryIn(ctx, "", "", "REMOVE NAMESPACE IF EXISTS "+surql.QuoteIdent(login.Namespace))
			for _, r := range results {
				if err == nil && r.Err != "" {
					err = errors.New(r.Err)
				}
			}
			return err
		},
	}, nil
}

// sameServer reports whether two URLs reach the same host and port.
func sameServer(a, b string) bool {
	x, y := hostPort(a), hostPort(b)
	return x != "" && x == y
}

func hostPort(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	switch {
	case host == "localhost", host == "::1":
		host = "127.0.0.1"
	}
	switch {
	case port == "" && u.Scheme == "https":
		port = "443"
	case port == "":
		port = "80"
	}
	return host + ":" + port
}
