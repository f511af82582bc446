package crypt_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

const pluginName = "backuptest"

// TestMain is a real age plugin, if it is called by the name of one.
func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "age-plugin-") {
		os.Exit(runPlugin())
	}
	os.Exit(m.Run())
}

// runPlugin wraps native keys, and asks for a PIN before it decrypts.
func runPlugin() int {
	p, err := plugin.New(pluginName)
	if err != nil {
		return 1
	}
	p.HandleRecipient(func(data []byte) (age.Recipient, error) {
		if string(data) == "odd" {
			return odd{}, nil
		}
		return age.ParseX25519Recipient(string(data))
	})
	p.HandleIdentity(func(data []byte) (age.Identity, error) {
		key, err := age.ParseX25519Identity(string(data))
		return &pinned{key, p}, err
	})
	return p.Main()
}

// odd wraps what only a passphrase may.
type odd struct{}

func (odd) Wrap([]byte) ([]*age.Stanza, error) {
	return []*age.Stanza{{Type: "scrypt", Args: []string{"AAAAAAAAAAAAAAAAAAAAAA", "18"}, Body: make([]byte, 32)}}, nil
}

type pinned struct {
	age.Identity
	p *plugin.Plugin
}

func (i *pinned) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	pin, err := i.p.RequestValue("the PIN of the card", true)
	if err != nil {
		return nil, errors.New("no PIN")
	}
	if pin != "1234" {
		return nil, fmt.Errorf("PIN is wrong")
	}
	return i.Identity.Unwrap(stanzas)
}

func TestPlugin(t *testing.T) {
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
	public := plugin.EncodeRecipient(pluginName, []byte(key.Recipient().String()))
	private := keyFile(t, plugin.EncodeIdentity(pluginName, []byte(key.String())))

	sealed := seal(t, recipients(t, public))
	opens(t, identities(t, answer("1234"), private), sealed)
	opens(t, identities(t, nil, keyFile(t, key.String())), sealed)

	for name, ask := range map[string]crypt.Prompt{"nobody to ask": nil, "wrong PIN": answer("4321")} {
		_, err := identities(t, ask, private).Open(strings.NewReader(string(sealed)))
		if err == nil || errors.Is(err, crypt.ErrNoMatch) || isDamaged(err) || !strings.Contains(err.Error(), "the PIN of the card") {
			t.Errorf("%s: got %v, want it to say what the plugin asked", name, err)
		}
	}
	if got := identities(t, nil, private).Recipients(); len(got) != 1 || got[0].Fingerprint != "plugin "+pluginName || got[0].Public != "" {
		t.Errorf("got %v, want the plugin's name", got)
	}

	t.Setenv("PATH", path)
	_, err = recipients(t, public).Seal(&strings.Builder{})
	if err == nil || !strings.Contains(hint.Of(err), "age-plugin-"+pluginName) {
		t.Errorf("plugin missing: got %v, hint %q, want it named", err, hint.Of(err))
	}
	_, err = identities(t, nil, private).Open(strings.NewReader(string(sealed)))
	if err == nil || isDamaged(err) || !strings.Contains(hint.Of(err), "age-plugin-"+pluginName) {
		t.Errorf("plugin missing: got %v, hint %q, want it named", err, hint.Of(err))
	}
}
