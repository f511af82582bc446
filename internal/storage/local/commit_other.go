//go:build !linux

package local

import "os"

// commit gives the file from the name to, in the same folder, and fails with
// fs.ErrExist where the name is taken.
func commit(folder *os.Root, from, to string) error { return link(folder, from, to) }
