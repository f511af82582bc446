package cli_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/cli"
)

// Every command says how it is used, with an example that can be pasted, and what
// its exit codes mean.
func TestEveryCommandHelps(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "docs", "cli")
	pages, err := fs.Glob(os.DirFS(dir), "*.md")
	if err != nil || len(pages) < 30 {
		t.Fatalf("got %d pages of commands and %v", len(pages), err)
	}
	for _, page := range pages {
		command := strings.Fields(strings.ReplaceAll(strings.TrimSuffix(page, ".md"), "_", " "))
		var out bytes.Buffer
		env := cli.System()
		env.Out, env.Err = &out, &out
		if code := cli.Main(env, append(command[1:], "--help")); code != 0 {
			t.Errorf("%s: exit code %d", page, code)
		}
		_, examples, _ := strings.Cut(out.String(), "\nExamples:\n")
		if example, _, _ := strings.Cut(examples, "\n"); !strings.Contains(example, "vapora-backup ") {
			t.Errorf("%s: got %q as its first example", page, example)
		}
		if !strings.Contains(out.String(), "EXIT STATUS\n  0 ") {
			t.Errorf("%s: no exit codes", page)
		}
	}
}
