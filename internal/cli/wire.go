package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// load reads the config, once.
func (a *app) load(checks ...config.KeyCheck) (*config.Config, error) {
	if a.config != nil {
		return a.config, nil
	}
	path, err := config.Find(a.configPath, a.getenv)
	if err != nil {
		return nil, usageError{err}
	}
	cfg, err := config.Load(path, config.Environ(a.Environ), checks...)
	if err != nil {
		return nil, usageError{err}
	}
	var there []string
	for _, d := range cfg.Destinations {
		there = append(there, d.Name)
	}
	for _, name := range a.destinations {
		if !slices.Contains(there, name) {
			return nil, usageError{hint.Wrap(fmt.Errorf("--destination %s: no such destination in %s", name, cfg.File()), "it has: %s", strings.Join(there, ", "))}
		}
	}
	a.config = cfg
	return cfg, nil
}

// recipients reads public keys.
func (a *app) recipients(lines []string) (*crypt.Recipients, error) {
	r, err := crypt.ParseRecipients(lines)
	if err == nil {
		r.Until(a.interrupted)
	}
	return r, err
}

// identities reads the private keys: of the given files, or of the config.
func (a *app) identities(cfg *config.Config, files []string) (*crypt.Identities, error) {
	ids, err := a.readIdentities(cfg, files)
	if err == nil {
		ids.Until(a.interrupted)
	}
	return ids, err
}

func (a *app) readIdentities(cfg *config.Config, files []string) (*crypt.Identities, error) {
	if len(files) > 0 {
		return crypt.ReadIdentities(files, a.ask)
	}
	if len(cfg.Encryption.Identities) == 0 {
		return nil, usageError{hint.Wrap(errors.New("no private key: this command opens backups"),
			"name one with --identity FILE, or under encryption.identities in %s", cfg.File())}
	}
	var all *crypt.Identities
	for i, s := range cfg.Encryption.Identities {
		text, err := s.Value(a.getenv)
		if err != nil {
			return nil, fmt.Errorf("read encryption.identities[%d]: %w", i, err)
		}
		ids, err := crypt.ParseIdentities(s.String(), []byte(text), a.ask)
		if err != nil {
			return nil, fmt.Errorf("read encryption.identities[%d]: %w", i, err)
		}
		if all == nil {
			all = ids
		} else {
			all.Add(ids)
		}
	}
	return all, nil
}

// askCode asks a person at the terminal for a code that is good once.
func (a *app) askCode(what string) (string, error) {
	in, ok := a.In.(*os.File)
	if !ok || !isTerminal(in) {
		return "", usageError{hint.Wrap(fmt.Errorf("no %s, and there is no terminal to ask at", what), "give it with --mfa-code")}
	}
	return a.read(in, what)
}

// read reads a line that is not shown.
func (a *app) read(in *os.File, what string) (string, error) {
	fmt.Fprintf(a.Err, "%s: ", what)
	defer fmt.Fprintln(a.Err)
	fd := int(in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	type line struct {
		text []byte
		err  error
	}
	got := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		got <- line{text, err}
	}()
	select {
	case l := <-got:
		return string(l.text), l.err
	case <-a.interrupted: // nothing ends the read of a terminal, and it must show again what is typed
		return "", errors.Join(errors.New("interrupted"), term.Restore(fd, before))
	}
}

// ask asks a person at the terminal for the secret of a key; without one it fails.
func (a *app) ask(what string) (string, error) {
	in, ok := a.In.(*os.File)
	if !ok || !isTerminal(in) {
		return "", hint.Wrap(fmt.Errorf("%s: there is no terminal to ask at", what), "use a key without one here, and protect its file")
	}
	return a.read(in, what)
}

// signer returns what signs manifests, nil if the config has no key.
func (a *app) signer(cfg *config.Config) (*crypt.Signer, error) {
	if cfg.Signing.Key.IsZero() {
		return nil, nil
	}
	text, err := cfg.Signing.Key.Value(a.getenv)
	if err != nil {
		return nil, hint.Wrap(fmt.Errorf("read signing.key: %w", err), "signing.key in %s names its file or variable; vapora-backup keys generate makes one", cfg.File())
	}
	signer, err := crypt.ParseSigner(text, func(what string) (string, error) {
		if cfg.Signing.Password.IsZero() {
			password, err := a.ask(what)
			return password, hint.Wrap(err, "name its password under signing.password in %s, or take it off with minisign -C -W", cfg.File())
		}
		password, err := cfg.Signing.Password.Value(a.getenv)
		return password, hint.Wrap(err, "signing.password in %s names its file or variable", cfg.File())
	})
	if err != nil {
		return nil, fmt.Errorf("read signing.key: %w", err)
	}
	return signer, nil
}

// signing is signer for commands that also sign the record of what they did: the key is
// opened once, which takes seconds where it has a password.
func (a *app) signing(ctx context.Context, cfg *config.Config) (*crypt.Signer, error) {
	l, err := a.auditLog(ctx, cfg)
	if err != nil {
		return nil, err
	}
	signer, _ := l.Signer.(*crypt.Signer)
	return signer, nil
}

// trusted returns whose signatures count, nil if the config names nobody.
func trusted(cfg *config.Config) (*crypt.Trusted, error) {
	if len(cfg.Signing.Trusted) == 0 {
		return nil, nil
	}
	t, err := crypt.ParseTrusted(cfg.Signing.Trusted)
	if err != nil {
		return nil, usageError{fmt.Errorf("read signing.trusted: %w", err)}
	}
	for _, r := range cfg.Signing.Revoked {
		from, _ := config.ParseMoment(r.From) // it was checked with the file
		if err := t.Revoke(r.Key, from); err != nil {
			return nil, usageError{fmt.Errorf("read signing.revoked: %w", err)}
		}
	}
	return t, nil
}

// verifier is trusted keys as the catalog wants them; nil checks nothing.
func verifier(t *crypt.Trusted) catalog.Verifier {
	if t == nil {
		return nil
	}
	return t
}
