package restore_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/restore"
)

// comesBack makes a database of the statements, and wants its backup restored to
// the letter of its export, with the same answers to the questions.
func comesBack(t *testing.T, statements string, questions ...string) (*house, *restore.Result, string, string) {
	t.Helper()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, statements)
	to := from + "_restored"
	res, err := restore.Run(t.Context(), h.job(t, h.backup(t, ns, from, nil), ns, to))
	if err != nil {
		if res != nil && res.Loaded != nil {
			t.Logf("%+v", res.Loaded.Failures)
		}
		t.Fatal(err)
	}
	if want, got := string(h.srv.Export(t, ns, from)), string(h.srv.Export(t, ns, to)); got != want {
		t.Errorf("the export of the restored database differs:\n%s", diff(want, got))
	}
	for _, q := range questions {
		want, got := fmt.Sprintf("%s", h.srv.Query(t, ns, from, q)), fmt.Sprintf("%s", h.srv.Query(t, ns, to, q))
		if got != want {
			t.Errorf("%s: got %s, want %s", q, got, want)
		}
	}
	return h, res, ns, to
}

// Tables and fields may be called like the words of the language.
func TestNamesThatAreKeywords(t *testing.T) {
	t.Parallel()
	var sql strings.Builder
	for _, table := range []string{"info", "update", "create", "delete", "define", "remove", "relate", "insert", "upsert", "alter", "rebuild", "for", "explain",
		"type", "comment", "reference", "on", "from", "value", "drop", "start", "if", "return", "none", "index", "table"} {
		fmt.Fprintf(&sql, "DEFINE TABLE `%[1]s` TYPE ANY; CREATE `%[1]s`:1 SET to = [`%[1]s`:['a', `%[1]s`:2]] RETURN NONE; DEFINE FIELD x ON `%[1]s` TYPE option<record<`%[1]s`>>; DEFINE INDEX x ON `%[1]s` FIELDS x;\n", table)
	}
	for _, field := range []string{"on", "from", "reference", "type", "comment", "drop", "start", "value", "permissions", "default", "in"} {
		fmt.Fprintf(&sql, "DEFINE FIELD `%[1]s` ON words TYPE any; CREATE words SET `%[1]s` = 1 RETURN NONE;\n", field)
	}
	sql.WriteString("RELATE `update`:1->`on`:2->`delete`:1; DEFINE FIELD sched.on ON `on` TYPE any; DEFINE FIELD reference ON payment TYPE string; CREATE payment:1 SET reference = 'x' RETURN NONE;" +
		"DEFINE FIELD parent ON `comment` TYPE option<record<comment>> REFERENCE; CREATE `comment`:2 SET parent = `comment`:1 RETURN NONE;" +
		"DEFINE FIELD type ON `type` TYPE option<record<type>> REFERENCE; UPDATE `type`:1 SET type = `type`:1 RETURN NONE;" +
		"CREATE message:1 SET `from` = 'a' RETURN NONE; DEFINE TABLE talk AS SELECT count() AS n, `from` FROM message GROUP BY `from`;" +
		"RELATE `update`:1->again:1->talk:['a']; DEFINE TABLE counted AS SELECT count() AS n FROM again GROUP ALL;") // which come twice
	comesBack(t, sql.String(), "SELECT ->`on` AS x FROM `update`; SELECT <-`on` AS x FROM `delete`", "SELECT VALUE <~`comment` FROM `comment`:1", "SELECT * FROM talk", "SELECT VALUE <-again FROM talk; SELECT VALUE ->again FROM `update`")
}

// Edges that are no records are printed as statements of their own.
func TestLightweightBetweenKeywords(t *testing.T) {
	t.Parallel()
	if h := newHouse(t); len(h.srv.Samples()) < 2 {
		return // 3.0 to 3.2 have none
	}
	var sql strings.Builder
	for _, name := range []string{"info", "update", "create", "delete", "define", "remove", "insert", "upsert", "if", "for", "return", "alter", "rebuild", "access", "kill", "explain", "only"} {
		fmt.Fprintf(&sql, "CREATE `%[1]s`:1 RETURN NONE; DEFINE TABLE to_%[1]s TYPE RELATION IN `%[1]s` OUT `%[1]s` LIGHTWEIGHT; RELATE `%[1]s`:1->to_%[1]s->`%[1]s`:1;\n", name)
	}
	comesBack(t, sql.String(), "SELECT VALUE ->to_info->`info` FROM `info`; SELECT VALUE <-to_delete<-`delete` FROM `delete`")
}

