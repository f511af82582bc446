package restore_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/restore"
)

// walks ask for what an export does not show: references and edges from both
// ends, also those that point into views and into other edges.
const walks = `SELECT id, <~product AS r FROM product; SELECT id, <~watcher AS r FROM sales;
SELECT id, <-both AS b, <-likes AS l FROM sales; SELECT id, ->bought->product AS p, ->knows AS k, <-knows AS i FROM customer;
SELECT id, <-about AS a FROM bought; SELECT id, ->answers AS o, <-answers AS i FROM answers; SELECT id, <-answers AS a FROM about;
SELECT id, <-bought<-customer AS c FROM product`

// positions hides where sequences stand: a restore moves them on purpose.
var positions = regexp.MustCompile(`START \d+`)

func comparable(export []byte) string { return positions.ReplaceAllString(string(export), "START n") }

// Every line of what a plain export and import lose, in one database: it comes
// back equal to the letter, and answers every walk as before.
func TestEverythingComesBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.sample(t)
	b := h.backup(t, ns, from, sampleKeys)
	to := from + "_restored"
	res, err := restore.Run(t.Context(), h.job(t, b, ns, to))
	if err != nil {
		t.Fatal(err)
	}
	if want, got := comparable(h.srv.Export(t, ns, from)), comparable(h.srv.Export(t, ns, to)); got != want {
		t.Errorf("the export of the restored database differs:\n%s", diff(want, got))
	}
	want, got := h.srv.Query(t, ns, from, walks), h.srv.Query(t, ns, to, walks)
	if fmt.Sprintf("%s", got) != fmt.Sprintf("%s", want) {
		t.Errorf("walks answer\n%s\nwant\n%s", got, want)
	}
	if !bytes.Contains(bytes.Join(raw(want), nil), []byte("product:desk")) {
		t.Errorf("the walks of the sample are empty: %s", want)
	}
	// CONFIGS and APIS, which a server before 3.0.3 does not export either.
	for _, kind := range []string{"configs", "apis"} {
		has := func(name string) string {
			var all map[string]json.RawMessage
			if err := json.Unmarshal(h.srv.Query(t, ns, name, "INFO FOR DB")[0], &all); err != nil {
				t.Fatal(err)
			}
			return string(all[kind])
		}
		if want, got := has(from), has(to); got != want || !strings.Contains(want, "PERMISSIONS") {
			t.Errorf("%s: got %s, want %s", kind, got, want)
		}
	}
	if res.Loaded.Failed != 0 || len(res.Checked.Problems) != 0 {
		t.Errorf("got %d failures and problems %v", res.Loaded.Failed, res.Checked.Problems)
	}
	wantRepairs(t, res, "access keys", "table values printed as bare words", "points in a GeometryCollection")
	wantLosses(t, res, "bearer grants of access robot", "changes recorded for table product")
	text, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range sampleKeys {
		if strings.Contains(string(text), key) {
			t.Errorf("the result shows the key of %s", name)
		}
	}
}

func raw[T ~[]byte](in []T) [][]byte {
	var out [][]byte
	for _, x := range in {
		out = append(out, x)
	}
	return out
}

func wantRepairs(t *testing.T, res *restore.Result, names ...string) {
	t.Helper()
	for _, name := range names {
		if !slices.ContainsFunc(res.Repairs, func(r replay.Repair) bool { return r.What == name }) {
			t.Errorf("got repairs %v, want %q among them", res.Repairs, name)
		}
	}
}

func wantLosses(t *testing.T, res *restore.Result, names ...string) {
	t.Helper()
	for _, name := range names {
		if !slices.ContainsFunc(res.Losses, func(l replay.Loss) bool { return l.What == name }) {
			t.Errorf("got losses %v, want %q among them", res.Losses, name)
		}
	}
}

// diff shows the lines that differ.
func diff(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var out []string
	for i := 0; i < max(len(w), len(g)) && len(out) < 20; i++ {
		var a, b string
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			out = append(out, "- "+a, "+ "+b)
		}
	}
	return strings.Join(out, "\n")
}

// A text that every copy fails to give fails again, however often it is read.
func TestPlainTextThatFailed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.sample(t)
	b := h.backup(t, ns, from, sampleKeys)
	b.Copies = append(b.Copies, restore.Copy{Name: "other", Store: h.store})
	path := filepath.Join(h.dir, filepath.FromSlash(b.Manifest.Data().Key))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := b.Plain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, failed := io.Copy(io.Discard, r)
	if failed == nil || !strings.Contains(failed.Error(), "at local") || !strings.Contains(failed.Error(), "at other") {
		t.Fatalf("got %v, want what each copy said", failed)
	}
	for range 2 {
		if n, err := r.Read(make([]byte, 10)); n != 0 || err == nil || err.Error() != failed.Error() {
			t.Errorf("got %d bytes and %v, want %v", n, err, failed)
		}
	}
}

