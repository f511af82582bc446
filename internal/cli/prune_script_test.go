package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// approvers NAME… writes approvers.yaml with the public keys that lie in the
// folders of these names.
func approvers(ts *testscript.TestScript, neg bool, args []string) {
	var entries []string
	for _, name := range args {
		lines := strings.Fields(ts.ReadFile(filepath.Join(name, "signing.pub")))
		entries = append(entries, fmt.Sprintf("{name: %s, key: %s}", name, lines[len(lines)-1]))
	}
	text := "deletion:\n  approvers: [" + strings.Join(entries, ", ") + "]\n"
	ts.Check(os.WriteFile(ts.MkAbs("approvers.yaml"), []byte(text), 0o600))
}

// requestid puts the ID that the last command printed into $REQUEST.
func requestID(ts *testscript.TestScript, neg bool, args []string) {
	id := regexp.MustCompile(`\d{8}T\d{6}Z-[a-z2-7]{6}`).FindString(ts.ReadFile("stdout"))
	if id == "" {
		ts.Fatalf("no ID in what was printed")
	}
	ts.Setenv("REQUEST", id)
}

// oldorphan FOLDER leaves there what killed runs of long ago leave.
func oldOrphan(ts *testscript.TestScript, neg bool, args []string) {
	dir := filepath.Join(ts.MkAbs(args[0]), "database", "vapora", "2020-01-01")
	ts.Check(os.MkdirAll(dir, 0o700))
	long := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, name := range []string{"20200101T000000Z-aaaaaa.surql.zst.age", ".partial-abc"} {
		path := filepath.Join(dir, name)
		ts.Check(os.WriteFile(path, []byte("half"), 0o600))
		ts.Check(os.Chtimes(path, long, long))
	}
}