// JavaScript in a definition is read by its own rules.
func TestScripts(t *testing.T) {
	t.Parallel()
	comesBack(t, "DEFINE FUNCTION fn::f() { RETURN function() {\n\tlet a = 1; // don't\n\t/* it's; } */ return a / 2;\n}; }; CREATE behind:1 RETURN NONE")
}

// Rows go into tables with every kind of index, several imports at once.
func TestManyRowsUnderIndexes(t *testing.T) {
	t.Parallel()
	full := "FULLTEXT"
	var sql strings.Builder
	fmt.Fprintf(&sql, "DEFINE ANALYZER simple TOKENIZERS class FILTERS lowercase; DEFINE INDEX words ON doc FIELDS body %s ANALYZER simple BM25; "+
		"DEFINE INDEX near ON doc FIELDS emb HNSW DIMENSION 8 DIST COSINE; DEFINE INDEX once ON doc FIELDS no UNIQUE; DEFINE INDEX n ON doc COUNT;\n", full)
	sql.WriteString("FOR $i IN 0..4000 { CREATE type::record('doc', $i) SET no = $i, body = string::concat('word ', <string> ($i % 97), ' of the many that are here, ', string::repeat('more and more of them ', 20)), " +
		"emb = [$i % 7 + 0.5, $i % 11 + 0.5, $i % 13 + 0.5, $i % 17 + 0.5, $i % 19 + 0.5, $i % 23 + 0.5, $i % 29 + 0.5, $i % 31 + 0.5] RETURN NONE };")
	comesBack(t, sql.String(), "SELECT VALUE id FROM doc WHERE body @@ '96' ORDER BY id", "RETURN count(SELECT * FROM doc WHERE emb <|3,40|> [1,2,3,4,5,6,7,8])", "SELECT VALUE body FROM doc WHERE no = 3999")
}

// An index whose build failed does not stand in the way of the rows that it refused.
func TestFailedIndex(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "CREATE u:1 SET e = 1, v = [1, 2] RETURN NONE; CREATE u:2 SET e = 1, v = [1] RETURN NONE; DEFINE INDEX e ON u FIELDS e UNIQUE CONCURRENTLY; DEFINE INDEX n ON u FIELDS e")
	for !strings.Contains(string(h.srv.Query(t, ns, from, "INFO FOR INDEX e ON u")[0]), `"error"`) {
		time.Sleep(10 * time.Millisecond)
	}
	b := h.backup(t, ns, from, nil)
	if !slices.Contains(b.Manifest.Warnings, "index e ON u indexes nothing, its build failed: a restore leaves it out") {
		t.Errorf("got warnings %q", b.Manifest.Warnings)
	}
	res, err := restore.Run(t.Context(), h.job(t, b, ns, from+"_restored"))
	if err != nil {
		t.Fatal(err)
	}
	wantLosses(t, res, "index e ON u")
	if info := string(h.srv.Query(t, ns, from+"_restored", "INFO FOR TABLE u")[0]); strings.Contains(info, "UNIQUE") || !strings.Contains(info, "DEFINE INDEX n ON u") {
		t.Errorf("got %s", info)
	}
}

// Nor does an index whose analyzer is gone, or the function of it.
func TestIndexWithoutItsAnalyzer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "DEFINE FUNCTION fn::a::`b c`($s: string) { RETURN $s; }; DEFINE ANALYZER a FUNCTION fn::a::`b c` TOKENIZERS class; DEFINE INDEX x ON t FIELDS n FULLTEXT ANALYZER a; DEFINE INDEX n ON t FIELDS n; CREATE t:1 SET n = 'x' RETURN NONE")
	if _, err := restore.Run(t.Context(), h.job(t, h.backup(t, ns, from, nil), ns, from+"_restored")); err != nil {
		t.Fatal(err)
	}
	if info := string(h.srv.Query(t, ns, from+"_restored", "INFO FOR TABLE t")[0]); !strings.Contains(info, "FULLTEXT") {
		t.Errorf("an index that works did not come back: %s", info)
	}
	h.srv.Query(t, ns, from, "REMOVE FUNCTION fn::a::`b c`")
	b := h.backup(t, ns, from, nil)
	if !slices.Contains(b.Manifest.Warnings, "index x ON t takes no rows, function fn::a::b c of analyzer a was removed: a restore leaves the index out") {
		t.Errorf("got warnings %q", b.Manifest.Warnings)
	}
	res, err := restore.Run(t.Context(), h.job(t, b, ns, from+"_again"))
	if err != nil {
		t.Fatal(err)
	}
	wantLosses(t, res, "index x ON t")
	if len(h.srv.Samples()) > 1 {
		return // 3.3 removes no analyzer that is in use
	}
	h.srv.Query(t, ns, from, "REMOVE ANALYZER a")
	if res, err = restore.Run(t.Context(), h.job(t, h.backup(t, ns, from, nil), ns, from+"_third")); err != nil {
		t.Fatal(err)
	}
	wantLosses(t, res, "index x ON t")
}

