package cli_test

import (
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/cli"
	"github.com/vapora-platform/vapora-backup/internal/config"
)

// The name in a certificate is that of the configured host and of no other.
func TestServerNameOfAnotherHost(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{Databases: []config.Database{{
		Name: "vapora", URL: "https://10.0.0.1:8000", Namespace: "n", Database: "d", TLS: config.TLS{CA: "ca.pem", ServerName: "db.internal"},
	}}}
	for to, want := range map[string]string{"": "db.internal", "https://10.0.0.1:8000": "db.internal", "https://db.example.org": ""} {
		d, err := cli.Entry(cfg, "vapora", to)
		if err != nil {
			t.Fatal(err)
		}
		if d.TLS.ServerName != want || d.TLS.CA != "ca.pem" {
			t.Errorf("--to-url %q: got %+v, want the name %q", to, d.TLS, want)
		}
	}
}

// Every database has a name of its own below its source's, whatever it is called, and one
// that a file system takes.
func TestSlug(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 260)
	seen := map[string]string{}
	for _, name := range []string{"main", "Main", "ma in", "ma-in", "mäin", "☃", "", "..", "a/b", long, long + "b", strings.Repeat("A", 260)} {
		got := cli.Slug(name)
		if other, ok := seen[got]; ok {
			t.Errorf("%.20q and %.20q are both %q", name, other, got)
		}
		seen[got] = name
		key := catalog.Key{Kind: "database", Source: "vapora." + got, ID: "20261123T140000Z-7f3k2m", Suffix: ".surql.zst.age"}
		if err := key.Check(); err != nil && name != "" {
			t.Errorf("%.20q: %v", name, err)
		}
		if len(got) > 110 {
			t.Errorf("%.20q has %d bytes", name, len(got))
		}
	}
	if cli.Slug("main") != "main" {
		t.Error("a plain name does not stay")
	}
}
