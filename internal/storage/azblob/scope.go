package azblob

import (
	"fmt"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// scope is the encryption scope for a kind, "" for the container's own.
func (s *Store) scope(kind string) string {
	if scope, ok := s.o.Scopes[kind]; ok {
		return scope
	}
	return s.o.Scopes[""]
}

// confirmScope compares an answer with the wish.
func (u *upload) confirmScope(m made) error {
	if u.scope == "" || m.scope != nil && *m.scope == u.scope {
		return nil
	}
	got := "none"
	if m.scope != nil && *m.scope != "" {
		got = *m.scope
	}
	return hint.Wrap(fmt.Errorf("asked for encryption scope %s, the server confirmed %s", u.scope, got),
		"make the encryption scope in the storage account, or correct sse in the destination")
}
