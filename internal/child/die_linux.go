package child

import (
	"os/exec"
	"syscall"
)

// dieWithParent lets no server outlive a program that panics or is killed.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
