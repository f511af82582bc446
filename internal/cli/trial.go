package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/restore"
	"github.com/vapora-platform/vapora-backup/internal/trial"
)

// databaseTrial is the restore test of databases, as the config has it.
func (a *app) databaseTrial(cfg *config.Config, o *drillOptions, f *found) (*trial.Database, error) {
	keys, err := readKeys(o.accessKeys)
	if err != nil {
		return nil, err
	}
	target, err := a.trialTarget(cfg, o.target)
	if err != nil {
		return nil, err
	}
	d := &trial.Database{
		Target: target, Keys: keys, Now: a.Now,
		Backup: func(m *catalog.Manifest) (restore.Backup, error) {
			ids, err := a.identities(cfg, o.identities)
			if err != nil && hint.Of(err) == "" {
				err = hint.Wrap(err, "name a private key that opens the backup with --identity FILE, or under encryption.identities")
			}
			if err != nil {
				return restore.Backup{}, err
			}
			b := a.withKeys(f, ids)
			b.Opener = trialOpener{ids, m}
			return b, nil
		},
		Checks: func(source string) []trial.Check { return checks(cfg, source) },
		Phase:  func(name string) { a.say("%s: %s", f.manifest.ID, name) },
	}
	if len(cfg.RestoreTest.Smoke) > 0 {
		d.Smoke = func(ctx context.Context, l trial.Login) (string, error) {
			return smoke(ctx, cfg.RestoreTest, a.Environ, l)
		}
	}
	return d, nil
}

func (a *app) trialTarget(cfg *config.Config, over string) (trial.Target, error) {
	t := cfg.RestoreTest
	switch over {
	case "", "local", "server":
	default:
		return nil, usagef("--target %s: local or server", over)
	}
	if over == "local" || over == "" && t.Target != "server" {
		return trial.Local{Command: t.Command}, nil
	}
	if t.Server.URL == "" {
		return nil, usagef("no restore_test.server in %s", cfg.File())
	}
	password, err := a.secret(t.Server.Password)
	if err != nil {
		return nil, fmt.Errorf("restore_test.server: %w", err)
	}
	ca, err := readPEM(t.Server.CA)
	if err != nil {
		return nil, fmt.Errorf("read restore_test.server.ca: %w", err)
	}
	s := trial.Server{URL: t.Server.URL, Username: t.Server.Username, Password: password, CA: ca}
	for _, d := range cfg.Databases {
		s.Sources = append(s.Sources, d.URL)
	}
	return s, nil
}

// checks are the operator's own for a source. They are called by their place in the
// config: the report is stored in clear, and a query is none of a reader's business.
func checks(cfg *config.Config, source string) []trial.Check {
	var out []trial.Check
	for i, c := range cfg.RestoreTest.Checks {
		if c.Source != "" && c.Source != source {
			continue
		}
		want, _ := config.ParseExpectation(c.Expect) // it was checked with the file
		out = append(out, trial.Check{Name: fmt.Sprintf("check %d", i+1), Query: c.Query, Holds: func(result json.RawMessage) (bool, string) {
			ok, found, err := want.Holds(result)
			if err != nil {
				return false, err.Error()
			}
			return ok, found
		}})
	}
	return out
}

// smoke runs the application's own test against the scratch database, within its time.
func smoke(ctx context.Context, t config.RestoreTest, environ []string, l trial.Login) (string, error) {
	limited, cancel := context.WithTimeout(ctx, time.Duration(t.SmokeTimeout))
	defer cancel()
	cmd := exec.CommandContext(limited, t.Smoke[0], t.Smoke[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second // for who does not listen, or left a child behind that holds the output
	cmd.Env = append(environ, "SURREAL_URL="+l.URL, "SURREAL_NAMESPACE="+l.Namespace, "SURREAL_DATABASE="+l.Database,
		"SURREAL_USER="+l.Username, "SURREAL_PASSWORD="+l.Password)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		err = fmt.Errorf("it did not end within %s (restore_test.smoke_timeout)", t.SmokeTimeout)
	}
	text := strings.TrimSpace(out.String())
	if n := len(text); n > 500 {
		text = "…" + text[n-500:]
	}
	return text, err
}
