// Package stocktool finds the tools of others that tests open our files with.
// It is for tests only.
package stocktool

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/testserver"
)

// Find returns the path of a tool: in the tests' cache, or in PATH. Where there
// is none the test is skipped with the reason, and with CI set it fails.
func Find(t testing.TB, name string) string {
	t.Helper()
	if path := filepath.Join(testserver.Cache(), "bin", name); executable(path) {
		return path
	}
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed; `make tools` does it", name)
	}
	t.Skipf("%s is not installed; `make tools` does it where it can", name)
	return ""
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
