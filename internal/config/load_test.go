package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

const minimal = `version: 1
databases:
  - {name: vapora, url: "http://h:8000", namespace: n, database: d, username: u, password: {env: P}}
  - {name: my-shop.eu, url: "http://h:8000", namespace: n, database: e, username: u, password: {env: P}}
destinations:
  - {name: primary, url: "file:///b"}
encryption:
  recipients: [age1x, age1y]
`

const day = 24 * time.Hour

func TestBad(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("testdata", "config") + string(filepath.Separator)
	files, err := filepath.Glob(dir + "*.bad.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := bad()
	if len(files) != len(want) {
		t.Errorf("got %d files, want %d, one for each entry of the table", len(files), len(want))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".bad.yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(file, nil)
			var faults config.Faults
			if !errors.As(err, &faults) {
				t.Fatalf("got error %v, want Faults", err)
			}
			got := strings.Split(strings.ReplaceAll(err.Error(), dir, ""), "\n")
			if diff := cmp.Diff(want[name], got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			for _, f := range faults {
				if f.Cure == "" || f.Origin.File == "" {
					t.Errorf("%v names no cure or no file", f)
				}
			}
			for _, secret := range []string{"hunter2", "AGE-SECRET-KEY-", "QQQQ", "qqqq", "AAAA"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error repeats what may be a secret: %s", secret)
				}
			}
			if len(faults) != len(want[name]) || errors.Unwrap(faults[0]) != nil {
				t.Errorf("got %d faults, want %d", len(faults), len(want[name]))
			}
		})
	}
}

