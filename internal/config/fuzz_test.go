package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/config"
)

// Whatever the bytes: a config or faults, no panic, and what show prints of a
// config is a config.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "config", "*.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "DATABASES__A__URL", "http://h")
	}
	f.Add(config.Example(options()), "DESTINATIONS__PRIMARY__CREDENTIALS__ACCESS_KEY__ENV", "A")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte, name, value string) {
		path := filepath.Join(dir, "c.yaml")
		c, err := config.Parse(path, data, map[string]string{config.EnvPrefix + name: value})
		if (c == nil) == (err == nil) {
			t.Fatalf("got config %v and error %v, want one of them", c, err)
		}
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error that says nothing")
			}
			return
		}
		c.Warnings()
		text, err := c.Show()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := config.Parse(path, text, nil); err != nil {
			t.Fatalf("what show prints is refused: %v\n%s", err, text)
		}
	})
}
