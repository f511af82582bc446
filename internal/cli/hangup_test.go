package cli_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// A lost session ends a run as cleanly as an interrupt does, however often that is said;
// what was started under nohup goes on.
func TestHangup(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent a signal there")
	}
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGHUP) // a test under nohup would start programs that ignore it
	t.Cleanup(func() { signal.Stop(heard) })
	for name, test := range map[string]struct {
		trap string
		code int
		said string
	}{
		"session": {"", 130, "interrupted: nothing unfinished counts"},
		"nohup":   {`trap "" HUP; `, 1, "status 418"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, answer := make(chan struct{}), make(chan struct{})
			first := sync.OnceFunc(func() { close(asked) })
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				first()
				select {
				case <-answer:
				case <-r.Context().Done():
				}
				w.WriteHeader(http.StatusTeapot)
			}))
			defer server.Close()
			dir := t.TempDir()
			text := strings.NewReplacer("http://127.0.0.1:1", server.URL, "ENTRY", "database: d").Replace(twoFolders)
			if err := os.WriteFile(filepath.Join(dir, "vapora-backup.yaml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			program := filepath.Join(dir, "vapora-backup") // by this name the test is the program
			if err := os.Symlink(self, program); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "sh", "-c", test.trap+`exec "$0" backup db`, program)
			var out bytes.Buffer
			cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), "DB_PASSWORD=x"), &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-asked
			for range 3 {
				if err := cmd.Process.Signal(syscall.SIGHUP); err != nil && !errors.Is(err, os.ErrProcessDone) {
					t.Fatal(err)
				}
			}
			if test.trap != "" {
				close(answer)
			}
			_ = cmd.Wait() // the code says it
			if code := cmd.ProcessState.ExitCode(); code != test.code || !strings.Contains(out.String(), test.said) {
				t.Errorf("got %s, want exit code %d and %q\n%s", cmd.ProcessState, test.code, test.said, out.String())
			}
		})
	}
}
