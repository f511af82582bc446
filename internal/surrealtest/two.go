package surrealtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/testserver"
)

// Engine2 loads a dump into the engine 2.7 as its `import` does, and returns
// what it exports then, and the answers to some queries.
func Engine2(t testing.TB, dump []byte, probes ...string) (export []byte, answers []string) {
	t.Helper()
	file := write(t, "dump.surql", dump)
	queries := write(t, "probes.surql", []byte(strings.Join(probes, "\n")+"\n"))
	out, said := two(t, "import", file, queries)
	return out, said
}

// Run2 executes statements on the engine 2.7 and returns its export, and the
// answers to some queries.
func Run2(t testing.TB, sql []byte, probes ...string) (export []byte, answers []string) {
	t.Helper()
	return two(t, "run", write(t, "run.surql", sql), write(t, "probes.surql", []byte(strings.Join(probes, "\n")+"\n")))
}

func write(t testing.TB, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func two(t testing.TB, args ...string) ([]byte, []string) {
	t.Helper()
	binary := filepath.Join(testserver.Cache(), "surreal2-2.7.0", "surreal2")
	if _, err := os.Stat(binary); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no engine 2.7 in the cache; `make surreal2` builds it")
		}
		t.Skip("no engine 2.7 in the cache; `make surreal2` builds it where there is cargo")
	}
	cmd := exec.CommandContext(t.Context(), binary, args...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("engine 2.7: %v\n%s", err, said.String())
	}
	var answers []string
	for _, line := range strings.Split(strings.TrimSpace(said.String()), "\n") {
		if strings.HasPrefix(line, "import: ") || strings.HasPrefix(line, "statement ") {
			t.Fatalf("engine 2.7: %s", line)
		}
		answers = append(answers, line)
	}
	return out.Bytes(), answers
}