// A sequence goes on where it stood and hands out no number twice.
func TestSequencesDoNotRepeat(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.sample(t)
	b := h.backup(t, ns, from, sampleKeys)
	for name, starts := range map[string]map[string]int64{"found": nil, "given": {"invoice_no": 5000}, "lower": {"invoice_no": 3}} {
		j := h.job(t, b, ns, from+"_"+name)
		j.Starts = starts
		if _, err := restore.Run(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		used := string(h.srv.Query(t, ns, from+"_"+name, "RETURN (SELECT VALUE no FROM bought)")[0])
		next := string(h.srv.Query(t, ns, from+"_"+name, "RETURN sequence::nextval('invoice_no')")[0])
		if want, given := starts["invoice_no"]; given && next != fmt.Sprint(want) || !given && strings.Contains(used, next) {
			t.Errorf("%s: the next number is %s, taken are %s", name, next, used)
		}
	}
}

// A field that a sequence fills says nearly where it stands, on servers that do not; what
// it cannot say, for records are gone, is named.
func TestSequenceOfAField(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	to := from + "_restored"
	h.srv.Query(t, ns, from, "DEFINE SEQUENCE no BATCH 2 START 10; DEFINE FIELD n ON t TYPE int DEFAULT sequence::nextval('no'); CREATE t:1 RETURN NONE; CREATE t:2 RETURN NONE; CREATE t:3 RETURN NONE; DELETE t:3; CREATE big:1 SET stamp = 1700000000000 RETURN NONE")
	res, err := restore.Run(t.Context(), h.job(t, h.backup(t, ns, from, nil), ns, to))
	if err != nil {
		t.Fatal(err)
	}
	if h.srv.Engine != "real" { // which says where it stands
		wantLosses(t, res, "where sequence no stood")
	}
	if next := number(t, h.srv.Query(t, ns, to, "CREATE ONLY t:4 RETURN VALUE n")[0]); next < 13 || next > 20 {
		t.Errorf("the next number is %d, which t:3 had, or it is far off", next)
	}
}

func number(t *testing.T, raw json.RawMessage) (n int) {
	t.Helper()
	if err := json.Unmarshal(raw, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// What is named and is not there is refused: what was meant would not happen.
func TestNamesThatTheBackupLacks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.sample(t)
	b := h.backup(t, ns, from, sampleKeys)
	for _, name := range []string{"starts", "keys", "leave"} {
		j := h.job(t, b, ns, from+"_restored")
		switch name {
		case "starts":
			j.Starts = map[string]int64{"nonsense": 5}
		case "keys":
			j.Keys = map[string]string{"nonsense": "x"}
		case "leave":
			j.LeaveOutAccess = []string{"nonsense"}
		}
		_, err := restore.Run(t.Context(), j)
		if err == nil || !strings.Contains(err.Error(), "nonsense") || hint.Of(err) == "" {
			t.Errorf("%s: got %v (%s)", name, err, hint.Of(err))
		}
	}
	if info := string(h.srv.Query(t, ns, from, "INFO FOR NS")[0]); strings.Contains(info, "_restored") {
		t.Error("a refused restore created the target")
	}
}

// What a placeholder for a key may never become.
func TestAccessWithoutItsKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.sample(t)
	b := h.backup(t, ns, from, nil)
	if !slices.ContainsFunc(b.Manifest.Warnings, func(w string) bool { return strings.Contains(w, "access api") }) {
		t.Errorf("got warnings %v, want one for access api", b.Manifest.Warnings)
	}
	to := from + "_restored"
	if _, err := restore.Run(t.Context(), h.job(t, b, ns, to)); !errors.Is(err, replay.ErrKeyless) {
		t.Fatalf("got %v, want ErrKeyless", err)
	}
	j := h.job(t, b, ns, to)
	j.Keys, j.LeaveOutAccess = map[string]string{"api": "the-real-one"}, []string{"people"}
	res, err := restore.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	wantLosses(t, res, "access people")
	info := string(h.srv.Query(t, ns, to, "INFO FOR DB")[0])
	if strings.Contains(info, "DEFINE ACCESS people") || !strings.Contains(info, "DEFINE ACCESS api") {
		t.Errorf("got %s", info)
	}
}

// A target with something in it is refused, and named; --force replaces it.
func TestTargetIsNotEmpty(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.sample(t)
	b := h.backup(t, ns, from, sampleKeys)
	_, to := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "DEFINE DATABASE "+to)
	h.srv.Query(t, ns, to, "CREATE mine:1 SET x = 1; DEFINE TABLE seen AS SELECT count() AS n FROM mine GROUP ALL; DEFINE PARAM $p VALUE 1; DEFINE FUNCTION fn::f() { RETURN 1; };")
	_, err := restore.Run(t.Context(), h.job(t, b, ns, to))
	if !errors.Is(err, db.ErrNotEmpty) || !strings.Contains(err.Error(), "mine") {
		t.Fatalf("got %v, want ErrNotEmpty that names the table", err)
	}
	if n := string(h.srv.Query(t, ns, to, "RETURN count(SELECT * FROM mine)")[0]); n != "1" {
		t.Errorf("a refused restore left %s records of 1", n)
	}
	j := h.job(t, b, ns, to)
	j.Force = true
	res, err := restore.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(res.Replaced, "mine") {
		t.Errorf("got replaced %q, want the table named", res.Replaced)
	}
	if want, got := comparable(h.srv.Export(t, ns, from)), comparable(h.srv.Export(t, ns, to)); got != want {
		t.Errorf("differs:\n%s", diff(want, got))
	}
}

