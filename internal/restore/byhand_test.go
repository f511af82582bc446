package restore_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/stocktool"
)

// shellBlocks are the commands of a page, in order.
var shellBlocks = regexp.MustCompile("(?s)```sh\n(.*?)```")

// The commands of docs/restore-by-hand.md, executed as they stand with the
// stock tools on a backup that this program took.
func TestRestoreByHand(t *testing.T) {
	t.Parallel()
	var path []string
	for _, tool := range []string{"age", "zstd", "minisign", "sha256sum"} {
		path = append(path, filepath.Dir(stocktool.Find(t, tool)))
	}
	h := newHouse(t)
	private, public, err := crypt.GenerateSigningKey()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := crypt.ParseSigner(private, nil)
	if err != nil {
		t.Fatal(err)
	}
	file, recipient, err := crypt.GenerateIdentity(crypt.X25519, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	identity := filepath.Join(t.TempDir(), "identity.txt")
	if err := os.WriteFile(identity, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	if h.recipients, err = crypt.ParseRecipients([]string{recipient}); err != nil {
		t.Fatal(err)
	}
	ns, from := h.sample(t)
	m := h.takeSigned(t, dumper{db.Source{Client: h.client(t, ns, from), AccessKeys: sampleKeys}}, signer)

	run := func(t *testing.T) string {
		t.Helper()
		var script strings.Builder
		script.WriteString("set -eu\n")
		for _, block := range shellBlocks.FindAllStringSubmatch(docs(t, "restore-by-hand.md"), -1) {
			script.WriteString(block[1])
		}
		text := strings.NewReplacer(
			"cd database/vapora/2026-11-23", "cd "+filepath.Join(h.dir, filepath.Dir(filepath.FromSlash(m.Data().Key))),
			"20261123T140000Z-7f3k2m", m.ID, "/media/usb/identity.txt", identity, "PUBLIC_KEY=RWQ...", "PUBLIC_KEY="+lastLine(public),
		).Replace(script.String())
		cmd := exec.CommandContext(t.Context(), "sh", "-c", text)
		cmd.Env = append(os.Environ(), "PATH="+strings.Join(append(path, os.Getenv("PATH")), ":"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			return "failed: " + err.Error() + "\n" + string(out)
		}
		return string(out)
	}
	out := run(t)
	for _, want := range []string{"Signature and comment signature verified", m.ID, m.ID + ".surql.zst.age: OK\n", m.ID + ".secrets.json.zst.age: OK\n", m.ID + ".surql: OK\n", sampleKeys["api"]} {
		if !strings.Contains(out, want) {
			t.Errorf("the commands do not print %q:\n%s", want, out)
		}
	}
	dir := filepath.Join(h.dir, filepath.Dir(filepath.FromSlash(m.Data().Key)))
	got, err := os.ReadFile(filepath.Join(dir, m.ID+".surql"))
	if err != nil || !bytes.Equal(got, h.srv.Export(t, ns, from)) {
		t.Errorf("the dump by hand is not the export (%v)", err)
	}
	for _, name := range []string{m.ID + ".surql", m.ID + ".surql.zst"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	// Objects that are not the manifest's: whole and sealed for the same recipient, by
	// somebody else; and cut. It ends at the sum, and nothing is opened.
	for _, name := range []string{m.ID + ".surql.zst.age", m.ID + ".secrets.json.zst.age"} {
		good, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for what, bad := range map[string][]byte{"another's": anothers(t, path, recipient), "cut": good[:len(good)-1]} {
			if err := os.WriteFile(filepath.Join(dir, name), bad, 0o600); err != nil {
				t.Fatal(err)
			}
			out := run(t)
			_, err := os.Stat(filepath.Join(dir, m.ID+".surql.zst"))
			if !strings.HasPrefix(out, "failed: ") || !strings.Contains(out, name+": FAILED\n") || !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s, %s: it did not end at its sum (%v):\n%s", name, what, err, out)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name), good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// A manifest that was changed does not verify.
	manifest := filepath.Join(dir, m.ID+".manifest.json")
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(manifest, bytes.Replace(text, []byte("surrealdb-"), []byte("surrealdb_"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := run(t); !strings.HasPrefix(out, "failed: ") {
		t.Errorf("a changed manifest went unseen:\n%s", out)
	}
}

// anothers is what the stock tools make of another dump, for the same recipient.
func anothers(t *testing.T, path []string, recipient string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `echo "REMOVE TABLE customer;" | zstd | age -r "$0"`, recipient)
	cmd.Env = append(os.Environ(), "PATH="+strings.Join(append(path, os.Getenv("PATH")), ":"))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func docs(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// takeSigned takes a signed backup and returns its manifest.
func (h *house) takeSigned(t *testing.T, source backup.Source, signer *crypt.Signer) *catalog.Manifest {
	t.Helper()
	job := h.backupJob(source)
	job.Signer = signer
	res, err := backup.Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	return res.Manifest
}
