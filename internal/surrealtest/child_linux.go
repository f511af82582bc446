package surrealtest

import "syscall"

// childAttributes let no server outlive the process that started it.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
