package cli

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"crypto/sha256"
	"encoding/hex"

	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/db"
)

// dial makes the client of a configured database. Nothing is contacted yet.
func (a *app) dial(d config.Database) (*db.Client, error) {
	o := db.Options{
		URL: d.URL, Namespace: d.Namespace, Database: d.Database, Username: d.Username,
		Auth: levels[d.Auth], ServerName: d.TLS.ServerName, Idle: time.Duration(d.Timeouts.Idle),
		UserAgent: "vapora-backup/" + buildVersion(),
	}
	if d.TLS.CA != "" {
		pem, err := os.ReadFile(d.TLS.CA)
		if err != nil {
			return nil, fmt.Errorf("read tls.ca of %s: %w", d.Name, err)
		}
		o.CA = pem
	}
	for _, s := range []struct {
		name string
		from config.Secret
		to   *string
	}{{"password", d.Password, &o.Password}, {"token", d.Token, &o.Token}} {
		if s.from.IsZero() {
			continue
		}
		v, err := s.from.Value(a.getenv)
		if err != nil {
			return nil, fmt.Errorf("read %s of %s: %w", s.name, d.Name, err)
		}
		*s.to = v
	}
	return db.Dial(o)
}

var levels = map[string]db.Level{"root": db.Root, "namespace": db.Namespace, "database": db.Database}

// A source is one database to back up, under the name that its backups get.
type source struct {
	name   string
	config config.Database
	dump   db.Source
	err    error // why it cannot be backed up; it keeps no other from it
}

// sources returns what the names stand for: all configured databases where
// there are none, and with all_databases one source per database, never none.
func (a *app) sources(ctx context.Context, cfg *config.Config, names []string, all bool) ([]source, error) {
	for _, name := range names {
		if !slices.ContainsFunc(cfg.Databases, func(d config.Database) bool { return d.Name == name }) {
			return nil, usagef("no database %s in %s; it has %s", name, cfg.File(), strings.Join(databaseNames(cfg), ", "))
		}
	}
	var out []source
	for _, d := range cfg.Databases {
		if len(names) > 0 && !slices.Contains(names, d.Name) {
			continue
		}
		s, err := a.source(d)
		switch {
		case err != nil:
			out = append(out, source{name: d.Name, err: err})
		case all || d.AllDatabases:
			out = append(out, a.eachDatabase(ctx, s)...)
		default:
			out = append(out, s)
		}
	}
	return out, nil
}

// eachDatabase returns a source for each database in the namespace of s.
func (a *app) eachDatabase(ctx context.Context, s source) []source {
	found, err := s.dump.Databases(ctx)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("namespace %s has none", s.config.Namespace)
	}
	if err != nil {
		return []source{{name: s.name, err: fmt.Errorf("list the databases of %s: %w", s.name, err)}}
	}
	var out []source
	for _, name := range found {
		each := s
		each.name = s.name + "." + slug(name)
		each.dump.Client = s.dump.Client.WithDatabase(s.config.Namespace, name)
		each.dump.AccessKeys, each.err = a.accessKeys(s.config, name)
		out = append(out, each)
	}
	return out
}

func databaseNames(cfg *config.Config) []string {
	var names []string
	for _, d := range cfg.Databases {
		names = append(names, d.Name)
	}
	return names
}

func (a *app) source(d config.Database) (source, error) {
	client, err := a.dial(d)
	if err != nil {
		return source{}, err
	}
	keys, err := a.accessKeys(d, d.Database)
	if err != nil {
		return source{}, err
	}
	return source{name: d.Name, config: d, dump: db.Source{
		Client: client, MinSize: int64(d.MinSize), AccessKeys: keys,
		LeaveOut: db.LeaveOut{Tables: d.LeaveOut.Tables, Users: d.LeaveOut.Users, Accesses: d.LeaveOut.Accesses},
	}}, nil
}

func (a *app) accessKeys(d config.Database, database string) (map[string]string, error) {
	keys := map[string]string{}
	for _, k := range d.AccessKeys {
		if k.Database != "" && k.Database != database {
			continue
		}
		v, err := k.Key.Value(a.getenv)
		if err != nil {
			return nil, fmt.Errorf("read access key %s of %s: %w", k.Name, d.Name, err)
		}
		keys[k.Name] = v
	}
	return keys, nil
}

// longest keeps a key's part, which is a name in a folder, below what file systems take.
const longest = 100

// slug turns a database's name into a part of a key: itself where that is
// possible, else its letters and a piece of its hash.
func slug(name string) string {
	clean := regexp.MustCompile(`[^a-z0-9_-]+`).ReplaceAllString(strings.ToLower(name), "-")
	if clean == name && len(name) <= longest {
		return name
	}
	clean = clean[:min(len(clean), longest)]
	sum := sha256.Sum256([]byte(name))
	return strings.Trim(clean, "-") + "-" + hex.EncodeToString(sum[:4])
}
