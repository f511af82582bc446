package cli_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
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
		block, _, _ := strings.Cut(examples, "\n\n")
		for _, args := range exampled(block) {
			out.Reset()
			if code := cli.Main(env, append(args, "--help")); code != 0 {
				t.Errorf("%s: the example %q: %s", page, args, out.String())
			}
		}
		out.Reset()
		if cli.Main(env, append(command[1:], "--help")); !strings.Contains(out.String(), "EXIT STATUS\n  0 ") {
			t.Errorf("%s: no exit codes", page)
		}
	}
}

// exampled returns the arguments of every call of the program in lines for a shell.
func exampled(lines string) (out [][]string) {
	for _, part := range regexp.MustCompile(`\n|&&|\|`).Split(lines, -1) {
		part, _, _ = strings.Cut(part, ">")
		fields := strings.Fields(part)
		for len(fields) > 0 && strings.Contains(fields[0], "=") { // the environment
			fields = fields[1:]
		}
		if len(fields) > 0 && fields[0] == "vapora-backup" {
			out = append(out, fields[1:])
		}
	}
	return out
}

// The commands that documents name are ones that there are, with these flags: a
// walk-through is read when there is no time to find out what was meant.
func TestCommandsInDocs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"README.md", "docs/handbook.md", "docs/design.md", "docs/restore-by-hand.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile("(?m)`vapora-backup ([^`]+)`|^[^`\\n]*?vapora-backup ((?:[a-z]+ )[^`#\\n]*)$").FindAllStringSubmatch(string(text), -1)
		for _, f := range found {
			args := strings.Fields(f[1] + f[2])
			if f[2] != "" && !strings.Contains(f[2], " --") {
				continue // a sentence
			}
			var out bytes.Buffer
			env := cli.System()
			env.Out, env.Err = &out, &out
			if code := cli.Main(env, append(args, "--help")); code != 0 || !strings.Contains(out.String(), "\nUsage:\n  vapora-backup "+args[0]) {
				t.Errorf("%s: %s: exit code %d\n%s", name, strings.Join(args, " "), code, out.String())
			}
		}
		if len(found) == 0 && name == "docs/handbook.md" {
			t.Errorf("%s: no commands", name)
		}
	}
}
