package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// app is one run of the program: the Env, the flags that every command has,
// and what is built from the config on first use.
type app struct {
	Env
	talk         sync.Mutex // lines of those who talk at once, such as one per destination, come one after the other
	configPath   string
	json, quiet  bool
	logFormat    string
	destinations []string
	mfaCode      string
	reason       string // why, for the record of what was done
	record       *audit.Log
	opened       []destination // all of the config's, once openAll was called
	config       *config.Config
	interrupted  <-chan struct{} // closed when the run is to end, for what knows no context
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "vapora-backup",
		Short: "Back up a SurrealDB platform, prove it, bring it back",
		Long: "vapora-backup takes backups of SurrealDB that are proved complete, sealed with age\n" +
			"and signed with minisign, and restores all of what they hold. It is driven by a\n" +
			"YAML file (see `vapora-backup config init`) and scheduled from outside.",
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if err := oneLine(c, "reason", "unsafe-blast-radius"); err != nil {
				return err
			}
			if a.logFormat != "text" && a.logFormat != "json" {
				return usagef("--log-format %q: text or json", a.logFormat)
			}
			return nil
		},
	}
	f := root.PersistentFlags()
	f.StringVar(&a.configPath, "config", "", "config `FILE` (default: $VAPORA_BACKUP_CONFIG, ./vapora-backup.yaml, /etc/vapora-backup/config.yaml)")
	f.BoolVar(&a.json, "json", false, "print the result as JSON")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "say nothing but errors and warnings on stderr")
	f.StringVar(&a.logFormat, "log-format", "text", "format of stderr: `text|json`")
	f.StringSliceVar(&a.destinations, "destination", nil, "use only the destination `NAME` (may be repeated)")
	f.StringVar(&a.mfaCode, "mfa-code", "", "`CODE` of the device that a destination's role demands; without it the terminal is asked")
	f.StringVar(&a.reason, "reason", "", "`WHY`, for the record of what was done, such as INC-123")
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newBackup(a), newList(a), newShow(a), newGet(a), newVerify(a), newRestore(a),
		newSync(a), newHold(a), newThaw(a), newPrune(a), newRestoreTest(a), newReport(a), newAudit(a),
		newConfig(a), newKeys(a), newVersion(a))
	root.InitDefaultCompletionCmd()
	finish(root)
	return root
}

// finish gives every command its exit codes and an example, and makes wrong
// arguments a wrong usage.
func finish(c *cobra.Command) {
	for _, sub := range c.Commands() {
		finish(sub)
	}
	if c.Long == "" {
		c.Long = c.Short + "."
	}
	c.Long = strings.TrimSpace(c.Long) + exitHelp
	if c.Example == "" {
		c.Example = example(c)
	}
	if c.RunE == nil && c.HasSubCommands() {
		c.RunE = func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args[0])
			}
			if !c.HasParent() && c.Flags().NFlag() == 0 {
				return c.Help()
			}
			return noCommand(c) // help would leave a job whose command was cut off green for ever
		}
		c.Args = cobra.ArbitraryArgs
		return
	}
	check := c.Args
	c.Args = func(c *cobra.Command, args []string) error {
		err := errors.Join(noneEmpty(c, args), c.ValidateRequiredFlags(), c.ValidateFlagGroups()) // which cobra asks later, as of any failure
		if err == nil && check != nil {
			err = check(c, args)
		}
		if err != nil {
			return usageError{err}
		}
		return nil
	}
}

// oneLine refuses words with line breaks in flags that others read in tables: there they
// would look like rows of their own.
func oneLine(c *cobra.Command, flags ...string) error {
	for _, name := range flags {
		if f := c.Flags().Lookup(name); f != nil && strings.ContainsAny(f.Value.String(), "\n\r\v\f\u0085\u2028\u2029") {
			return usagef("--%s: write it in one line", name)
		}
	}
	return nil
}

// noneEmpty refuses empty words: what was left out means the newest, all, or where the
// config says, and a variable of a script that is not set shall mean none of that.
func noneEmpty(c *cobra.Command, args []string) error {
	const why = "is it a variable that is not set? Leave it out if that is meant"
	var errs []error
	c.Flags().Visit(func(f *pflag.Flag) {
		empty := f.Value.String() == ""
		if list, ok := f.Value.(pflag.SliceValue); ok {
			empty = len(list.GetSlice()) == 0 || slices.Contains(list.GetSlice(), "")
		}
		if empty {
			errs = append(errs, fmt.Errorf("--%s is empty: %s", f.Name, why))
		}
	})
	if slices.Contains(args, "") {
		errs = append(errs, errors.New("an argument is empty: "+why))
	}
	return errors.Join(errs...)
}

// example is, of a command with others below it, the first of each of theirs; cobra's
// own have none.
func example(c *cobra.Command) string {
	if !c.HasSubCommands() {
		return "  " + c.CommandPath()
	}
	var lines []string
	for _, sub := range c.Commands() {
		first, _, _ := strings.Cut(sub.Example, "\n")
		lines = append(lines, first)
	}
	return strings.Join(lines, "\n")
}

func unknownCommand(c *cobra.Command, name string) error {
	return usagef("%s has no command %q; it has %s", c.CommandPath(), name, subcommands(c))
}

func noCommand(c *cobra.Command) error {
	return usageError{hint.Wrap(fmt.Errorf("%s does nothing by itself; it has %s", c.CommandPath(), subcommands(c)),
		"%s --help says what each does", c.CommandPath())}
}

// subcommands names those of a command.
func subcommands(c *cobra.Command) string {
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
