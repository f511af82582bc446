package azblob_test

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage/azblob"
)

func TestOptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	good := azblob.Options{Account: "acct", Container: "container", AccountKey: otherKey}
	for name, change := range map[string]func(*azblob.Options){
		"no container given":              func(o *azblob.Options) { o.Container = "" },
		`container "a/b?c"`:               func(o *azblob.Options) { o.Container = "a/b?c" },
		"no account given":                func(o *azblob.Options) { o.Account = "" },
		`account "a.b/c"`:                 func(o *azblob.Options) { o.Account = "a.b/c" },
		"prefix: invalid key":             func(o *azblob.Options) { o.Prefix = "a/../b" },
		"the endpoint is not an http":     func(o *azblob.Options) { o.Endpoint = "localhost:9000" },
		"the endpoint is more than":       func(o *azblob.Options) { o.Endpoint = "https://user:pass@host/" },
		"has a setting of its own":        func(o *azblob.Options) { o.Endpoint = "https://host/?sv=1" },
		"one is enough":                   func(o *azblob.Options) { o.SASToken = "sv=1&sig=x" },
		"is not a query string":           func(o *azblob.Options) { o.AccountKey, o.SASToken = "", "sv=1" },
		"the account key is not base64":   func(o *azblob.Options) { o.AccountKey = "!" },
		"must not be sent over http":      func(o *azblob.Options) { o.AccountKey, o.Endpoint = "", "http://host" },
		"part size 1000":                  func(o *azblob.Options) { o.PartSize = 1000 },
		"cannot be negative":              func(o *azblob.Options) { o.Concurrency = -1 },
		"read authorities: open /nowhere": func(o *azblob.Options) { o.CAFile = "/nowhere" },
		"holds no PEM certificate":        func(o *azblob.Options) { o.CAFile = "options_test.go" },
	} {
		o := good
		change(&o)
		if _, err := azblob.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "open azure store: ") || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want open azure store: %s", err, name)
		}
	}
	for name, change := range map[string]func(*azblob.Options){
		"as it is":        func(*azblob.Options) {},
		"root":            func(o *azblob.Options) { o.Container = "$root" },
		"a token for all": func(o *azblob.Options) { o.AccountKey, o.SASToken = "", "?sv=1&sig=a%2Bb" },
		"an identity":     func(o *azblob.Options) { o.AccountKey = "" },
		"no account by token": func(o *azblob.Options) {
			o.Account, o.AccountKey, o.SASToken, o.Endpoint = "", "", "sig=x", "https://h/"
		},
	} {
		o := good
		change(&o)
		if _, err := azblob.Open(t.Context(), o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTLSWithAPrivateAuthority(t *testing.T) {
	t.Parallel()
	px := proxy{tls: true}
	o := options(px.start(t, server), server.Container(t))
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: px.cert.Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	o.Attempts = 1
	if err := putZeros(t.Context(), open(t, o), "kind/a", small); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("unknown authority: got %v, want an error about the certificate", err)
	}
	o.CAFile = ca
	s := open(t, o)
	for key, size := range map[string]int64{"kind/a": small, "kind/b": large} {
		if err := putZeros(t.Context(), s, key, size); err != nil {
			t.Error(err)
		}
		if got, err := read(t, s, key); err != nil || int64(len(got)) != size {
			t.Errorf("got %d bytes, %v, want %d", len(got), err, size)
		}
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	o := options(server, "no-such-container")
	o.AccountKey = otherKey // no right is needed
	got, err := open(t, o).Time(t.Context())
	if err != nil || time.Since(got).Abs() > time.Minute || got.Location() != time.UTC {
		t.Errorf("got %v, %v, want now, in UTC", got, err)
	}
	o.Endpoint = "http://127.0.0.1:1"
	if _, err := open(t, o).Time(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "no connection to http://127.0.0.1:1: ") {
		t.Errorf("got %v, want no connection to …", err)
	}
}
