package crypt

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/plugin"
	"golang.org/x/crypto/ssh"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// Recipients are the public keys that an archive is sealed for.
type Recipients struct {
	keys         []age.Recipient
	fingerprints []string
}

// ParseRecipients reads a public key from each line: X25519 (age1…),
// post-quantum (age1pq1…), SSH (ssh-ed25519, ssh-rsa) or an age plugin's
// (age1name1…). Empty lines, lines that begin with # and repetitions are left
// out. Its error names every line that is wrong, counted from 1, and quotes none.
func ParseRecipients(lines []string) (*Recipients, error) {
	r := &Recipients{}
	var faults []error
	var classic, quantum int // the first lines of a kind
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := parseRecipient(line)
		if err != nil {
			faults = append(faults, fmt.Errorf("recipient on line %d: %w", i+1, err))
			continue
		}
		switch kind := keyKind(line); {
		case kind == "post-quantum" && quantum == 0:
			quantum = i + 1
		case kind == "classic" && classic == 0:
			classic = i + 1
		}
		if print := Fingerprint(line); !slices.Contains(r.fingerprints, print) {
			r.keys, r.fingerprints = append(r.keys, key), append(r.fingerprints, print)
		}
	}
	if classic > 0 && quantum > 0 {
		faults = append(faults, hint.Wrap(
			fmt.Errorf("recipient on line %d is post-quantum and that on line %d is not: together they would be no safer than the weaker", quantum, classic),
			"use recipients of one sort: all age1pq1…, or none"))
	}
	if len(faults) == 0 && len(r.keys) == 0 {
		faults = append(faults, hint.Wrap(errors.New("no recipients"), "make a key pair with: vapora-backup keys generate"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return r, nil
}

// CheckRecipient returns why a line is no recipient, nil if it is one.
func CheckRecipient(line string) error {
	_, err := parseRecipient(strings.TrimSpace(line))
	return err
}

// Len returns the number of distinct recipients.
func (r *Recipients) Len() int { return len(r.keys) }

// Fingerprints returns the [Fingerprint] of each recipient, in their order.
func (r *Recipients) Fingerprints() []string { return slices.Clone(r.fingerprints) }

// Seal writes the head of an age file to dst and returns a writer of its
// content. The file is whole only after the writer's Close returned nil. It
// runs the plugins that the recipients name.
func (r *Recipients) Seal(dst io.Writer) (io.WriteCloser, error) {
	w, err := age.Encrypt(dst, r.keys...)
	if err != nil {
		return nil, withPluginHint(err)
	}
	return w, nil
}

func parseRecipient(s string) (key age.Recipient, err error) {
	var kind string
	switch {
	case looksPrivate(s):
		return nil, hint.Wrap(errors.New("looks like a private key; only its public half belongs here"),
			"take the line out; age-keygen -y, or ssh-keygen -y, prints the public half")
	case strings.HasPrefix(s, "age1pq1"):
		kind = "post-quantum key"
		key, err = age.ParseHybridRecipient(s)
	case strings.HasPrefix(s, "age1") && strings.LastIndex(s, "1") > len("age1")-1:
		kind = "plugin's key"
		key, err = newPluginRecipient(s)
	case strings.HasPrefix(s, "age1"):
		kind = "X25519 key"
		key, err = age.ParseX25519Recipient(s)
	case strings.HasPrefix(s, "ssh-"):
		kind = "SSH key"
		if key, err = agessh.ParseRecipient(s); err != nil {
			return nil, errors.New("malformed SSH key, or one that cannot encrypt; want ssh-ed25519, or ssh-rsa of 2048 bits or more")
		}
	default:
		return nil, errors.New("unknown kind of key; want age1…, age1pq1…, a plugin's age1name1…, ssh-ed25519 or ssh-rsa")
	}
	if err != nil { // which quotes the key
		return nil, fmt.Errorf("malformed %s: a character is wrong or missing", kind)
	}
	return key, nil
}

// keyKind tells which keys may stand together. Of a plugin's, only the plugin
// knows.
func keyKind(s string) string {
	switch {
	case strings.HasPrefix(s, "age1pq1"):
		return "post-quantum"
	case strings.HasPrefix(s, "ssh-"):
		return "classic"
	}
	if _, _, err := plugin.ParseRecipient(s); err == nil {
		return "plugin"
	}
	return "classic"
}

// Fingerprint identifies a public key by what an operator sees of it and a hash
// of the whole. For an SSH key that is its type and what `ssh-keygen -l` prints:
// "ssh-ed25519 SHA256:…". For an age key it is the first 16 characters, and the
// SHA-256 of all of them in the same manner: "age1ql3z7hjy54pw SHA256:…", to be
// had from `printf %s age1… | openssl dgst -sha256 -binary | base64`.
func Fingerprint(public string) string {
	public = strings.TrimSpace(public)
	if key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(public)); err == nil {
		return key.Type() + " " + ssh.FingerprintSHA256(key)
	}
	sum := sha256.Sum256([]byte(public))
	return public[:min(16, len(public))] + " SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}