// A dry run proves and plans, and writes nothing.
func TestDryRun(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.sample(t)
	j := h.job(t, h.backup(t, ns, from, sampleKeys), ns, from+"_restored")
	j.DryRun = true
	res, err := restore.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if res.Tables == 0 || len(res.Losses) == 0 || res.Loaded != nil {
		t.Errorf("got %+v", res)
	}
	if info := string(h.srv.Query(t, ns, from, "INFO FOR NS")[0]); strings.Contains(info, "_restored") {
		t.Error("a dry run created the target")
	}
}

// Whoever may write to the bucket knows for whom backups are sealed, and can put one of
// their own, as large, in the place of another: no part of it is taken for a part of that.
func TestTablesOfAForgedObject(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "CREATE account:1 SET owner = 'Anna', n = 100; CREATE account:2 SET owner = 'Bert', n = 200")
	b := h.backup(t, ns, from, nil)
	at := filepath.Join(h.dir, filepath.FromSlash(b.Manifest.Data().Key))
	if d, err := b.Pieces(t.Context(), []string{"account"}); err != nil || d.Outline.Tables[0].Records != 2 {
		t.Fatalf("the object itself: got %v", err)
	}
	text := h.srv.Export(t, ns, from)
	var forged bytes.Buffer
	w, err := archive.NewWriter(&forged, archive.Options{Level: 1, Sealer: h.recipients})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if _, err := w.Write(bytes.Replace(text, []byte("Anna"), []byte("Bert"), 1)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	size := b.Manifest.Data().Stored.Size
	if int64(forged.Len()) > size {
		t.Fatalf("the forged object has %d bytes, the other %d", forged.Len(), size)
	}
	b.Manifest.Objects[0].Stored.Size = int64(forged.Len()) // as if it were as large
	if err := os.WriteFile(at, forged.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Pieces(t.Context(), []string{"account"}); !errors.Is(err, archive.ErrDamaged) || !strings.Contains(err.Error(), "head sha256") {
		t.Errorf("got %v, want the object refused", err)
	}
}

// Single tables come back without reading the rest.
func TestTables(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.sample(t)
	b := h.backup(t, ns, from, sampleKeys)
	to := from + "_restored"
	j := h.job(t, b, ns, to)
	j.Tables, j.CompareRows = []string{"product", "customer", "bought"}, true
	res, err := restore.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if !res.Partial || res.Tables != 3 || res.Edges != 3 || res.Checked.Compared != 3 {
		t.Errorf("got %+v, want a partial proof of 3 tables and 3 edges", res)
	}
	j.Tables = []string{"nonsense"}
	if _, err := restore.Run(t.Context(), j); err == nil || !strings.Contains(err.Error(), "no such table: nonsense") {
		t.Errorf("got %v", err)
	}
	j.Tables = []string{"product"}
	if _, err := restore.Run(t.Context(), j); !errors.Is(err, db.ErrNotEmpty) {
		t.Errorf("got %v, want ErrNotEmpty: the table is there", err)
	}
	j.Tables = []string{"many"}
	if _, err := restore.Run(t.Context(), j); err != nil {
		t.Errorf("another table beside them: %v", err)
	}
}
