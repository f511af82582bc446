package restore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/restore"
	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

// A dump of a real 3.0.5 has what the engine from npm cannot print: CONFIGS
// that stop a plain import. It goes into every server that is not older.
func TestDumpOf305(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, to := h.srv.Fresh(t)
	j := h.job(t, h.take(t, given{"surrealdb-3.0.2", read(t, "dumps", "surrealdb-3.0.5.surql")}), ns, to)
	j.Keys = map[string]string{"api": "k"}
	res, err := restore.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	wantRepairs(t, res, "CONFIG without its DEFINE", "comments in backticks", "sequences that would repeat",
		"points in a GeometryCollection", "table values printed as bare words")
	got := h.srv.Query(t, ns, to, "SELECT VALUE <-about FROM bought; SELECT * FROM best; SELECT VALUE <~product FROM product:lamp; SELECT VALUE type::of(at) FROM customer:anna; INFO FOR DB")
	for i, want := range []string{"about:r1", `"top":1`, "product:desk", "geometry<collection>", "GRAPHQL TABLES INCLUDE"} {
		if !strings.Contains(string(got[i]), want) {
			t.Errorf("got %s, want %s in it", got[i], want)
		}
	}
}

// A dump of 4.0.0-beta.1 is read, planned and loaded like one of 3.3.
func TestDumpOf4(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, to := h.srv.Fresh(t)
	text := read(t, "dumps", "surrealdb-4.0.0-beta.1.surql")
	j := h.job(t, h.take(t, given{"surrealdb-4.0.0-beta.1", text}), ns, to)
	j.LeaveOutAccess = []string{"api"}
	if _, err := restore.Run(t.Context(), j); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("got %v, want a refusal: the target is older", err)
	}
	if h.srv.Engine != "real" {
		return // 3.0 does not know SCRAM hashes of users
	}
	j = h.job(t, h.take(t, given{"surrealdb-3.3.5", text}), ns, to)
	j.LeaveOutAccess = []string{"api"}
	if _, err := restore.Run(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if got, want := comparable(h.srv.Export(t, ns, to)), "kind: customer"; !strings.Contains(got, want) {
		t.Errorf("the table value is gone:\n%s", got)
	}
}

// A dump in the language of 2.x is refused by a 3.x server before the first
// write, and comes back whole in 2.7 by way of the text for import.
func TestDumpOf2(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	walk := "SELECT ->a_link->zed AS o, <-a_link AS i FROM zed"
	source, before := surrealtest.Run2(t, []byte(read(t, "sample", "everything-2.surql")), walk)
	ns, to := h.srv.Fresh(t)
	b := h.take(t, given{"surrealdb-2.7.0", string(source)})
	_, err := restore.Run(t.Context(), h.job(t, b, ns, to))
	if err == nil || !strings.Contains(err.Error(), "2.x") || hint.Of(err) == "" {
		t.Errorf("got %v, want a refusal with a hint", err)
	}
	alone := h.job(t, b, ns, to)
	alone.Tables = []string{"a_link"}
	if _, err := restore.Run(t.Context(), alone); err == nil || !strings.Contains(err.Error(), "2.x") {
		t.Errorf("a single table: got %v, want the same refusal", err)
	}
	for _, secret := range []string{"my-secret-jwt-key", "QxFs0aH1"} {
		if strings.Contains(fmt.Sprint(err), secret) || bytes.Contains(b.Manifest.Inventory, []byte(secret)) {
			t.Errorf("a key of the dump shows: %s", secret)
		}
	}
	export, after := intoTwo(t, b, walk)
	if string(export) != string(source) {
		t.Errorf("the export of the restored database differs:\n%s", diff(string(source), string(export)))
	}
	if !slices.Equal(before, after) || !strings.Contains(strings.Join(after, "\n"), "a_link:abc") {
		t.Errorf("edges answer %v and %v", before, after)
	}
}

// intoTwo restores a backup into the engine 2.7 by way of the text for import, and
// returns what it exports then, and its answers.
func intoTwo(t *testing.T, b restore.Backup, walk string) (export []byte, answers []string) {
	t.Helper()
	_, text := forImport(t, b, replay.Target{Two: true, Text: true})
	return surrealtest.Engine2(t, text, walk)
}

// forImport returns the text of a backup for the stock import of a server.
func forImport(t *testing.T, b restore.Backup, to replay.Target) (*replay.Plan, []byte) {
	t.Helper()
	d, err := b.Prove(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := d.Plan(restore.PlanOptions{Target: to})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := plan.WriteText(&text, d.Open); err != nil {
		t.Fatal(err)
	}
	return plan, text.Bytes()
}

// A file's key with odd characters stops a plain import of every version.
func TestFiles(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, `DEFINE BUCKET files BACKEND 'memory'; CREATE a:1 SET f = type::file('files', '/a b/é"(1)\'q\\z.txt'), g = [type::file('files', 'x:y')] RETURN NONE`)
	to := from + "_restored"
	res, err := restore.Run(t.Context(), h.job(t, h.backup(t, ns, from, nil), ns, to))
	if err != nil {
		t.Fatal(err)
	}
	wantRepairs(t, res, "files whose key no import reads")
	wantLosses(t, res, "contents of bucket files")
	if want, got := string(h.srv.Export(t, ns, from)), string(h.srv.Export(t, ns, to)); got != want {
		t.Errorf("differs:\n%s", diff(want, got))
	}
}

