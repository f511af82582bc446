package config_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v4"

	"github.com/vapora-platform/vapora-backup/internal/config"
)

func options() config.ExampleOptions {
	return config.ExampleOptions{
		Recipients:     []string{"age1one", "ssh-ed25519 AAAA me, myself: and {I}"},
		SigningKeyFile: "keys/sign key.x",
		TrustedKeys:    []string{"RWQone"},
	}
}

// Uncommented, the lines that are of this release still make a config.
func TestExample(t *testing.T) {
	t.Parallel()
	for _, o := range []config.ExampleOptions{options(), {Recipients: []string{"age1one"}}} {
		c, err := config.Load(write(t, config.Example(o)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(o.Recipients, c.Encryption.Recipients); diff != "" {
			t.Errorf("recipients (-want +got):\n%s", diff)
		}
		if c.Signing.Key.IsZero() != (o.SigningKeyFile == "") {
			t.Errorf("got signing key %v, want %q", c.Signing.Key, o.SigningKeyFile)
		}
		if c.Databases[0].MinSize != 1e6 {
			t.Errorf("got min_size %v, want the strategy's 1MB", c.Databases[0].MinSize)
		}
	}
	text := string(config.Example(options()))
	for _, number := range []string{"daily: 30d", "weekly: 90d", "monthly: 7y", "rpo: 1h", "rto: 4h", "99.9", `"0 * * * *"`, "approvals: 2", "delay: 24h"} {
		if !strings.Contains(text, number) {
			t.Errorf("the strategy's %s is not in the example", number)
		}
	}
	uncommented := strings.NewReplacer(
		"# access_keys:", "access_keys:", "# sse:", "sse:", "url: file:backups", "", "# url: s3", "url: s3",
		"  # - name", "  - name", "  #   ", "    ", "# identities:", "identities:").Replace(text)
	c, err := config.Load(write(t, []byte(uncommented)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Destinations) != 3 || c.Destinations[0].SSE.Mode != "AES256" || len(c.Encryption.Identities) != 1 {
		t.Errorf("got %+v, want what was uncommented", c)
	}
}

// What show prints can be loaded again and is the same config.
func TestShow(t *testing.T) {
	t.Parallel()
	c, err := config.Load(filepath.Join("testdata", "config", "full.yaml"), map[string]string{"VAPORA_BACKUP__DATABASES__SHOP__NAMESPACE": "2024"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Show()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"url: https://db.example.org/surreal # testdata/config/full.yaml:6\n",
		"namespace: \"2024\" # $VAPORA_BACKUP__DATABASES__SHOP__NAMESPACE\n",
		"auth: root # default\n",
		"- age1ledger # testdata/config/conf.d/ledger.yaml:5\n",
		"password:\n    env: SIGN_PASSWORD # testdata/config/full.yaml:43\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("got\n%s\nwant a line %q", text, want)
		}
	}
	again, err := config.Parse("c.yaml", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	again.Include = c.Include
	if diff := cmp.Diff(c, again, cmpopts.IgnoreUnexported(config.Config{}, config.Database{}, config.Destination{})); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if want := `"password":{"env":"SIGN_PASSWORD"}`; !strings.Contains(string(asJSON), want) {
		t.Errorf("got %s, want %s in it", asJSON, want)
	}
}

func TestReference(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", "docs", "config.md")
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(config.Reference()), string(got)); diff != "" {
		t.Errorf("%s is not what the code says; run: go run ./internal/tools/docs\n(-code +file):\n%s", file, diff)
	}
}

// Editors accept what Load accepts, and see the faults of one place.
func TestSchema(t *testing.T) {
	t.Parallel()
	text, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	describe(t, schema, "")
	faults := func(data []byte) []string {
		var value any
		if err := yaml.Unmarshal(data, &value); err != nil {
			return []string{err.Error()}
		}
		return violations(schema, value, "")
	}
	if got := faults(config.Example(options())); got != nil {
		t.Errorf("example: %q", got)
	}
	files, err := filepath.Glob(filepath.Join("testdata", "config", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// Only Load sees what is wrong between places, inside a URL, or in the form
	// of the YAML.
	between := "access-key-twice alias cloud-urls control-character database-and-all database-user-all duplicate-name duration-zero " +
		"empty-lists empty-recipients half-logins include-clash include-missing include-twice keep-zero merge-key neither-database no-login " +
		"no-recipients none-required required-offline nothing-in-it private-recipients only-for private-trusted revoked-approver same-place server-urls " +
		"signing-password-only source-of-all store-urls tls-over-http trust two-documents two-logins"
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, bad := strings.CutSuffix(filepath.Base(file), ".bad.yaml")
		want := bad && !strings.Contains(" "+between+" ", " "+name+" ")
		if got := faults(data); (got != nil) != want {
			t.Errorf("%s: got %q, want faults: %t", file, got, want)
		}
	}
}

func write(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vapora-backup.yaml")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