func TestGood(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("testdata", "config")
	got, err := config.Load(filepath.Join(dir, "full.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &config.Config{
		Version: 1,
		Include: []string{filepath.Join(dir, "conf.d", "*.yaml")},
		Databases: []config.Database{{
			Name: "shop", URL: "https://db.example.org/surreal", Namespace: "shop", AllDatabases: true, Auth: "namespace",
			Token: config.Secret{File: filepath.Join(dir, "keys", "token")}, TLS: config.TLS{CA: filepath.Join(dir, "ca.pem"), ServerName: "db.internal"},
			MinSize:    3 << 19,
			AccessKeys: []config.AccessKey{{Name: "Acct", Database: "eu", Key: config.Secret{Env: "ACCT_EU"}}, {Name: "Acct", Database: "us", Key: config.Secret{File: "/run/acct-us"}}},
			Recipients: []string{"age1shop", "ssh-ed25519 AAAA shop@example.org"},
			LeaveOut:   config.LeaveOut{Tables: []string{"session", "cache"}, Users: true},
			Timeouts:   config.Timeouts{Idle: config.Duration(90 * time.Second)},
		}, {
			Name: "ledger", URL: "http://ledger:8000", Namespace: "l", Database: "2024", Auth: "root", Username: "u",
			Password: config.Secret{File: filepath.Join(dir, "keys", "ledger")},
			Timeouts: config.Timeouts{Idle: config.Duration(2 * time.Minute)},
		}},
		Destinations: []config.Destination{{
			Name: "minio", URL: "s3://backups/a/b/?region=us-east-1&endpoint=https://minio.example.org:9000&path_style=true", Takes: "all",
			SSE:          config.SSE{Mode: "aws:kms", Key: "alias/all", Keys: []config.SSEKey{{Kind: "database", ID: "alias/db"}}},
			StorageClass: "STANDARD_IA",
			Credentials:  config.Credentials{AccessKey: config.Secret{Env: "ID"}, SecretKey: config.Secret{File: filepath.Join(dir, "keys", "s3")}, SessionToken: config.Secret{Env: "TOKEN"}},
			CA:           "/etc/ca.pem",
			PartSize:     16 << 20, MaxBandwidth: 20_000_000,
			AssumeRole: config.AssumeRole{ARN: "arn:aws:iam::1:role/b", ExternalID: "x", MFASerial: "arn:aws:iam::1:mfa/u", Endpoint: "https://sts.example.org"},
			Lock:       config.Lock{Mode: "governance", Until: "30d"},
			Store:      config.Store{S3: &config.S3{Bucket: "backups", Prefix: "a/b", Region: "us-east-1", Endpoint: "https://minio.example.org:9000", PathStyle: true}},
		}, {
			Name: "google", URL: "gs://vault/a?endpoint=https://private.example.org", Takes: "daily",
			Keep:         config.Keep{Hourly: config.Duration(day), Daily: config.Duration(30 * day), Weekly: config.Duration(90 * day), Monthly: config.Duration(7 * 365 * day)},
			StorageClass: "COLDLINE", SSE: config.SSE{Mode: "gcp:kms", Key: "k"},
			Credentials: config.Credentials{ServiceAccount: config.Secret{File: filepath.Join(dir, "keys", "sa.json")}},
			Store:       config.Store{GCS: &config.GCS{Bucket: "vault", Prefix: "a", Endpoint: "https://private.example.org"}},
		}, {
			Name: "azure", URL: "azblob://acct/cont/a/b", Takes: "monthly", StorageClass: "Archive",
			SSE:         config.SSE{Mode: "azure:scope", Keys: []config.SSEKey{{Kind: "database", ID: "s"}}},
			Credentials: config.Credentials{SASToken: config.Secret{Env: "SAS"}},
			Store:       config.Store{Azure: &config.Azure{Account: "acct", Container: "cont", Prefix: "a/b"}},
		}, {
			Name: "disk", URL: "file:///mnt/with%20space", Takes: "all", Required: true, Offline: true,
			Store: config.Store{File: &config.File{Dir: "/mnt/with space"}},
		}, {
			Name: "near", URL: "file:testdata/config/backups", Required: true, Takes: "all",
			Store: config.Store{File: &config.File{Dir: "testdata/config/backups"}},
		}},
		Encryption: config.Encryption{
			Recipients: []string{"age1one", "age1two", "age1ledger"},
			Identities: []config.Secret{{Env: "AGE_KEY"}, {File: filepath.Join(dir, "keys", "restore.txt")}},
			Level:      3,
		},
		Signing: config.Signing{
			Key: config.Secret{File: filepath.Join(dir, "keys", "sign.key")}, Password: config.Secret{Env: "SIGN_PASSWORD"},
			Trusted: []string{"RWQone", "RWQtwo"},
			Revoked: []config.Revocation{{Key: "RWQtwo", From: "2026-11-01"}},
		},
		Objectives: config.Objectives{RPO: config.Duration(30 * time.Minute), RTO: config.Duration(2 * time.Hour), Availability: 99.95},
		Deletion: config.Deletion{
			Approvals: 1, Delay: config.Duration(48 * time.Hour), Scheduled: true, Expires: config.Duration(7 * day),
			Approvers: []config.Approver{{Name: "operations", Key: "RWQops"}, {Name: "security", Key: "RWQsec"}},
			MaxShare:  12.5, MaxCount: 50, StaleAfter: config.Duration(12 * time.Hour),
		},
		RestoreTest: config.RestoreTest{
			Target: "server", Server: config.Server{URL: "https://scratch:8000", Username: "root", Password: config.Secret{Env: "SCRATCH"}, CA: "/etc/ca.pem"},
			Checks: []config.Check{{Source: "shop", Query: "RETURN 1", Expect: "= 1"}, {Query: "SELECT count() FROM a GROUP ALL", Expect: "not empty"}},
			Smoke:  []string{"./smoke", "--fast"}, SmokeTimeout: config.Duration(90 * time.Second),
		},
		Audit: config.Audit{
			URL: "s3://audit?region=eu-west-3", Lock: config.AuditLock{Mode: "compliance", Until: config.Duration(7 * 365 * day)},
			Store: config.Store{S3: &config.S3{Bucket: "audit", Region: "eu-west-3"}},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(config.Config{}, config.Database{}, config.Destination{})); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	if got, want := got.File(), filepath.Join(dir, "full.yaml"); got != want {
		t.Errorf("got file %q, want %q", got, want)
	}
}

func TestRecipients(t *testing.T) {
	t.Parallel()
	c := parse(t, strings.Replace(minimal, "{env: P}}\n", "{env: P}, recipients: [age1own]}\n", 1), nil)
	for i, want := range []string{"age1own", "age1x age1y"} {
		if got := strings.Join(c.Recipients(c.Databases[i]), " "); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestDatabaseOf(t *testing.T) {
	t.Parallel()
	var c config.Config
	for _, name := range []string{"shop", "shop.eu", "ledger", "shop.eu.old"} {
		c.Databases = append(c.Databases, config.Database{Name: name})
	}
	for source, want := range map[string]string{
		"shop": "shop", "shop.us": "shop", "shop.eu": "shop.eu", "shop.eu.x": "shop.eu", "shop.eu.older": "shop.eu", "shop.eu.old.y": "shop.eu.old",
		"ledger.": "ledger", "ledgers": "", "": "", "other": "",
	} {
		if d, ok := c.DatabaseOf(source); d.Name != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", source, d.Name, ok, want)
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c := parse(t, minimal, nil)
	if !c.Destinations[0].Required || c.Encryption.Level != 1 || c.Databases[0].Auth != "root" {
		t.Errorf("got %+v, want the first destination required, level 1 and a root user", c)
	}
	c = parse(t, strings.Replace(minimal, "encryption:", "  - {name: b, url: 's3://b'}\nencryption:", 1), nil)
	if c.Destinations[1].Required {
		t.Error("the second destination is required although nobody said so")
	}
}

// A relative folder lies below the folder of the file, whatever that is called.
func TestRelative(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"/etc/a b#c?d%41", "etc/x:y", "."} {
		c, err := config.Parse(filepath.Join(dir, "c.yaml"), []byte(strings.Replace(minimal, "file:///b", "file:b%20c", 1)), nil)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		if got, want := c.Destinations[0].Store.File.Dir, filepath.Join(dir, "b c"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// What the README shows works as it stands.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "```yaml\n")
	block, _, ok := strings.Cut(block, "```")
	head, _, _ := strings.Cut(minimal, "destinations:")
	_, tail, _ := strings.Cut(minimal, "encryption:")
	c := parse(t, head+block+"encryption:"+tail, nil)
	if !ok || len(c.Destinations) != 3 {
		t.Errorf("got %d destinations, want the strategy's three", len(c.Destinations))
	}
}

func TestTruncated(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(filepath.Join("testdata", "config", "contract.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		c, err := config.Parse("c.yaml", whole[:i], nil)
		if (c == nil) == (err == nil) {
			t.Fatalf("cut at %d: got config %v and error %v, want one of them", i, c, err)
		}
	}
}

func TestLoadUnreadable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, make([]byte, 1<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "absent.yaml"): "read config: open ",
		dir:                               "read config: read ",
		large:                             "larger than 1MiB",
	} {
		_, err := config.Load(path, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q", err, want)
		}
		if absent := errors.Is(err, fs.ErrNotExist); absent != strings.Contains(hint.Of(err), "config init") {
			t.Errorf("got hint %q for %v", hint.Of(err), err)
		}
	}
}

func TestIncludeNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "a.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := config.Parse(filepath.Join(dir, "c.yaml"), []byte(minimal+"include: ['*.yaml']\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "a.yaml is not a file that can be read") {
		t.Errorf("got error %v, want one about the folder a.yaml", err)
	}
	parse(t, minimal+"include: ['conf.d/*.yaml']\n", nil)
}

// A folder that cannot be read does not leave databases out without a word.
func TestIncludeOfAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600))
		if err != nil {
			t.Fatal(err)
		}
	}
	write("conf.d/b/2.yaml", "destinations: [{name: two, url: \"file:two\"}]\n")
	write("conf.d/a/1.yaml", "destinations: [{name: one, url: \"file:one\"}]\n")
	write("conf.d/no-folder", "")
	write("not-to-be-read", "") // which root too cannot read as a folder
	load := func(pattern string) (*config.Config, error) {
		return config.Parse(filepath.Join(dir, "c.yaml"), []byte(minimal+"include: ['"+pattern+"']\n"), nil)
	}
	c, err := load("conf.d/*/*.yaml")
	if err != nil || len(c.Destinations) != 3 || c.Destinations[1].Name != "one" || c.Destinations[2].Name != "two" {
		t.Errorf("got %+v, %v, want both files in the order of their names", c, err)
	}
	if c, err := load("absent/*.yaml"); err != nil || len(c.Destinations) != 1 {
		t.Errorf("got %+v, %v, want nothing of a folder that is not there", c, err)
	}
	if _, err := load("not-to-be-read/*.yaml"); err == nil || !strings.Contains(err.Error(), "include[0]: ") || !strings.Contains(err.Error(), "left out unseen") {
		t.Errorf("got error %v, want one about the folder", err)
	}
}

