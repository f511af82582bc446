package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age/plugin"

	"github.com/vapora-platform/vapora-backup/internal/cli"
)

// An age plugin that hangs does not keep a run from being interrupted.
func TestPluginHangs(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "vapora-backup.yaml")
	err := os.WriteFile(file, fmt.Appendf(nil, `version: 1
databases:
  - {name: vapora, url: "http://127.0.0.1:1", namespace: n, database: d, username: root, password: {env: DB_PASSWORD}}
destinations:
  - {name: primary, url: "file:backups"}
encryption: {recipients: [%s]}
`, plugin.EncodeRecipient(pluginName, []byte("hang"))), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var out, talk bytes.Buffer
	env := cli.System()
	env.Out, env.Err = &out, &talk
	ended := make(chan int, 1)
	go func() { ended <- cli.Run(ctx, env, []string{"keys", "check", "--offline", "--config", file}) }()
	select {
	case code := <-ended:
		if code != 130 {
			t.Errorf("got exit code %d, %s%s", code, out.String(), talk.String())
		}
	case <-time.After(time.Minute):
		t.Error("it hangs with its plugin")
	}
}