// Rows that are older than a REFERENCE field, or than its type, need not fit it.
func TestRowsThatDoNotFitAReference(t *testing.T) {
	t.Parallel()
	h, res, _, _ := comesBack(t, "CREATE q:1, q:2, q:3 RETURN NONE; CREATE p:1, p:2 SET r = 'a text' RETURN NONE; CREATE p:3 SET r = null RETURN NONE; DEFINE FIELD r ON p TYPE option<array<record<q>>> REFERENCE;"+
		"CREATE p:4 SET r = [q:1, q:2] RETURN NONE; DEFINE FIELD OVERWRITE r ON p TYPE option<record<q>> REFERENCE; CREATE p:5 SET r = q:3 RETURN NONE; DEFINE TABLE e TYPE RELATION IN p OUT q ENFORCED;"+
		"RELATE p:5->e:1->q:1 SET r = 1 RETURN NONE; DEFINE FIELD r ON e TYPE option<record<q>> REFERENCE; RELATE p:5->e:2->q:1 SET r = q:1 RETURN NONE;"+
		"DEFINE FIELD l ON u TYPE none | record<q> | array<record<q>> REFERENCE; CREATE u:1 SET l = [q:1, q:2] RETURN NONE; CREATE u:2 SET l = q:1 RETURN NONE; CREATE u:3 RETURN NONE; DEFINE FIELD s ON u TYPE option<set<record<q>>> REFERENCE; CREATE u:4 SET s = <set>[q:2] RETURN NONE",
		"RETURN q:1<~u", "RETURN q:2<~u", "RETURN q:1<~p", "RETURN q:3<~p", "RETURN q:1<~e", "SELECT VALUE [id, ->e] FROM p", "SELECT VALUE [id, <-e] FROM q")
	if len(h.srv.Samples()) < 2 { // 3.3 rebuilds references in an import, which takes all rows
		wantLosses(t, res, "the way back over references of 3 rows of p", "the way back over references of 1 rows of e")
	}
}

// The ends of an edge may be references too, and a field may be called like one.
func TestReferencesOfEveryName(t *testing.T) {
	t.Parallel()
	comesBack(t, "CREATE a:1, b:1 RETURN NONE; DEFINE TABLE e TYPE RELATION IN a OUT b; DEFINE FIELD OVERWRITE in ON e TYPE record<a> REFERENCE ON DELETE CASCADE; RELATE a:1->e:1->b:1;"+
		"DEFINE TABLE n TYPE NORMAL SCHEMAFULL; DEFINE FIELD out ON n TYPE option<record<n>> REFERENCE; DEFINE FIELD id ON n TYPE int; CREATE n:1 RETURN NONE; CREATE n:2 SET out = n:1 RETURN NONE;"+
		"DEFINE TABLE flexible SCHEMAFULL; DEFINE FIELD x ON flexible TYPE option<record<flexible>> REFERENCE; CREATE flexible:1 RETURN NONE; CREATE flexible:2 SET x = flexible:1 RETURN NONE;"+
		"DEFINE FIELD l ON flexible TYPE option<array<record<flexible>>> REFERENCE; UPDATE flexible:1 SET l = [flexible:2, flexible:1] RETURN NONE",
		"SELECT VALUE [id, <~e] FROM a", "SELECT VALUE [id, <~n] FROM n", "SELECT VALUE [id, array::sort(<~flexible)] FROM flexible", "RETURN a:1->e->b")
}

