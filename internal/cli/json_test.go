package cli_test

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/cli"
)

// docs/json.md names every field that a command prints, and no other: it is a contract.
func TestJSONIsAsDocumented(t *testing.T) {
	t.Parallel()
	said := documented(t)
	for command, result := range cli.Results {
		got, want := said[command], "`"+shape(reflect.TypeOf(result))+"`"
		if sorted(got) != sorted(want) {
			t.Errorf("%s: docs/json.md says\n%s\nit prints\n%s", command, got, want)
		}
	}
	pages, err := fs.Glob(os.DirFS(filepath.Join("..", "..", "docs", "cli")), "vapora-backup_*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("got %d pages of commands and %v", len(pages), err)
	}
	for i, page := range pages {
		name := strings.TrimSuffix(page, ".md")
		command := strings.ReplaceAll(strings.TrimPrefix(name, "vapora-backup_"), "_", " ")
		group := i+1 < len(pages) && strings.HasPrefix(pages[i+1], name+"_")
		if said[command] == "" && !group && !strings.HasPrefix(command, "completion") {
			t.Errorf("%s: docs/json.md does not say what it prints", command)
		}
	}
}

// documented is the first piece of code that the table has for each command, or what
// else it says.
func documented(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile("`[^`]+`")
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.SplitN(line, "|", 3)
		if len(cells) != 3 || cells[0] != "" {
			continue
		}
		value := cmp.Or(code.FindString(cells[2]), strings.TrimSpace(cells[2]))
		for _, name := range code.FindAllString(cells[1], -1) {
			name, _, _ = strings.Cut(strings.Trim(name, "`"), " --output")
			out[name] = strings.ReplaceAll(value, `"`, "")
		}
	}
	out["notify"] = strings.ReplaceAll(regexp.MustCompile("`\\{version, event[^`]*`").FindString(string(text)), "\n", " ")
	return out
}

// shape is how docs/json.md writes a type.
func shape(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return shape(t.Elem())
	case reflect.Slice:
		if of := shape(t.Elem()); of != "" {
			return "[" + of + "]"
		}
	case reflect.Struct:
		if fields := fields(t); len(fields) > 0 { // a time has none to see
			return "{" + strings.Join(fields, ", ") + "}"
		}
	}
	return ""
}

func fields(t reflect.Type) (out []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			out = append(out, fields(inner)...)
			continue
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		name = cmp.Or(name, f.Name)
		if of := shape(f.Type); of != "" {
			name += ": " + of
		}
		out = append(out, name)
	}
	return out
}

// sorted is a shape with its fields in the order of their names, for those of an object
// have none.
func sorted(shape string) string {
	inner := regexp.MustCompile(`\{([^{}]*)\}`)
	for {
		next := inner.ReplaceAllStringFunc(shape, func(object string) string {
			names := strings.Split(strings.Trim(object, "{}"), ", ")
			slices.Sort(names)
			return "<" + strings.Join(names, "; ") + ">"
		})
		if next == shape {
			return shape
		}
		shape = next
	}
}
