package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

func newConfig(a *app) *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Write, check and show the config file"}
	c.AddCommand(newConfigInit(a), newConfigValidate(a), newConfigShow(a), newConfigSchema(a))
	return c
}

// initOptions are the flags of `config init`.
type initOptions struct {
	output, keys string
	recipients   []string
	example      config.ExampleOptions
}

func newConfigInit(a *app) *cobra.Command {
	var o initOptions
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a commented config file that is valid as it stands",
		Long: "Write a config file with the backup strategy's own numbers and a comment for each\n" +
			"part. Public keys come from the folder that `keys generate` made, or from --recipient.\n" +
			"An existing file is not replaced, and nothing is written that would not be valid.",
		Example: "  vapora-backup keys generate --dir keys && vapora-backup config init --keys keys",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return runConfigInit(a, o) },
	}
	f := c.Flags()
	f.StringVarP(&o.output, "output", "o", "", "`FILE` to write; - is stdout (default: that of --config, else $VAPORA_BACKUP_CONFIG, else vapora-backup.yaml)")
	f.StringVar(&o.keys, "keys", "keys", "`FOLDER` that `keys generate` wrote")
	f.StringArrayVar(&o.recipients, "recipient", nil, "public `KEY` that shall open backups (may be repeated)")
	f.StringVar(&o.example.DatabaseURL, "database-url", "", "`URL` of the SurrealDB server")
	f.StringVar(&o.example.Namespace, "namespace", "", "`NAME` of the namespace")
	f.StringVar(&o.example.Database, "database", "", "`NAME` of the database")
	f.StringVar(&o.example.PasswordEnv, "password-env", "", "environment variable `NAME` with the password")
	f.StringVar(&o.example.MinSize, "min-size", "", "`SIZE` below which a dump is a failed backup")
	f.StringVar(&o.example.DestinationURL, "store", "", "`URL` of the first destination")
	return c
}

func runConfigInit(a *app, o initOptions) error {
	const usual = "vapora-backup.yaml"
	named := a.getenv("VAPORA_BACKUP_CONFIG") // where the next command looks
	o.output = cmp.Or(o.output, a.configPath, named, usual)
	o.example.Recipients = o.recipients
	if line, err := firstLine(filepath.Join(o.keys, "identity.pub")); err == nil {
		o.example.Recipients = append(o.example.Recipients, line)
		o.example.IdentityFile = beside(o.output, filepath.Join(o.keys, "identity.txt"))
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the recipient: %w", err)
	}
	if len(o.example.Recipients) == 0 {
		return usageError{hint.Wrap(fmt.Errorf("no recipient: there is no %s and no --recipient", filepath.Join(o.keys, "identity.pub")),
			"vapora-backup keys generate --dir %s", o.keys)}
	}
	if text, err := os.ReadFile(filepath.Join(o.keys, "signing.pub")); err == nil {
		o.example.SigningKeyFile = beside(o.output, filepath.Join(o.keys, "signing.key"))
		o.example.TrustedKeys = []string{publicKey(string(text))}
	}
	text := config.Example(o.example)
	_, err := config.Parse(o.output, text, nil, checkKeys)
	if err != nil {
		return usageError{fmt.Errorf("nothing was written: %w", err)}
	}
	if o.output == "-" {
		return a.write(string(text))
	}
	if err := writeNew(o.output, string(text), 0o600); err != nil {
		return err
	}
	next := "vapora-backup config validate"
	if o.output != cmp.Or(named, usual) {
		next += " --config " + word(o.output)
	}
	return a.print(written{File: o.output, Next: next})
}

// beside returns a path as a config file names it, from its own folder.
func beside(file, path string) string {
	if file == "-" || filepath.IsAbs(path) {
		return path
	}
	rel, err := filepath.Rel(filepath.Dir(file), path)
	if err != nil { // the one is absolute, or leads out of where we are
		rel, err = filepath.Abs(path)
	}
	if err != nil {
		return path
	}
	return rel
}

func firstLine(path string) (string, error) {
	text, err := os.ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(line), err
}

type written struct {
	File string `json:"file"`
	Next string `json:"next"`
}

func (r written) Text(w io.Writer) { linef(w, "wrote %s; next: %s\n", r.File, r.Next) }

func newConfigShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Print the config in force, and where each value comes from",
		Long: "Print the config that a run would use, with includes, environment and defaults in\n" +
			"it, and where each value comes from. Secrets are named, never shown.",
		Example: "  VAPORA_BACKUP__ENCRYPTION__LEVEL=3 vapora-backup config show",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			return a.print(shownConfig{cfg})
		},
	}
}

type shownConfig struct{ *config.Config }

func (s shownConfig) Text(w io.Writer) {
	text, err := s.Show()
	if err != nil {
		fmt.Fprintln(w, err)
		return
	}
	_, _ = w.Write(text)
}

func newConfigSchema(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of the config file, for editors",
		Long:    "Print the JSON Schema (draft 2020-12) of the config file. Editors use it to complete and\ncheck what is typed.",
		Example: "  vapora-backup config schema > vapora-backup.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text, err := config.Schema()
			if err != nil {
				return err
			}
			return a.write(string(text))
		},
	}
}