// What a definition of a parameter does not tell, its value does.
func TestParametersThatAreNotPrinted(t *testing.T) {
	t.Parallel()
	comesBack(t, "DEFINE PARAM $s VALUE { a: [<set>[p:1, 'x']], b: <set>[] } COMMENT 'it'; DEFINE PARAM $r VALUE ..2; DEFINE PARAM $`a b` VALUE [1.., 1>..=2, ..] PERMISSIONS NONE; DEFINE PARAM $h VALUE (p:1)..; DEFINE PARAM $t VALUE 'NONE..2'; DEFINE PARAM $d VALUE 1.50dec; DEFINE PARAM $session VALUE 1; DEFINE PARAM $auth VALUE 2; DEFINE PARAM $token VALUE 3; DEFINE PARAM $access VALUE 4; DEFINE PARAM $this VALUE 5; DEFINE PARAM $value VALUE 6",
		"RETURN <string> [$s, $r, $`a b`]", "RETURN <string> [$t, $d]", "RETURN type::is_set($s.a[0])", "RETURN type::of($h)")
}

// Every row is compared, where that is asked for.
func TestRowsAreCompared(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.sample(t)
	b, to := h.backup(t, ns, from, sampleKeys), from+"_restored"
	j := h.job(t, b, ns, to)
	j.CompareRows = true
	res, err := restore.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if res.Checked.Compared < 10 {
		t.Errorf("compared %d tables", res.Checked.Compared)
	}
	b.AllSums = true
	d, err := b.Prove(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.srv.Query(t, ns, to, "UPDATE customer:anna SET name = 'another' RETURN NONE")
	for same, want := range map[bool]int{true: 1, false: 0} {
		checked, err := db.Check(t.Context(), h.client(t, ns, to), d.Outline, &replay.Plan{}, db.CheckOptions{SameVersion: same, Rows: true})
		if err != nil {
			t.Fatal(err)
		}
		said := slices.DeleteFunc(slices.Concat(checked.Problems, checked.Notes), func(s string) bool { return !strings.HasPrefix(s, "table customer: ") })
		if len(said) != 1 || len(checked.Problems) != want || checked.Compared != res.Checked.Compared-1 {
			t.Errorf("same version %v: got problems %q, notes %q, %d tables compared", same, checked.Problems, checked.Notes, checked.Compared)
		}
	}
}

// What a server defines by itself, and somebody removed, is noted.
func TestDefinitionsThatComeByThemselves(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "DEFINE FIELD tags ON t TYPE array<string>; REMOVE FIELD tags.* ON t; CREATE t:1 SET tags = ['a'] RETURN NONE")
	res, err := restore.Run(t.Context(), h.job(t, h.backup(t, ns, from, nil), ns, from+"_restored"))
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Checked.Notes) != 1 || !strings.Contains(res.Checked.Notes[0], "FIELD tags.* ON t is there, and not in the backup") {
		t.Errorf("got notes %q", res.Checked.Notes)
	}
}

// What is half there does not pass for whole: neither for a restore of other
// tables, nor for a backup.
func TestUnfinishedIsNotOverlooked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.sample(t)
	b := h.backup(t, ns, from, sampleKeys)
	h.srv.Query(t, ns, from, "DEFINE PARAM $vapora_backup_restore VALUE 'some other backup'")
	for _, force := range []bool{false, true} {
		j := h.job(t, b, ns, from)
		j.Tables, j.Force = []string{"many"}, force
		if _, err := restore.Run(t.Context(), j); !errors.Is(err, db.ErrNotEmpty) || !strings.Contains(err.Error(), "some other backup") {
			t.Errorf("force %v: got %v, want the unfinished restore named", force, err)
		}
	}
	source := db.Source{Client: h.client(t, ns, from)}
	if _, err := source.Dump(t.Context(), nil); !errors.Is(err, db.ErrIncomplete) || !strings.Contains(err.Error(), "some other backup") {
		t.Errorf("backup: got %v, want ErrIncomplete", err)
	}
	j := h.job(t, b, ns, from)
	j.Force = true
	if _, err := restore.Run(t.Context(), j); err != nil {
		t.Error(err)
	}
}

