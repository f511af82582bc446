package config_test

import (
	"os"
	"path/filepath"
	"strings"
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
		isConfig(t, filepath.Join(dir, "c.yaml"), data, map[string]string{config.EnvPrefix + name: value})
	})
}

// isConfig returns whether the bytes are a config, and holds what comes of either.
func isConfig(t *testing.T, path string, data []byte, env map[string]string) bool {
	c, err := config.Parse(path, data, env)
	if (c == nil) == (err == nil) {
		t.Fatalf("got config %v and error %v, want one of them", c, err)
	}
	if err != nil {
		if !strings.Contains(err.Error(), filepath.Base(path)) && len(env) == 0 {
			t.Fatalf("%q does not name the file", err)
		}
		if err.Error() == "" {
			t.Fatal("an error that says nothing")
		}
		return false
	}
	c.Warnings()
	text, err := c.Show()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.Parse(path, text, nil); err != nil {
		t.Fatalf("what show prints is refused: %v\n%s", err, text)
	}
	return true
}

// A file that was cut anywhere, or of which a bit is another, is a config or has faults
// that name it. No sum protects what people write: a cut between two keys, or another
// letter in a name, is a config.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	text := []byte("version: 1\ndatabases: # two\n  - {name: a, url: 'http://h:8000', namespace: n, database: d, username: u, password: {env: P}, min_size: 1kB}\n" +
		"destinations:\n  - name: p\n    url: \"s3://bucket/x?region=eu-1\"\n    keep: {hourly: 24h}\n    sse: {mode: AES256}\n" +
		"encryption: {recipients: [age1one]}\nsigning: {key: {file: k}, trusted: [RWQone]}\n")
	if !isConfig(t, "c.yaml", text, nil) {
		t.Fatal("it is no config when whole")
	}
	path := filepath.Join(t.TempDir(), "c.yaml")
	refused := 0
	for n := range len(text) {
		if !isConfig(t, path, text[:n], nil) {
			refused++
		}
	}
	if refused < len(text)/2 {
		t.Errorf("refused %d of %d cuts, want most", refused, len(text))
	}
	refused = 0
	for i := range len(text) * 8 {
		text[i/8] ^= 1 << (i % 8)
		if !isConfig(t, path, text, nil) {
			refused++
		}
		text[i/8] ^= 1 << (i % 8)
	}
	if refused < len(text)*8/4 {
		t.Errorf("refused %d of %d flipped bits", refused, len(text)*8)
	}
}
