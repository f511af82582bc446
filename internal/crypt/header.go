package crypt

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
)

// The header of an age file, as age-encryption.org/v1 has it: age writes one
// only for a file key of its own choice.
const (
	headerIntro = "age-encryption.org/v1\n"
	headerEnd   = "---"
	fileKeySize = 16
	nonceSize   = 16 // of the payload, after the header
	columns     = 64 // of base64 in a line
)

// header returns an age header that gives the file key to the recipients.
func (r *Recipients) header(fileKey []byte) ([]byte, error) {
	if len(fileKey) != fileKeySize {
		return nil, fmt.Errorf("file key of %d bytes, want %d", len(fileKey), fileKeySize)
	}
	stanzas, err := r.wrap(fileKey)
	if err != nil {
		return nil, withPluginHint(err)
	}
	var b bytes.Buffer
	b.WriteString(headerIntro)
	for _, s := range stanzas {
		writeStanza(&b, s)
	}
	b.WriteString(headerEnd)
	key, err := hkdf.Key(sha256.New, fileKey, nil, "header", sha256.Size)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(b.Bytes())
	b.WriteString(" " + base64.RawStdEncoding.EncodeToString(mac.Sum(nil)) + "\n")
	// What a plugin wraps may be anything. age is to find in it what went in.
	again, err := age.ExtractHeader(bytes.NewReader(b.Bytes()))
	if err != nil || !bytes.Equal(again, b.Bytes()) {
		return nil, errors.Join(errors.New("a recipient's stanza has no place in a header"), err)
	}
	if _, err := age.DecryptHeader(again, age.NewInjectedFileKeyIdentity(fileKey)); err != nil {
		return nil, err
	}
	return again, nil
}

// wrap asks every recipient for its stanzas, and refuses what age refuses:
// recipients whose labels differ, and a passphrase beside others.
func (r *Recipients) wrap(fileKey []byte) ([]*age.Stanza, error) {
	var all []*age.Stanza
	var labels []string
	for i, key := range r.keys {
		stanzas, its, err := wrapOne(key, fileKey)
		if err != nil {
			return nil, fmt.Errorf("seal for %s: %w", r.fingerprints[i], err)
		}
		if len(stanzas) == 0 {
			return nil, fmt.Errorf("seal for %s: it takes no key", r.fingerprints[i])
		}
		if slices.ContainsFunc(stanzas, func(s *age.Stanza) bool { return s.Type == "scrypt" }) {
			return nil, fmt.Errorf("seal for %s: a passphrase, which no recipient may be", r.fingerprints[i])
		}
		if slices.Sort(its); i == 0 {
			labels = its
		} else if !slices.Equal(labels, its) {
			return nil, fmt.Errorf("seal for %s and %s: they cannot stand together: one is %s, the other %s",
				r.fingerprints[0], r.fingerprints[i], labelled(labels), labelled(its))
		}
		all = append(all, stanzas...)
	}
	return all, nil
}

func wrapOne(key age.Recipient, fileKey []byte) ([]*age.Stanza, []string, error) {
	if key, ok := key.(age.RecipientWithLabels); ok {
		return key.WrapWithLabels(fileKey)
	}
	stanzas, err := key.Wrap(fileKey)
	return stanzas, nil, err
}

func labelled(labels []string) string {
	if len(labels) == 0 {
		return "without labels"
	}
	return fmt.Sprintf("%q", labels)
}

// writeStanza leaves it to age to say whether that is one.
func writeStanza(w io.Writer, s *age.Stanza) {
	fmt.Fprintf(w, "-> %s\n", strings.Join(append([]string{s.Type}, s.Args...), " "))
	body := base64.RawStdEncoding.EncodeToString(s.Body)
	for len(body) >= columns {
		fmt.Fprintf(w, "%s\n", body[:columns])
		body = body[columns:]
	}
	fmt.Fprintf(w, "%s\n", body) // shorter than the others, so that it is known for the last
}