// The clauses of the database itself come back, also where it exists; who may not
// set them is told.
func TestClausesOfTheDatabase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "DEFINE DATABASE OVERWRITE "+from+" CHANGEFEED 3d COMMENT 'of the shop'; CREATE item:1 RETURN NONE")
	b := h.backup(t, ns, from, nil)
	for _, to := range []string{"fresh", "there"} {
		to = from + "_" + to
		if strings.HasSuffix(to, "there") {
			h.srv.Query(t, ns, from, "DEFINE DATABASE "+to)
		}
		res, err := restore.Run(t.Context(), h.job(t, b, ns, to))
		if err != nil {
			t.Fatal(err)
		}
		wantLosses(t, res, "changes recorded for database "+from)
		line := string(h.srv.Query(t, ns, to, "RETURN (INFO FOR NS).databases."+to)[0])
		if !strings.Contains(line, "CHANGEFEED 3d") || !strings.Contains(line, "of the shop") {
			t.Errorf("%s: got %s", to, line)
		}
		if got := h.srv.Query(t, ns, to, "SELECT VALUE id FROM item"); string(got[0]) != `["item:1"]` {
			t.Errorf("%s: got %s", to, got)
		}
	}
	to := from + "_own"
	h.srv.Query(t, ns, from, "DEFINE DATABASE "+to)
	h.srv.Query(t, ns, to, "DEFINE USER owner ON DATABASE PASSWORD 'x' ROLES OWNER")
	j := h.job(t, b, ns, to)
	c, err := db.Dial(db.Options{URL: h.srv.URL, Namespace: ns, Database: to, Username: "owner", Password: "x", Auth: db.Database})
	if err != nil {
		t.Fatal(err)
	}
	j.Target = &db.Target{Client: c}
	res, err := restore.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	clauses := func(l replay.Loss) bool { return l.What == "the database's own clauses: CHANGEFEED, COMMENT" }
	if i := slices.IndexFunc(res.Losses, clauses); i < 0 || slices.ContainsFunc(res.Losses[i+1:], clauses) {
		t.Errorf("got losses %v, want the clauses once", res.Losses)
	}
	j.DryRun, j.Force = true, true
	if res, err = restore.Run(t.Context(), j); err != nil || !slices.ContainsFunc(res.Losses, clauses) {
		t.Errorf("dry run: got %+v, %v", res, err)
	}
	// Who may not ask for them is told that the backup lacks them, where its dump does.
	b = h.take(t, dumper{db.Source{Client: c}})
	if d, err := b.Prove(t.Context()); err != nil || !d.Outline.DefinesDatabase() && !strings.Contains(string(b.Manifest.Inventory), "own clauses") {
		t.Errorf("got %s, %v", b.Manifest.Inventory, err)
	}
}

// Grants are in no export: whoever holds one signs in anew, and is told.
func TestGrants(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "DEFINE ACCESS people ON DATABASE TYPE RECORD WITH REFRESH; CREATE a:1 RETURN NONE")
	b := h.backup(t, ns, from, map[string]string{"people": "the key of people"})
	if !strings.Contains(string(b.Manifest.Inventory), "refresh tokens of access people") {
		t.Errorf("got %s", b.Manifest.Inventory)
	}
	res, err := restore.Run(t.Context(), h.job(t, b, ns, from+"_restored"))
	if err != nil {
		t.Fatal(err)
	}
	wantLosses(t, res, "refresh tokens of access people")
}

// What the text gets wrong in rows it gets wrong in parameters too.
func TestParameters(t *testing.T) {
	t.Parallel()
	comesBack(t, `DEFINE PARAM $where VALUE { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 2] }, { type: 'LineString', coordinates: [[1, 2], [3, 4]] }] };
		DEFINE PARAM $table VALUE type::table('person'); DEFINE PARAM $like VALUE object::from_entries([['coordinates', [1, 2]], ['type', 'Point']]); CREATE x:1 RETURN NONE`,
		"RETURN type::of($where)", "RETURN type::of($table)", "RETURN type::of($like)")
}

// A link may be to a range of records, and a record's key any object.
func TestStrangeIDs(t *testing.T) {
	t.Parallel()
	comesBack(t, "CREATE place:{ coordinates: [1, 2], type: 'Point' } SET to = place:{ coordinates: [1, 2], type: 'Point' } RETURN NONE; CREATE r:1 SET v = [a:1..2, 1..2, 'a'..='z'] RETURN NONE")
}

