package crypt

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// ParseIdentities reads the text of one file as [ReadIdentities] does. The name
// stands for it in errors and prompts.
func ParseIdentities(name string, text []byte, ask Prompt) (*Identities, error) {
	i, err := parseKeyFile(name, text, ask)
	if err != nil {
		return nil, fmt.Errorf("identity %s: %w", name, err)
	}
	return i, nil
}

func parseKeyFile(name string, text []byte, ask Prompt) (*Identities, error) {
	trimmed := bytes.TrimSpace(text)
	switch {
	case bytes.HasPrefix(trimmed, []byte(armor.Header)):
		return parseProtected(name, armor.NewReader(bytes.NewReader(trimmed)), ask)
	case bytes.HasPrefix(text, []byte("age-encryption.org/")):
		return parseProtected(name, bytes.NewReader(text), ask)
	case bytes.HasPrefix(trimmed, []byte("-----BEGIN")):
		return parseSSH(name, trimmed, ask)
	default:
		return parseLines(name, string(text), ask)
	}
}

// parseLines reads age's own format: a key on each line, and comments.
func parseLines(name, text string, ask Prompt) (*Identities, error) {
	i := &Identities{}
	var faults []error
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		one, err := parseLine(name, line, ask)
		if err != nil {
			faults = append(faults, fmt.Errorf("line %d: %w", n, err))
			continue
		}
		i.Add(one)
	}
	if len(faults) == 0 && len(i.keys) == 0 {
		faults = append(faults, errors.New("no key in it"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return i, nil
}

// parseLine never passes an error of age on: it may quote the key.
func parseLine(name, line string, ask Prompt) (*Identities, error) {
	switch {
	case strings.HasPrefix(line, "AGE-SECRET-KEY-PQ-1"):
		if key, err := age.ParseHybridIdentity(line); err == nil {
			return newIdentity(name, key, key.Recipient().String()), nil
		}
	case strings.HasPrefix(line, "AGE-SECRET-KEY-1"):
		if key, err := age.ParseX25519Identity(line); err == nil {
			return newIdentity(name, key, key.Recipient().String()), nil
		}
	case strings.HasPrefix(line, "AGE-PLUGIN-"):
		if key, err := newPluginIdentity(line, ask); err == nil {
			return &Identities{[]age.Identity{key}, []Recipient{{From: name, Fingerprint: "plugin " + key.Name()}}}, nil
		}
	case strings.HasPrefix(line, "age1"), strings.HasPrefix(line, "ssh-"):
		return nil, hint.Wrap(errors.New("a public key, which opens nothing"), "name the file with its private half")
	default:
		return nil, errors.New("not a private key of age")
	}
	return nil, errors.New("malformed key: a character is wrong or missing")
}

func newIdentity(name string, key age.Identity, public string) *Identities {
	return &Identities{[]age.Identity{key}, []Recipient{{name, public, Fingerprint(public)}}}
}

// parseProtected reads an identity file that age encrypted with a passphrase.
func parseProtected(name string, text io.Reader, ask Prompt) (*Identities, error) {
	passphrase, err := unlock(name, ask)
	if err != nil {
		return nil, err
	}
	key, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, errors.New("empty passphrase")
	}
	opened, err := age.Decrypt(text, key)
	var noMatch *age.NoIdentityMatchError
	if errors.As(err, &noMatch) {
		if len(noMatch.StanzaTypes) != 1 || noMatch.StanzaTypes[0] != "scrypt" {
			return nil, errors.New("encrypted for a key; only a passphrase can protect an identity")
		}
		return nil, errors.New("wrong passphrase")
	} else if err != nil {
		return nil, fmt.Errorf("decrypt: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(opened, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("decrypt: %w", err)
	}
	return parseLines(name, string(plain), ask)
}

func parseSSH(name string, pem []byte, ask Prompt) (*Identities, error) {
	key, err := ssh.ParseRawPrivateKey(pem)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		passphrase, err := unlock(name, ask)
		if err != nil {
			return nil, err
		}
		if key, err = ssh.ParseRawPrivateKeyWithPassphrase(pem, []byte(passphrase)); err != nil {
			return nil, errors.New("wrong passphrase, or a malformed SSH key")
		}
	} else if err != nil {
		return nil, errors.New("malformed private key, or not one of SSH")
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return nil, fmt.Errorf("ssh key: %w", err)
	}
	identity, err := sshIdentity(key)
	if err != nil {
		return nil, err
	}
	return newIdentity(name, identity, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))), nil
}

func sshIdentity(key any) (age.Identity, error) {
	switch key := key.(type) {
	case *ed25519.PrivateKey:
		return agessh.NewEd25519Identity(*key)
	case ed25519.PrivateKey:
		return agessh.NewEd25519Identity(key)
	case *rsa.PrivateKey:
		return agessh.NewRSAIdentity(key)
	default:
		return nil, errors.New("an SSH key that cannot decrypt; want ssh-ed25519 or ssh-rsa")
	}
}

func unlock(name string, ask Prompt) (string, error) {
	if ask == nil {
		return "", hint.Wrap(errors.New("protected by a passphrase, and nobody is there to ask"),
			"run it on a terminal, or name an identity without a passphrase")
	}
	return ask("passphrase of " + name)
}
