package cli_test

import (
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// edit changes first.yaml, the config of a script.
func edit(ts *testscript.TestScript, change func(text string) string) {
	before := ts.ReadFile("first.yaml")
	after := change(before)
	if before == after {
		ts.Fatalf("first.yaml is as it was")
	}
	ts.Check(os.WriteFile(ts.MkAbs("first.yaml"), []byte(after), 0o600))
}

// recipients FILE has the config seal for that public key only.
func recipients(ts *testscript.TestScript, neg bool, args []string) {
	key := strings.TrimSpace(ts.ReadFile(args[0]))
	edit(ts, func(text string) string {
		return regexp.MustCompile(`(?m)^  recipients: .*$`).ReplaceAllString(text, "  recipients: ["+key+"]")
	})
}

// resign FILE has the config sign with FILE.key, and trust FILE.pub too.
func resign(ts *testscript.TestScript, neg bool, args []string) {
	lines := strings.Fields(ts.ReadFile(args[0] + ".pub"))
	edit(ts, func(text string) string {
		text = regexp.MustCompile(`(?m)^  key: \{file: .*?\}`).ReplaceAllString(text, "  key: {file: "+args[0]+".key}")
		return regexp.MustCompile(`(?m)^  trusted: \[(.*)\]$`).ReplaceAllString(text, "  trusted: [$1, "+lines[len(lines)-1]+"]")
	})
}

// moment NAME puts the time into $NAME.
func moment(ts *testscript.TestScript, neg bool, args []string) {
	ts.Setenv(args[0], time.Now().UTC().Format(time.RFC3339Nano))
	time.Sleep(time.Second) // what follows is surely later, in the name of a backup too
}

// revoke MOMENT ends the first trusted key from then on.
func revoke(ts *testscript.TestScript, neg bool, args []string) {
	edit(ts, func(text string) string {
		return regexp.MustCompile(`(?m)^  trusted: \[([^,]*),.*$`).ReplaceAllString(text, "$0\n  revoked: [{key: $1, from: "+args[0]+"}]")
	})
}
