package cli_test

import (
	"testing"

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
