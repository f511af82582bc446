//go:build !linux

package surrealtest

import "syscall"

func childAttributes() *syscall.SysProcAttr { return nil }