// Single tables are read and proved by the pieces that they lie in: little is
// fetched, damage elsewhere does not matter, and damage there is found.
func TestPiecesOfALargeBackup(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var text strings.Builder
	text.WriteString("OPTION IMPORT;\n")
	for _, table := range []struct {
		name string
		rows int
	}{{"big", 12000}, {"small", 1}, {"large", 12000}} {
		fmt.Fprintf(&text, "\n-- ---\n-- TABLE: %[1]s\n-- ---\n\nDEFINE TABLE %[1]s;\n\n-- ---\n-- TABLE DATA: %[1]s\n-- ---\n\nINSERT [ ", table.name)
		for i := range table.rows {
			noise := make([]byte, 500)
			_, _ = rand.Read(noise) // never fails
			fmt.Fprintf(&text, "{ id: %s:%d, noise: '%x' }, ", table.name, i, noise)
		}
		fmt.Fprintf(&text, "{ id: %s:last } ];\n", table.name)
	}
	b := h.take(t, given{h.srv.Version, text.String()})
	small := func() (*restore.Dump, string, error) {
		d, err := b.Pieces(t.Context(), []string{"small"})
		if err != nil {
			return nil, "", err
		}
		rows := d.Open(d.Outline.Tables[0].Data)
		got, err := io.ReadAll(rows)
		return d, string(got), errors.Join(err, rows.Close())
	}
	d, got, err := small()
	if err != nil {
		t.Fatal(err)
	}
	stored := b.Manifest.Data().Stored.Size
	if read := d.BytesRead(); read == 0 || read > stored/2 {
		t.Errorf("read %d of %d stored bytes", read, stored)
	}
	if !strings.Contains(got, "INSERT [ { id: small:0,") || strings.Contains(got, "big:") {
		t.Errorf("got %.80s", got)
	}
	path := filepath.Join(h.dir, filepath.FromSlash(b.Manifest.Data().Key))
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	middle := d.Inventory.Tables[1].Data.Offset * stored / b.Manifest.Data().Plain.Size
	for at, damaged := range map[int64]bool{100 << 10: false, middle: true} {
		file[at] ^= 1
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := small(); errors.Is(err, archive.ErrDamaged) != damaged || !damaged && err != nil {
			t.Errorf("byte %d: got %v, damaged is %v", at, err, damaged)
		}
		file[at] ^= 1
	}
}

// A slash divides what is before it, also where that is called like a word of the
// language; behind the word itself it begins a regex.
func TestDivisions(t *testing.T) {
	t.Parallel()
	var sql strings.Builder
	sql.WriteString("DEFINE FIELD eur ON payment TYPE option<float> VALUE $value / 100; DEFINE FIELD code ON payment ASSERT $value = NONE OR $value = /^[a-z;'(]+$/;\n")
	for _, name := range []string{"value", "in", "set", "if", "return", "contains", "default", "not", "is", "where"} {
		fmt.Fprintf(&sql, "DEFINE FIELD `x_%[1]s` ON payment VALUE price.`%[1]s` / 2 + $%[1]s / 3; DEFINE FUNCTION fn::f_%[1]s($%[1]s: any) { RETURN $%[1]s / 2; };\n", name)
	}
	for _, name := range []string{"IN", "FROM", "LIMIT", "START", "VERSION", "TIMEOUT", "SET", "VALUE", "AND", "WHERE"} { // printed as they are
		fmt.Fprintf(&sql, "DEFINE FIELD `half %[1]s` ON payment VALUE `%[1]s` / 2; DEFINE FIELD `is %[1]s` ON payment TYPE option<bool> VALUE `%[1]s` / 2 = NONE OR `%[1]s` = /it's/; DEFINE FUNCTION fn::of_%[1]s() { SELECT `%[1]s` / 2 AS x, `%[1]s` FROM payment WHERE `%[1]s` / 3 > 1; };\n", name)
	}
	sql.WriteString("DEFINE FIELD half ON payment VALUE value / 2; DEFINE FUNCTION fn::all($a: any) { RETURN [$a.* / 2, $a.? / 2, $a / 2, $a[*] / 2, $a ?? /a;b'/, $a.map(|$x| $x / 2)]; };\n" +
		"DEFINE FUNCTION fn::kinds($a: any) { RETURN $a CONTAINSANY [/a'/] OR $a CONTAINSNOT /b'/ OR $a CONTAINSNONE /c;/ OR $a NOTINSIDE /d'$/; };\n" +
		"DEFINE EVENT seen ON payment WHEN $value.value / 2 > 1 THEN { RETURN $event / 2; };\n" +
		"CREATE payment:1 SET eur = 250, price = { value: 4, in: 6, `set`: 8 }, re = /a\\/b'/ RETURN NONE; DEFINE TABLE behind; CREATE behind:1 SET path = '/' RETURN NONE;")
	comesBack(t, sql.String(), "SELECT * OMIT re FROM payment, behind", "RETURN fn::f_value(4)")
}
