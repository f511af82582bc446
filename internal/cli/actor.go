package cli

import (
	"os/user"

	"github.com/vapora-platform/vapora-backup/internal/audit"
)

// actor is who runs this, as far as the machine knows.
func (a *app) actor() audit.Actor {
	here := audit.Here{Host: a.Host}
	if u, err := user.Current(); err == nil {
		here.User = u.Username
	}
	return audit.WhoAmI(a.getenv, here)
}
