package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/catalog/catalogtest"
	"github.com/vapora-platform/vapora-backup/internal/cli"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
)

// What was copied before an interruption is told and recorded.
func TestInterruptedSyncIsRecorded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "c.yaml")
	text := strings.Replace(twoFolders, "ENTRY", "database: d", 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := local.Open(local.Options{Dir: filepath.Join(dir, "a")})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		catalogtest.Put(t, time.Now().Add(-time.Duration(i+1)*time.Hour).UTC().Truncate(time.Second), nil, storage.Lock{}, a)
	}
	copies := func() int {
		found, err := filepath.Glob(filepath.Join(dir, "b", "database", "vapora", "*", "*"+catalog.ManifestSuffix))
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	run := func(ctx context.Context, args ...string) (int, string) {
		var out, talk bytes.Buffer
		env := cli.Env{
			In: strings.NewReader(""), Out: &out, Err: &talk, Environ: []string{"DB_PASSWORD=x"},
			Now: func() time.Time { return time.Now().UTC() }, Random: rand.Reader, Host: "worker-1",
		}
		code := cli.Run(ctx, env, append(args, "--config", file, "--json"))
		t.Logf("%s: %d, %.500s", args, code, talk.String())
		return code, out.String()
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for ctx.Err() == nil && copies() < 3 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	code, out := run(ctx, "sync")
	var said struct{ Debts []struct{ OK bool } }
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, d := range said.Debts {
		if d.OK {
			told++
		}
	}
	_, log := run(t.Context(), "audit", "log", "--action", "sync")
	// The last one may have been interrupted after its last byte.
	if n := copies(); n < 3 || code != 130 || told < n-1 || strings.Count(log, `"from a"`) != told {
		t.Errorf("got exit code %d, %d copies, %d of them told, and the record %.300s", code, n, told, log)
	}
}
