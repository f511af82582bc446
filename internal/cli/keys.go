package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vapora-platform/vapora-backup/internal/crypt"
)

func newKeys(a *app) *cobra.Command {
	c := &cobra.Command{Use: "keys", Short: "Make and check keys"}
	c.AddCommand(newKeysGenerate(a), newKeysCheck(a), newKeysRewrap(a), newKeysSignAgain(a))
	return c
}

func newKeysGenerate(a *app) *cobra.Command {
	var dir string
	var pq bool
	c := &cobra.Command{
		Use:   "generate",
		Short: "Make a key pair that opens backups and one that signs them",
		Long: "Write a new age identity (identity.txt) and a new minisign key (signing.key) with\n" +
			"their public halves (identity.pub, signing.pub) into a folder. Nothing is replaced.\n\n" +
			"The identity opens backups: keep it away from the machine that takes them, in at\n" +
			"least two places. The signing key stays on the machine that takes them.",
		Example: "  vapora-backup keys generate --dir ./keys\n  vapora-backup keys generate --dir ./keys --post-quantum",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return runKeysGenerate(a, dir, pq) },
	}
	c.Flags().StringVar(&dir, "dir", "keys", "`FOLDER` to write into")
	c.Flags().BoolVar(&pq, "post-quantum", false, "an identity that withstands quantum computers; it cannot be mixed with others")
	return c
}

func runKeysGenerate(a *app, dir string, pq bool) error {
	kind := crypt.X25519
	if pq {
		kind = crypt.PostQuantum
	}
	identity, recipient, err := crypt.GenerateIdentity(kind, a.Now())
	if err != nil {
		return fmt.Errorf("generate identity: %w", err)
	}
	private, public, err := crypt.GenerateSigningKey()
	if err != nil {
		return fmt.Errorf("generate signing key: %w", err)
	}
	out := generated{
		Identity: filepath.Join(dir, "identity.txt"), Recipient: recipient,
		SigningKey: filepath.Join(dir, "signing.key"), PublicKey: publicKey(public),
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("generate keys: %w", err)
	}
	files := []struct {
		path, text string
		mode       fs.FileMode
	}{
		{out.Identity, identity, 0o600}, {filepath.Join(dir, "identity.pub"), recipient + "\n", 0o644},
		{out.SigningKey, private, 0o600}, {filepath.Join(dir, "signing.pub"), public, 0o644},
	}
	for _, f := range files { // before the first is written, so that none is without its half
		if _, err := os.Lstat(f.path); err == nil {
			return occupied(f.path)
		}
	}
	for _, f := range files {
		if err := writeNew(f.path, f.text, f.mode); err != nil {
			return err
		}
	}
	return a.print(out)
}

// publicKey is the line of a minisign public key file that goes into a config.
func publicKey(file string) string {
	lines := strings.Fields(strings.TrimSpace(file))
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

// writeNew writes a file that does not exist yet.
func writeNew(path, text string, mode fs.FileMode) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return occupied(path)
	}
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(path)) // half of it would be in the way of the next one
		}
	}()
	if _, err := io.WriteString(f, text); err != nil {
		return fmt.Errorf("write %s: %w", path, strip(err))
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", path, strip(err))
	}
	return nil
}

// generated is the result of `keys generate`: files and public halves.
type generated struct {
	Identity   string `json:"identity_file"`
	Recipient  string `json:"recipient"`
	SigningKey string `json:"signing_key_file"`
	PublicKey  string `json:"signing_public_key"`
}

func (g generated) Text(w io.Writer) {
	linef(w, "identity     %s   opens backups: keep it elsewhere, in two places\n", g.Identity)
	linef(w, "recipient    %s\n", g.Recipient)
	linef(w, "signing key  %s   signs backups: stays on this machine\n", g.SigningKey)
	linef(w, "public key   %s\n", g.PublicKey)
}
