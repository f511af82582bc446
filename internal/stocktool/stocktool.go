// Package stocktool finds the tools of others that tests open our files with.
// It is for tests only.
package stocktool

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// Run runs a tool with that standard input and returns what it printed; its
// error holds what it complained of.
func Run(t testing.TB, stdin []byte, name string, args ...string) ([]byte, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), Find(t, name), args...)
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s%s", name, strings.Join(args, " "), err, out, stderr.String())
	}
	return out, err
}
