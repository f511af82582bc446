package crypt

import (
	"errors"
	"fmt"
	"sync"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// A pluginUI answers a plugin with what a Prompt says, or says no, and keeps
// what the plugin wanted: age drops the errors of its callbacks.
type pluginUI struct {
	ask Prompt // nil if there is nobody to ask

	mu   sync.Mutex
	want string
}

func (u *pluginUI) client() *plugin.ClientUI {
	return &plugin.ClientUI{
		DisplayMessage: func(_, message string) error {
			u.note(message)
			return nil
		},
		RequestValue: func(name, prompt string, secret bool) (string, error) {
			u.note(prompt)
			if u.ask == nil {
				return "", errors.New("nobody to ask")
			}
			return u.ask(fmt.Sprintf("age plugin %s: %s", name, prompt))
		},
		Confirm: func(_, prompt, _, _ string) (bool, error) {
			u.note(prompt)
			return false, errors.New("nobody to ask")
		},
	}
}

func (u *pluginUI) note(what string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.want = what
}

// explain adds to an error of the plugin what it had said last.
func (u *pluginUI) explain(err error) error {
	if err == nil || errors.Is(err, age.ErrIncorrectIdentity) {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.want != "" {
		err = fmt.Errorf("%w (it said %q)", err, u.want)
	}
	return &pluginError{err}
}

// A pluginError is about a key, never about the file that it should open.
type pluginError struct{ error }

func (e *pluginError) Unwrap() error { return e.error }

func withPluginHint(err error) error {
	var missing *plugin.NotFoundError
	if errors.As(err, &missing) {
		return hint.Wrap(err, "put age-plugin-%s into a folder of PATH", missing.Name)
	}
	return err
}

type pluginRecipient struct {
	*plugin.Recipient
	ui *pluginUI
}

func newPluginRecipient(s string) (*pluginRecipient, error) {
	ui := &pluginUI{}
	r, err := plugin.NewRecipient(s, ui.client())
	if err != nil {
		return nil, err
	}
	return &pluginRecipient{r, ui}, nil
}

func (r *pluginRecipient) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	stanzas, err := r.Recipient.Wrap(fileKey)
	return stanzas, r.ui.explain(err)
}

func (r *pluginRecipient) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	stanzas, labels, err := r.Recipient.WrapWithLabels(fileKey)
	return stanzas, labels, r.ui.explain(err)
}

type pluginIdentity struct {
	*plugin.Identity
	ui *pluginUI
}

func newPluginIdentity(s string, ask Prompt) (*pluginIdentity, error) {
	ui := &pluginUI{ask: ask}
	i, err := plugin.NewIdentity(s, ui.client())
	if err != nil {
		return nil, err
	}
	return &pluginIdentity{i, ui}, nil
}

func (i *pluginIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	key, err := i.Identity.Unwrap(stanzas)
	return key, i.ui.explain(err)
}
