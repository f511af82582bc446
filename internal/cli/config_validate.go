package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func newConfigValidate(a *app) *cobra.Command {
	var online bool
	c := &cobra.Command{
		Use:   "validate",
		Short: "Check the config file and name every fault at once",
		Long: "Check the config file, its includes and the environment, and that recipients and\n" +
			"trusted keys are keys. No server is contacted and no secret is read.\n\n" +
			"With --online the databases are looked for and each destination is asked whether it is\n" +
			"there, what time it is, and whether it can lock objects where a lock is wanted; the\n" +
			"signing key and the secrets of notify are read. Nothing is written or sent. Credentials that may not list are no fault: backups need to write only.",
		Example: "  vapora-backup config validate --config /etc/vapora-backup/config.yaml --online",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runConfigValidate(c.Context(), a, online) },
	}
	c.Flags().BoolVar(&online, "online", false, "also ask the databases and the destinations, and read the secrets of a run")
	return c
}

func runConfigValidate(ctx context.Context, a *app, online bool) error {
	cfg, err := a.load(checkKeys)
	if err == nil {
		_, err = trusted(cfg) // what was revoked
	}
	if err != nil {
		return err
	}
	v := validated{File: cfg.File(), Databases: databaseNames(cfg), Warnings: cfg.Warnings()}
	for _, d := range cfg.Destinations {
		v.Destinations = append(v.Destinations, d.Name)
	}
	if online {
		if v.Online, err = a.askAll(ctx, cfg); err != nil {
			return err
		}
	}
	if err := a.print(v); err != nil {
		return err
	}
	return v.fault()
}

// checkKeys looks whether what stands for a public key is one, and names all that are none.
func checkKeys(cfg *config.Config) (faults config.Faults) {
	add := func(path string, err error) {
		if err != nil {
			faults = append(faults, cfg.FaultAt(path, err.Error(), cmp.Or(hint.Of(err), "vapora-backup keys generate makes a pair")))
		}
	}
	each := func(path string, check func(string) error) (keys []string) {
		before := len(faults)
		for path, key := range cfg.Texts(path) {
			add(path, check(key))
			keys = append(keys, key)
		}
		if len(faults) > before {
			return nil
		}
		return keys
	}
	recipients := func(path string) {
		if keys := each(path, crypt.CheckRecipient); len(keys) > 0 {
			_, err := crypt.ParseRecipients(keys) // some do not go with others
			add(path, err)
		}
	}
	for _, d := range cfg.Databases {
		recipients("databases[" + d.Name + "].recipients")
	}
	recipients("encryption.recipients")
	each("signing.trusted", crypt.CheckTrusted)
	return faults
}

// askAll reads the secrets of a run, and asks every database and destination, all at once.
func (a *app) askAll(ctx context.Context, cfg *config.Config) ([]asked, error) {
	open := a.open(ctx, cfg)
	out := make([]asked, len(cfg.Databases)+len(open))
	var asking sync.WaitGroup
	for i, d := range cfg.Databases {
		asking.Go(func() {
			out[i].Name = "databases[" + d.Name + "]"
			out[i].Says, out[i].err = a.askDatabase(ctx, d)
		})
	}
	for i, d := range open {
		asking.Go(func() {
			o := &out[len(cfg.Databases)+i]
			o.Name = "destinations[" + d.Name + "]"
			o.Says, o.err = d.ask(ctx, a)
		})
	}
	asking.Wait()
	out = append(out, a.readSecrets(cfg)...)
	for i := range out {
		if out[i].OK = out[i].err == nil; !out[i].OK {
			out[i].Says = ""
			out[i].Error = out[i].err.Error()
		}
	}
	return out, storage.Ended(ctx)
}

// readSecrets opens what a run signs with and tells others with. Passwords of databases
// and credentials of destinations are read where these are asked.
func (a *app) readSecrets(cfg *config.Config) (out []asked) {
	if !cfg.Signing.Key.IsZero() {
		key := asked{Name: "signing.key"}
		var signer *crypt.Signer
		if signer, key.err = a.signer(cfg); key.err == nil {
			key.Says = "key " + signer.KeyID()
		}
		out = append(out, key)
	}
	for _, n := range cfg.Notify {
		_, err := n.URL.Value(a.getenv)
		err = hint.Wrap(err, "notify[%s].url in %s names its file or variable", n.Name, cfg.File())
		out = append(out, asked{Name: "notify[" + n.Name + "]", Says: "has its URL", err: err})
	}
	return out
}

func (a *app) askDatabase(ctx context.Context, d config.Database) (string, error) {
	s, err := a.source(d)
	if err != nil {
		return "", err
	}
	if d.AllDatabases {
		names, err := s.dump.Databases(ctx)
		return fmt.Sprintf("%d databases", len(names)), err
	}
	version, err := s.dump.Reach(ctx)
	return "surrealdb-" + version.String(), err
}

// ask asks a destination what a backup will need of it.
func (d destination) ask(ctx context.Context, a *app) (string, error) {
	if err := backup.CheckClock(ctx, d.store, a.Now); err != nil {
		return "", err
	}
	says := "there"
	for _, err := range d.store.List(ctx, "README.txt") {
		switch {
		case errors.Is(err, fs.ErrPermission):
			says = "there, and may not be listed"
		case d.Offline && errors.Is(err, storage.ErrOffline):
			return "offline, not there now", nil
		case err != nil:
			return "", err
		}
		break
	}
	if d.Lock.Mode == "" {
		return says, nil
	}
	locker, ok := d.store.(storage.Locker)
	if !ok {
		return "", fmt.Errorf("%s: %w", d.URL, storage.ErrNoLock)
	}
	if err := locker.CheckLock(ctx); err != nil {
		return "", err
	}
	return says + ", can lock", nil
}

// validated is the result of `config validate`.
type validated struct {
	File         string   `json:"file"`
	Databases    []string `json:"databases"`
	Destinations []string `json:"destinations"`
	Warnings     []string `json:"warnings"`
	Online       []asked  `json:"online,omitempty"`
}

// asked is what a database or a destination said, or a secret is.
type asked struct {
	Name  string `json:"name"` // its place in the config
	OK    bool   `json:"ok"`
	Says  string `json:"says,omitempty"`
	Error string `json:"error,omitempty"`
	err   error
}

func (v validated) fault() error {
	var errs []error
	for _, o := range v.Online {
		if o.err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", o.Name, o.err))
		}
	}
	return errors.Join(errs...)
}

func (v validated) Text(w io.Writer) {
	linef(w, "%s is valid: databases %s; destinations %s\n", v.File, strings.Join(v.Databases, ", "), strings.Join(v.Destinations, ", "))
	for _, x := range v.Warnings {
		linef(w, "warning: %s\n", x)
	}
	table(w, func(w io.Writer) {
		for _, o := range v.Online {
			if o.OK {
				linef(w, "%s\t%s\n", o.Name, o.Says)
			} else {
				linef(w, "%s\tFAILED: %s\n", o.Name, o.Error)
			}
		}
	})
}