// The text for import restores fully through the stock import of a server.
func TestTextForImport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.sample(t)
	version, err := db.ParseVersion(h.srv.Version)
	if err != nil {
		t.Fatal(err)
	}
	plan, text := forImport(t, h.backup(t, ns, from, sampleKeys), replay.Target{References: version.ImportsReferences(), Text: true})
	to := from + "_restored"
	h.srv.Query(t, ns, "", "DEFINE DATABASE "+to)
	h.srv.Import(t, ns, to, text)
	if want, got := comparable(h.srv.Export(t, ns, from)), comparable(h.srv.Export(t, ns, to)); got != want {
		t.Errorf("differs:\n%s", diff(want, got))
	}
	for _, walk := range strings.Split(walks, ";") {
		want, got := fmt.Sprintf("%s", h.srv.Query(t, ns, from, walk)), fmt.Sprintf("%s", h.srv.Query(t, ns, to, walk))
		if lost := strings.Contains(walk, "<~") && !version.ImportsReferences(); lost == (got == want) {
			t.Errorf("%s: got %s, want %s, lost is %v", walk, got, want, lost)
		}
	}
	named := slices.ContainsFunc(plan.Losses, func(l replay.Loss) bool { return l.What == "the way back over references in product.related" })
	if named == version.ImportsReferences() {
		t.Errorf("got losses %v", plan.Losses)
	}
}

// A restore that was interrupted is started again by the same job and ends right.
func TestInterruptedRestore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.sample(t)
	b := h.backup(t, ns, from, sampleKeys)
	to := from + "_restored"
	j := h.job(t, b, ns, to)
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped in the middle")
	j.Rows = func(stage string, _ int) {
		if stage == "rows" {
			cancel(stopped)
		}
	}
	stoppedAt, err := restore.Run(ctx, j)
	if err == nil || hint.Of(err) == "" {
		t.Fatalf("got %v, want an error that says what state the target is in", err)
	}
	if stoppedAt.Loaded.Rows == 0 {
		t.Error("the result does not tell how far it came")
	}
	other := h.backup(t, ns, from, sampleKeys)
	if _, err := restore.Run(t.Context(), h.job(t, other, ns, to)); err == nil {
		t.Error("the restore of another backup went over an unfinished one")
	}
	res, err := restore.Run(t.Context(), h.job(t, b, ns, to))
	if err != nil {
		t.Fatal(err)
	}
	if !res.Again {
		t.Error("the result does not say that it started again")
	}
	if want, got := comparable(h.srv.Export(t, ns, from)), comparable(h.srv.Export(t, ns, to)); got != want {
		t.Errorf("differs:\n%s", diff(want, got))
	}
}

// A damaged backup is found before the first write.
func TestDamagedBackup(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.sample(t)
	b := h.backup(t, ns, from, sampleKeys)
	path := filepath.Join(h.dir, filepath.FromSlash(b.Manifest.Data().Key))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := from + "_restored"
	for _, at := range []int{300, len(text) / 2, len(text) - 1} {
		broken := bytes.Clone(text)
		broken[at] ^= 1
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := restore.Run(t.Context(), h.job(t, b, ns, to)); !errors.Is(err, archive.ErrDamaged) {
			t.Errorf("byte %d: got %v, want ErrDamaged", at, err)
		}
	}
	if info := string(h.srv.Query(t, ns, from, "INFO FOR NS")[0]); strings.Contains(info, "_restored") {
		t.Error("a damaged backup created the target")
	}
}

// A statement that the target refuses fails the restore, with its name and
// without its text, and leaves the target marked.
func TestFailedStatement(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, to := h.srv.Fresh(t)
	text := "-- ---\n-- OPTION\n-- ---\n\nOPTION IMPORT;\n\n-- ---\n-- TABLE: a\n-- ---\n\nDEFINE TABLE a SCHEMALESS;\nDEFINE FIELD secret ON a TYPE nonsense_type<'hush'>;\n\n" +
		"-- ---\n-- TABLE DATA: a\n-- ---\n\nINSERT [ { id: a:1, x: 1 }, { id: a:1, x: 2 } ];\n"
	res, err := restore.Run(t.Context(), h.job(t, h.take(t, given{h.srv.Version, text}), ns, to))
	if err == nil || res == nil || res.Loaded.Failed < 2 {
		t.Fatalf("got %v, %+v, want at least two failures", err, res)
	}
	all := fmt.Sprintf("%v %+v", err, res.Loaded.Failures)
	if !strings.Contains(all, "DEFINE FIELD secret ON a") || !strings.Contains(all, "INSERT into a") || strings.Contains(all, "hush") {
		t.Errorf("got %s, want the statements named and not quoted", all)
	}
	if hint.Of(err) == "" {
		t.Error("no hint says what state the target is in")
	}
}
