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
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
)

// Who begins to sign loses nothing of what was taken before: it is kept, with a word why.
func TestPruneSaysWhatNobodyVouchesFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "c.yaml")
	signer, _ := catalogtest.Key(t)
	text := strings.NewReplacer("ENTRY", "database: d", `"file:a"}`, `"file:a", keep: {daily: 30d}}`).Replace(twoFolders) +
		"signing: {trusted: [" + signer.PublicKey() + "]}\ndeletion: {scheduled: true}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := local.Open(local.Options{Dir: filepath.Join(dir, "a")})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	before := catalogtest.Put(t, now.AddDate(0, 0, -10), nil, storage.Lock{}, a)
	catalogtest.Put(t, now.AddDate(0, 0, -40), nil, storage.Lock{}, a) // it would go if it were good
	for i := range 3 {
		catalogtest.Put(t, now.AddDate(0, 0, -i).Add(-time.Minute), signer, storage.Lock{}, a)
	}
	var out, talk bytes.Buffer
	env := cli.Env{
		In: strings.NewReader(""), Out: &out, Err: &talk, Environ: []string{"DB_PASSWORD=x"},
		Now: func() time.Time { return now }, Random: rand.Reader, Host: "worker-1",
	}
	code := cli.Run(t.Context(), env, []string{"prune", "apply", "--scheduled", "--config", file})
	if code != 0 || !strings.Contains(out.String(), "deleted 1 backups") {
		t.Errorf("got exit code %d, %s", code, out.String())
	}
	// Of a destination that cannot be listed nothing goes: that is no success.
	if err := os.WriteFile(filepath.Join(dir, "b"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	code = cli.Run(t.Context(), env, []string{"prune", "apply", "--scheduled", "--config", file})
	if want := "b: NOT LISTED: what it holds is not known\ndeleted 0 backups"; code != 3 || !strings.HasPrefix(out.String(), want) {
		t.Errorf("got exit code %d, %s, want 3, %s", code, out.String(), want)
	}
	if err := os.Remove(filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	// A year later backups have stopped, and nothing goes: that is said.
	later := env
	later.Now = func() time.Time { return now.AddDate(1, 0, 0) }
	out.Reset()
	code = cli.Run(t.Context(), later, []string{"prune", "apply", "--scheduled", "--config", file})
	if want := "refused: a database/vapora: backups have stopped: "; code != 0 || !strings.HasPrefix(out.String(), want) {
		t.Errorf("got exit code %d, %s, want %s", code, out.String(), want)
	}
	if want := before + " at a stands for nothing, and kept: nobody vouches for it until "; !strings.Contains(talk.String(), want) || !strings.Contains(talk.String(), "not signed") {
		t.Errorf("got %s, want %q", talk.String(), want)
	}
}
