package crypt_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// Keys on a card go where others go, and are bound by age's rule that all or
// none withstand quantum computers.
func TestRewrapWithPlugins(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "age-plugin-"+pluginName)); err != nil {
		t.Fatal(err)
	}
	path := os.Getenv("PATH")
	t.Setenv("PATH", dir+string(os.PathListSeparator)+path)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	card := plugin.EncodeRecipient(pluginName, []byte(key.Recipient().String()))
	private := keyFile(t, plugin.EncodeIdentity(pluginName, []byte(key.String())))
	file, public := generate(t, crypt.X25519)
	_, quantum := generate(t, crypt.PostQuantum)

	onCard, err := rewrap(bytes.NewReader(seal(t, recipients(t, public))), identities(t, nil, file), recipients(t, card))
	if err != nil {
		t.Fatal(err)
	}
	opens(t, identities(t, answer("1234"), private), onCard)
	if _, err := opened(identities(t, nil, file), onCard); !errors.Is(err, crypt.ErrNoMatch) {
		t.Errorf("the old key: got %v, want ErrNoMatch", err)
	}
	back, err := rewrap(bytes.NewReader(onCard), identities(t, answer("1234"), private), recipients(t, public))
	if err != nil {
		t.Fatal(err)
	}
	opens(t, identities(t, nil, file), back)
	_, err = rewrap(bytes.NewReader(onCard), identities(t, answer("4321"), private), recipients(t, public))
	if err == nil || errors.Is(err, crypt.ErrNoMatch) || isDamaged(err) || !strings.Contains(err.Error(), "the PIN of the card") {
		t.Errorf("wrong PIN: got %v, want it to say what the plugin asked", err)
	}

	// Of a plugin's recipient only the plugin knows whether it may stand there.
	for _, mixed := range [][]string{{quantum, card}, {card, quantum}} {
		to := recipients(t, mixed...)
		_, err := rewrap(bytes.NewReader(back), identities(t, nil, file), to)
		if err == nil || !strings.Contains(err.Error(), "cannot stand together") {
			t.Errorf("post-quantum and a plugin: got %v, want it refused", err)
		}
		if _, err := to.Seal(&bytes.Buffer{}); err == nil {
			t.Error("age takes what we refuse")
		}
	}

	_, err = rewrap(bytes.NewReader(back), identities(t, nil, file), recipients(t, plugin.EncodeRecipient(pluginName, []byte("odd"))))
	if err == nil || !strings.Contains(err.Error(), "a passphrase") {
		t.Errorf("a plugin that wraps for a passphrase: got %v, want it refused", err)
	}

	t.Setenv("PATH", path)
	_, err = rewrap(bytes.NewReader(back), identities(t, nil, file), recipients(t, card))
	if err == nil || isDamaged(err) || !strings.Contains(hint.Of(err), "age-plugin-"+pluginName) {
		t.Errorf("plugin missing: got %v, hint %q, want it named", err, hint.Of(err))
	}
}
