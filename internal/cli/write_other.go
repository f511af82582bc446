//go:build !linux

package cli

// settle gives the file from the name to, and fails with fs.ErrExist where the name is
// taken.
func settle(from, to string) error { return claim(from, to) }
