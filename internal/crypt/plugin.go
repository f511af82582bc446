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
	ask   Prompt          // nil if there is nobody to ask
	until <-chan struct{} // nil: the plugin may take for ever

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

// errHangs is what a plugin is left with whose end nobody waits for any more.
var errHangs = errors.New("the plugin has not answered, and is waited for no more")

// wait carries out a call to the plugin. age starts plugins without a context, so one
// that hangs is left behind: it ends with this process. call has then not returned.
func (u *pluginUI) wait(call func()) error {
	over := make(chan struct{})
	go func() {
		defer close(over)
		call()
	}()
	select {
	case <-over:
		return nil
	case <-u.until:
		return u.explain(errHangs)
	}
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

func (r *pluginRecipient) Wrap(fileKey []byte) (stanzas []*age.Stanza, err error) {
	stanzas, _, err = r.WrapWithLabels(fileKey)
	return stanzas, err
}

func (r *pluginRecipient) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	var stanzas []*age.Stanza
	var labels []string
	var err error
	if herr := r.ui.wait(func() { stanzas, labels, err = r.Recipient.WrapWithLabels(fileKey) }); herr != nil {
		return nil, nil, herr
	}
	return stanzas, labels, r.ui.explain(err)
}

// Until has the plugins of r be waited for no longer than until done is closed, such
// as the Done of a context. It is to be called before r seals.
func (r *Recipients) Until(done <-chan struct{}) {
	for _, k := range r.keys {
		if p, ok := k.(*pluginRecipient); ok {
			p.ui.until = done
		}
	}
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
	var key []byte
	var err error
	if herr := i.ui.wait(func() { key, err = i.Identity.Unwrap(stanzas) }); herr != nil {
		return nil, herr
	}
	return key, i.ui.explain(err)
}

// Until has the plugins of i be waited for no longer than until done is closed. It is
// to be called before i opens.
func (i *Identities) Until(done <-chan struct{}) {
	for _, k := range i.keys {
		if p, ok := k.(*pluginIdentity); ok {
			p.ui.until = done
		}
	}
}
