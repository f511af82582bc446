package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/vapora-platform/vapora-backup/internal/config"
)

func TestSecretValue(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) config.Secret {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return config.Secret{File: path}
	}
	getenv := func(name string) string {
		return map[string]string{"P": "hunter2\n", "BLANK": "\n"}[name]
	}
	for _, test := range []struct {
		secret config.Secret
		want   string
		err    string
	}{
		{config.Secret{Env: "P"}, "hunter2", ""},
		{write("one", "hunter2\r\n"), "hunter2", ""},
		{write("two", " first\nsecond \n\n"), " first\nsecond ", ""},
		{config.Secret{Env: "Q"}, "", "read secret {env: Q}: the variable is not set"},
		{config.Secret{Env: "BLANK"}, "", "read secret {env: BLANK}: the variable is not set"},
		{write("empty", "\n"), "", "the file is empty"},
		{write("large", strings.Repeat("x", 64<<10+1)), "", "the file is larger than 64KiB"},
		{config.Secret{File: filepath.Join(dir, "absent")}, "", "absent}: no such file or directory"},
		{config.Secret{File: dir}, "", "is a directory"},
		{config.Secret{Env: "P", File: "x"}, "", "both a variable and a file"},
		{config.Secret{}, "", "none is configured"},
	} {
		got, err := test.secret.Value(getenv)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%v: got %q, %v, want %q, %q", test.secret, got, err, test.want, test.err)
		}
	}
}

// Whatever prints a secret prints where it lies.
func TestSecretPrinted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(path, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := config.Secret{File: path}
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "password", s)
	asJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{s.String(), fmt.Sprintf("%v %+v %#v", s, s, s), log.String(), string(asJSON), string(asYAML)} {
		if strings.Contains(got, "hunter2") || !strings.Contains(got, path) {
			t.Errorf("got %q, want the path and no value", got)
		}
	}
	if got, want := string(asJSON), fmt.Sprintf(`{"file":%q}`, path); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := fmt.Sprintf("%#v", config.Database{Password: config.Secret{Env: "P"}}.Password), "{env: P}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
