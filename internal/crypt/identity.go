package crypt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"filippo.io/age"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// Identities are private keys that open archives.
type Identities struct {
	keys       []age.Identity
	recipients []Recipient
}

// A Recipient is the public half of an identity.
type Recipient struct {
	From        string // where the identity was read from
	Public      string // the public key, or "" if only its plugin can tell
	Fingerprint string // see [Fingerprint]; "plugin NAME" if there is no Public
}

// ReadIdentities reads private keys from files: age's identity files, SSH
// private keys, and either of them protected by a passphrase, for which ask is
// called with the file's name. If ask is nil, such a file is an error. All
// faults are told at once.
func ReadIdentities(paths []string, ask Prompt) (*Identities, error) {
	all := &Identities{}
	var faults []error
	for _, path := range paths {
		text, err := readKeyFile(path)
		if err != nil {
			faults = append(faults, fmt.Errorf("read identity: %w", err))
			continue
		}
		one, err := ParseIdentities(path, text, ask)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		all.Add(one)
	}
	if len(faults) == 0 && len(all.keys) == 0 {
		faults = append(faults, errors.New("no identities"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return all, nil
}

// maxKeyFile bounds what is read as keys, so that a wrong path ends early.
const maxKeyFile = 1 << 20

func readKeyFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxKeyFile {
		return nil, fmt.Errorf("%s: more than %d bytes, so not a key", path, maxKeyFile)
	}
	return text, nil
}

// Add takes the keys of others in, after those that i has.
func (i *Identities) Add(others *Identities) {
	i.keys = append(i.keys, others.keys...)
	i.recipients = append(i.recipients, others.recipients...)
	// As age would do, did it know all our types: those that ask nobody come first.
	slices.SortStableFunc(i.keys, func(a, b age.Identity) int { return rank(a) - rank(b) })
}

func rank(i age.Identity) int {
	if _, ok := i.(*pluginIdentity); ok {
		return 1
	}
	return 0
}

// Recipients tells which public keys the identities belong to.
func (i *Identities) Recipients() []Recipient { return slices.Clone(i.recipients) }

// Open decrypts an age file. Its reader returns io.EOF only after the authentic
// end of src. The error wraps [ErrNoMatch] if src is for others.
func (i *Identities) Open(src io.Reader) (io.Reader, error) {
	r, err := age.Decrypt(src, i.keys...)
	if err != nil {
		return nil, i.explain(err)
	}
	return r, nil
}

// OpenAt is Open for a file that is read in parts. It also returns the size of
// the plain bytes. The reader may be used by several goroutines at once.
func (i *Identities) OpenAt(src io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	r, plain, err := age.DecryptReaderAt(src, size, i.keys...)
	if err != nil {
		return nil, 0, i.explain(err)
	}
	return r, plain, nil
}

// explain tells a key that does not fit from a key that does not work and from
// a file that is not what an age file must be.
func (i *Identities) explain(err error) error {
	var noMatch *age.NoIdentityMatchError
	var ofPlugin *pluginError
	switch {
	case errors.As(err, &noMatch):
		var tried []string
		for _, r := range i.recipients {
			tried = append(tried, r.Fingerprint)
		}
		return hint.Wrap(
			fmt.Errorf("%w: sealed for %s; tried %s", ErrNoMatch, kinds(noMatch.StanzaTypes), strings.Join(tried, ", ")),
			"the manifest names the recipients: use the identity of one of them; if this is one, the object is damaged: verify tells")
	case errors.As(err, &ofPlugin):
		return withPluginHint(err)
	default:
		return &headerError{err}
	}
}

// kinds counts the kinds of keys that a file is sealed for: all that an age
// header tells of them.
func kinds(stanzas []string) string {
	var names, told []string
	count := map[string]int{}
	for _, s := range stanzas {
		if strings.HasSuffix(s, "-grease") { // noise that age adds on purpose
			continue
		}
		if count[s]++; count[s] == 1 {
			names = append(names, s)
		}
	}
	for _, s := range names {
		told = append(told, fmt.Sprintf("%d × %s", count[s], s))
	}
	return strings.Join(told, " and ")
}

// A headerError says that a file cannot be opened by any key.
type headerError struct{ err error }

func (e *headerError) Error() string { return "read age header: " + e.err.Error() }
func (e *headerError) Unwrap() error { return e.err }
func (e *headerError) Damaged() bool { return true }
