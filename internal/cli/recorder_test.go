package cli_test

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog/catalogtest"
	"github.com/vapora-platform/vapora-backup/internal/cli"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
)

// Two runs that come to the same in one second are remembered by one record; one that
// nobody vouches for remembers nothing.
func TestVerifyTwiceInASecond(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, _, err := crypt.GenerateSigningKey()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := crypt.ParseSigner(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(twoFolders, "ENTRY", "database: d", 1) + "signing: {key: {env: KEY}, trusted: [" + signer.PublicKey() + "]}\n"
	file := filepath.Join(dir, "c.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := local.Open(local.Options{Dir: filepath.Join(dir, "a")})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	catalogtest.Put(t, now.Add(-time.Hour), signer, storage.Lock{}, a)
	run := func() string {
		var out, talk bytes.Buffer
		env := cli.Env{
			In: strings.NewReader(""), Out: &out, Err: &talk, Environ: []string{"DB_PASSWORD=x", "KEY=" + key},
			Now: func() time.Time { return now }, Random: rand.Reader, Host: "worker-1",
		}
		if code := cli.Run(t.Context(), env, []string{"verify", "--config", file}); code != 0 {
			t.Fatalf("got exit code %d, %s", code, talk.String())
		}
		return talk.String()
	}
	for range 2 {
		if said := run(); strings.Contains(said, "not remembered") {
			t.Errorf("got %s", said)
		}
	}
	records, err := filepath.Glob(filepath.Join(dir, "a", "database", "vapora", "*", "*.verified-*-good.json"))
	if err != nil || len(records) != 1 {
		t.Fatalf("got %v, %v, want one record", records, err)
	}
	if err := os.WriteFile(records[0], []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := run(); !strings.Contains(said, "is not remembered: ") {
		t.Errorf("got %s, want a word of the record that does not count", said)
	}
}
