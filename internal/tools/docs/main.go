// Command docs writes what is generated from the code: docs/config.md, the
// JSON Schema and docs/cli. With --check it writes nothing and fails if a file
// is not what the code says.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/vapora-platform/vapora-backup/internal/cli"
	"github.com/vapora-platform/vapora-backup/internal/config"
)

func main() {
	if err := run(slices.Contains(os.Args[1:], "--check")); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	files, err := cli.Docs()
	if err != nil {
		return err
	}
	schema, err := config.Schema()
	if err != nil {
		return err
	}
	files["docs/config.md"] = config.Reference()
	files["docs/config.schema.json"] = schema
	var stale []error
	for name, want := range files {
		have, err := os.ReadFile(name)
		if err == nil && bytes.Equal(have, want) {
			continue
		}
		if check {
			stale = append(stale, fmt.Errorf("%s is not what the code says; run `make docs`", name))
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, want, 0o644); err != nil {
			return err
		}
	}
	return errors.Join(append(stale, leftovers(files)...)...)
}

// leftovers are pages of commands that are no more.
func leftovers(files map[string][]byte) []error {
	have, _ := filepath.Glob("docs/cli/*.md") // the pattern is well formed
	var out []error
	for _, name := range have {
		if _, ok := files[name]; !ok {
			out = append(out, fmt.Errorf("%s belongs to no command; remove it", name))
		}
	}
	return out
}
