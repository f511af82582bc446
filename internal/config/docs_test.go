package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/config"
)

// What stands in the documents as YAML is a config, or becomes one with the least that
// a config needs.
func TestYAMLInDocs(t *testing.T) {
	t.Parallel()
	least := []string{
		"version: 1", "databases: [{name: d, url: \"http://h\", namespace: n, database: d, username: u, password: {env: P}}]",
		"destinations: [{name: p, url: \"file:p\"}]", "encryption: {recipients: [age1…]}",
	}
	for _, name := range []string{"README.md", "docs/handbook.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		blocks := regexp.MustCompile("(?ms)^( *)```yaml\n(.*?)^ *```").FindAllStringSubmatch(string(text), -1)
		if len(blocks) == 0 {
			t.Errorf("%s: no YAML", name)
		}
		for _, b := range blocks {
			indent, block := b[1], "\n"+b[2]
			block = strings.ReplaceAll(block, "\n"+indent, "\n")
			for _, line := range least {
				if key, _, _ := strings.Cut(line, ":"); !strings.Contains(block, "\n"+key+":") {
					block += line + "\n"
				}
			}
			if _, err := config.Parse(name, []byte(block), nil); err != nil {
				t.Errorf("%s: %v in\n%s", name, err, block)
			}
		}
	}
}