func TestFind(t *testing.T) {
	t.Chdir(t.TempDir())
	env := map[string]string{}
	getenv := func(name string) string { return env[name] }
	if _, err := config.Find("", getenv); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(hint.Of(err), "config init") {
		t.Errorf("got error %v with hint %q, want fs.ErrNotExist and config init", err, hint.Of(err))
	}
	if err := os.WriteFile("vapora-backup.yaml", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	find := func(flag, want string) {
		t.Helper()
		if got, err := config.Find(flag, getenv); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	find("", "vapora-backup.yaml")
	env["VAPORA_BACKUP_CONFIG"] = "/of/env"
	find("", "/of/env")
	find("flag.yaml", "flag.yaml")
}

// A scheme in capitals is the same one.
func TestSchemeInCapitals(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"s3://b?region=r", "S3://b?region=r"} {
		d := parse(t, minimal, map[string]string{"VAPORA_BACKUP__DESTINATIONS__PRIMARY__URL": url}).Destinations[0]
		if d.Store.S3 == nil || !d.Checksums {
			t.Errorf("%s: got %+v, want S3 with checksums", url, d)
		}
	}
}

// --target of restore-test chooses between what the config has for both.
func TestBothTargets(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"local", "server"} {
		c := parse(t, minimal+"restore_test: {target: "+target+", command: [surreal], server: {url: \"http://s\", username: root, password: {env: P}}}\n", nil)
		if r := c.RestoreTest; len(r.Command) != 1 || r.Server.URL != "http://s" {
			t.Errorf("%s: got %+v", target, r)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, mode := range map[string]fs.FileMode{"open": 0o644, "closed": 0o640} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("x"), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	one := strings.NewReplacer("age1x, age1y", "age1x, age1x", "{env: P}}\n", "{file: open}}\n").Replace(minimal)
	c, err := config.Parse(filepath.Join(dir, "c.yaml"), []byte(one+"signing: {key: {file: closed}}\nnotify: [{name: dead, type: ping, url: {env: U}}]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	got := c.Warnings()
	for _, want := range []string{
		"encryption.recipients: only one recipient", "signing.trusted: missing", "notify[dead].commands: missing",
		"databases[vapora].password: " + filepath.Join(dir, "open") + " is open to every user",
	} {
		if !slices.ContainsFunc(got, func(w string) bool { return strings.HasPrefix(w, want) }) {
			t.Errorf("got %q, want one that starts with %q", got, want)
		}
	}
	for _, w := range got {
		if strings.HasPrefix(w, "signing.key") {
			t.Errorf("got %q about a key that is there and closed", w)
		}
	}
}

func parse(t *testing.T, text string, env map[string]string) *config.Config {
	t.Helper()
	c, err := config.Parse("c.yaml", []byte(text), env)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
