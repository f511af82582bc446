package crypt_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		switch string(data) {
		case "odd":
			return odd{}, nil
		case "hang":
			hang()
		}
		return age.ParseX25519Recipient(string(data))
	})
	p.HandleIdentity(func(data []byte) (age.Identity, error) {
		if string(data) == "hang" {
			hang()
		}
		key, err := age.ParseX25519Identity(string(data))
		return &pinned{key, p}, err
	})
	return p.Main()
}

// hang lasts as long as who started the plugin.
func hang() {
	for parent := os.Getppid(); os.Getppid() == parent; {
		time.Sleep(20 * time.Millisecond)
	}
	os.Exit(1)
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

// A plugin that hangs keeps nobody from being interrupted.
func TestPluginHangs(t *testing.T) {
	installPlugin(t)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	sealed := seal(t, recipients(t, plugin.EncodeRecipient(pluginName, []byte(key.Recipient().String()))))
	done := make(chan struct{})
	time.AfterFunc(200*time.Millisecond, func() { close(done) })

	to := recipients(t, plugin.EncodeRecipient(pluginName, []byte("hang")))
	to.Until(done)
	if _, err := to.Seal(&strings.Builder{}); err == nil || !strings.Contains(err.Error(), "has not answered") {
		t.Errorf("sealed: got %v, want that the plugin hangs", err)
	}
	ids := identities(t, nil, keyFile(t, plugin.EncodeIdentity(pluginName, []byte("hang"))))
	ids.Until(done)
	if _, err := ids.Open(strings.NewReader(string(sealed))); err == nil || isDamaged(err) || errors.Is(err, crypt.ErrNoMatch) || !strings.Contains(err.Error(), "has not answered") {
		t.Errorf("opened: got %v, want that the plugin hangs", err)
	}
}

// installPlugin puts this binary into PATH as a plugin, and returns the PATH without.
func installPlugin(t *testing.T) string {
	t.Helper()
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
	return path
}

func TestPlugin(t *testing.T) {
	path := installPlugin(t)
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
