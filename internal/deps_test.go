// The tables below are a statement of policy. Do not change them to fix a build.

package internal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/vapora-platform/vapora-backup/"

// may says which rooms of ours a room may import. A room that is not here has
// no room below it.
var may = map[string][]string{
	"cmd/vapora-backup": {"internal/cli"},
	"internal/cli": {"internal/archive", "internal/audit", "internal/backup", "internal/catalog", "internal/config", "internal/crypt", "internal/db",
		"internal/db/surql", "internal/db/replay", "internal/drill", "internal/hint", "internal/rekey", "internal/replica", "internal/restore", "internal/retention",
		"internal/storage", "internal/prune", "internal/trial", "internal/storage/azblob", "internal/storage/gcs", "internal/storage/local", "internal/storage/s3",
		"internal/verify", "internal/notify", "internal/report"},
	"internal/backup":              {"internal/archive", "internal/catalog", "internal/retention", "internal/storage", "internal/hint"},
	"internal/restore":             {"internal/archive", "internal/catalog", "internal/db", "internal/db/replay", "internal/db/surql", "internal/storage", "internal/hint"},
	"internal/verify":              {"internal/archive", "internal/catalog", "internal/storage", "internal/hint"},
	"internal/audit":               {"internal/storage", "internal/hint"},
	"internal/rekey":               {"internal/archive", "internal/catalog", "internal/crypt", "internal/storage", "internal/hint"},
	"internal/prune":               {"internal/catalog", "internal/retention", "internal/storage", "internal/hint"},
	"internal/drill":               {"internal/catalog", "internal/storage", "internal/hint"},
	"internal/trial":               {"internal/catalog", "internal/child", "internal/db", "internal/db/surql", "internal/drill", "internal/restore", "internal/hint"},
	"internal/report":              {},
	"internal/notify":              {},
	"internal/child":               {},
	"internal/replica":             {"internal/archive", "internal/catalog", "internal/retention", "internal/storage", "internal/hint"},
	"internal/catalog":             {"internal/archive", "internal/retention", "internal/storage", "internal/hint"},
	"internal/db":                  {"internal/db/surql", "internal/db/replay", "internal/hint"},
	"internal/db/replay":           {"internal/db/surql", "internal/hint"},
	"internal/storage":             {"internal/hint"},
	"internal/storage/transport":   {"internal/storage"},
	"internal/storage/local":       {"internal/storage", "internal/hint"},
	"internal/storage/s3":          {"internal/storage", "internal/storage/transport", "internal/hint"},
	"internal/storage/gcs":         {"internal/storage", "internal/storage/transport", "internal/hint"},
	"internal/storage/azblob":      {"internal/storage", "internal/storage/transport", "internal/hint"},
	"internal/archive":             {"internal/hint"},
	"internal/crypt":               {"internal/hint"},
	"internal/config":              {"internal/hint"},
	"internal/tools/docs":          {"internal/cli", "internal/config"},
	"internal/storage/storagetest": {"internal/storage"},
}

// toolRooms may import anything of ours: they are for tests, the demonstration
// and the benchmark, and nothing of the product may import them.
var toolRooms = []string{"internal/surrealtest", "internal/s3test", "internal/gcstest", "internal/azuretest", "internal/storage/storagetest", "internal/catalog/catalogtest", "internal/stocktool", "internal/testserver", "internal/tools"}

// only says which packages of others have a single room.
var only = map[string][]string{
	"github.com/spf13/cobra":         {"internal/cli", "internal/tools/docs"},
	"github.com/spf13/pflag":         {"internal/cli"},
	"github.com/schollz/progressbar": {"internal/cli"},
	"github.com/spf13/viper":         {"internal/config"},
	"filippo.io/age":                 {"internal/crypt"},
	"aead.dev/minisign":              {"internal/crypt"},
	"github.com/klauspost/compress":  {"internal/archive"},
	"github.com/aws":                 {"internal/storage/s3"},
	"cloud.google.com/go":            {"internal/storage/gcs"},
	"google.golang.org/api":          {"internal/storage/gcs"},
	"github.com/googleapis":          {"internal/storage/gcs"},
	"github.com/Azure":               {"internal/storage/azblob"},
	"net/http":                       {"internal/db", "internal/storage/s3", "internal/storage/gcs", "internal/storage/azblob", "internal/storage/transport", "internal/notify"},
}

type pkg struct {
	ImportPath, Doc, Name string
	Imports               []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Doc,Name,Imports", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func isTool(room string) bool {
	return slices.ContainsFunc(toolRooms, func(t string) bool { return room == t || strings.HasPrefix(room, t+"/") })
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		room := strings.TrimPrefix(p.ImportPath, module)
		for _, imp := range p.Imports {
			below, ours := strings.CutPrefix(imp, module)
			switch {
			case ours && !isTool(room) && !slices.Contains(may[room], below):
				t.Errorf("%s imports %s: the table in this file does not allow it", room, below)
			case !ours && !isTool(room):
				checkOnly(t, room, imp)
			}
		}
	}
}

func checkOnly(t *testing.T, room, imp string) {
	t.Helper()
	for prefix, rooms := range only {
		if (imp == prefix || strings.HasPrefix(imp, prefix+"/")) && !slices.Contains(rooms, room) {
			t.Errorf("%s imports %s: only %s may", room, imp, strings.Join(rooms, ", "))
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}
