package db_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db"
)

// without cuts what a pattern finds out of the text, and fails if it finds nothing.
func without(t *testing.T, pattern string) func(string) string {
	return func(text string) string {
		cut := regexp.MustCompile(pattern).ReplaceAllString(text, "")
		if cut == text {
			t.Errorf("%s is not in the export", pattern)
		}
		return cut
	}
}

func upTo(t *testing.T, marker string) func(string) string {
	return func(text string) string {
		head, _, ok := strings.Cut(text, marker)
		if !ok {
			t.Errorf("%s is not in the export", marker)
		}
		return head
	}
}

func always(answer string) func(string) string { return func(string) string { return answer } }

// shop is a small database with something of most kinds.
const shop = `
DEFINE USER clerk ON DATABASE PASSWORD 'x' ROLES VIEWER;
DEFINE ACCESS api ON DATABASE TYPE JWT ALGORITHM HS256 KEY 'the-real-key';
DEFINE PARAM $currency VALUE 'EUR';
DEFINE FUNCTION fn::gross($net: decimal) { RETURN $net * 1.19dec; };
DEFINE ANALYZER english TOKENIZERS blank;
DEFINE SEQUENCE number START 5;
DEFINE TABLE customer SCHEMAFULL;
DEFINE FIELD name ON customer TYPE string;
DEFINE INDEX by_name ON customer FIELDS name;
DEFINE EVENT told ON customer WHEN $event = 'UPDATE' THEN {};
DEFINE TABLE product;
DEFINE TABLE bought TYPE RELATION IN customer OUT product;
DEFINE TABLE empty;
CREATE old:1, old:2; DEFINE TABLE OVERWRITE old DROP;
CREATE customer:1 SET name = 'Anna'; CREATE customer:2 SET name = 'Ben'; CREATE customer:3 SET name = 'Cleo';
CREATE product:1, product:2;
RELATE customer:1->bought:1->product:1; RELATE customer:2->bought:2->product:2;`

// TestRefusals shows each way in which an export can be less than the database,
// and that none of them becomes a backup.
func TestRefusals(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	for _, c := range []struct {
		name string
		edit func(string) string
		says string
	}{
		{"empty", always(""), "it is empty"},
		{"white space", always(" \n\n"), "it is empty"},
		{"HTML", always("<!DOCTYPE html>\n<html><body>504; Gateway Time-out</body></html>\n"), "a page of HTML"},
		{"JSON", always(`{"code":500,"description":"There was a problem"}` + "\n"), "a JSON document"},
		{"an error's text", always("There was a problem with the database: The query was not executed due to a failed transaction\n"), "some other text"},
		{"an error's text behind the head", func(text string) string {
			return upTo(t, "-- ------------------------------\n-- USERS")(text) + "There was a problem with the database;\n"
		}, "define nothing"},
		{"another file", always("-- nothing\nDEFINE TABLE x;\n"), "OPTION IMPORT"},
		{"the head alone", upTo(t, "-- ------------------------------\n-- USERS"), "lacks: "},
		{"in the middle of a row", upTo(t, "'Ben'"), "ends before its time"},
		{"in the middle of a name", upTo(t, "ustomer TYPE"), "ends before its time"},
		{"the last newline", func(text string) string { return strings.TrimRight(text, "\n") }, "ends before its time"},
		{"after the rows of a table", upTo(t, "-- ------------------------------\n-- TABLE: product"), "lacks: "},
		{"behind a definition", upTo(t, "\nDEFINE FIELD"), "FIELD name ON customer"},
		{"table", without(t, `(?s)-- -+\n-- TABLE: product.*?\n(-- -+\n-- TABLE DATA: product.*?;\n)`), "TABLE product"},
		{"section of an empty table", without(t, `-- TABLE DATA: empty\n`), "table empty has no section for its rows"},
		{"rows of a table", without(t, `INSERT \[ \{ id: customer:1.*\n`), "table customer has 0 rows in the dump, the database counted 3 before and 3 after"},
		{"one row", without(t, `, \{ id: customer:3[^}]*\}`), "table customer has 2 rows in the dump, the database counted 3 before and 3 after"},
		{"one edge", without(t, `, \{ id: bought:2[^}]*\}`), "table bought has 1 rows in the dump, the database counted 2"},
		{"one row from before DROP", without(t, `, \{ id: old:2 \}`), "table old has 1 rows in the dump, the database counted 2"},
		{"definition of a table", without(t, `DEFINE TABLE product .*\n`), "TABLE product"},
		{"user", without(t, `DEFINE USER .*\n`), "lacks: USER clerk"},
		{"access", without(t, `DEFINE ACCESS .*\n`), "lacks: ACCESS api"},
		{"param", without(t, `DEFINE PARAM .*\n`), "lacks: PARAM currency"},
		{"function", without(t, `DEFINE FUNCTION .*\n`), "lacks: FUNCTION gross"},
		{"analyzer", without(t, `DEFINE ANALYZER .*\n`), "lacks: ANALYZER english"},
		{"sequence", without(t, `DEFINE SEQUENCE .*\n`), "lacks: SEQUENCE number"},
		{"field", without(t, `DEFINE FIELD (OVERWRITE )?name .*\n`), "lacks: FIELD name ON customer"},
		{"index", without(t, `DEFINE INDEX .*\n`), "lacks: INDEX by_name ON customer"},
		{"event", without(t, `DEFINE EVENT .*\n`), "lacks: EVENT told ON customer"},
		{"brackets", func(text string) string { return strings.Replace(text, "name: 'Ben' }", "name: 'Ben' ]", 1) }, "not the text of an export"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := dump(t, db.Source{Client: dial(t, instead(t, o, c.edit))})
			wantError(t, err, db.ErrIncomplete, c.says)
			if strings.Contains(err.Error(), "the-real-key") || strings.Contains(err.Error(), "Cleo") {
				t.Errorf("the error quotes the dump: %v", err)
			}
		})
	}
	if _, _, err := dump(t, db.Source{Client: dial(t, instead(t, o, func(text string) string { return text }))}); err != nil {
		t.Errorf("the whole export: %v", err)
	}
}

// TestOneX has the shape of what 1.x exports; no server of it is at hand.
func TestOneX(t *testing.T) {
	t.Parallel()
	const text = "-- ----\n-- OPTION\n-- ----\n\nOPTION IMPORT;\n\n-- ----\n-- TRANSACTION\n-- ----\n\nBEGIN TRANSACTION;\n\nUPDATE a:1 CONTENT { id: a:1 };\n\nCOMMIT TRANSACTION;\n"
	_, _, err := dump(t, db.Source{Client: dial(t, instead(t, options(t), always(text)))})
	wantError(t, err, db.ErrVersion, "1.x")
}

func TestTooSmall(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	d, text, err := dump(t, db.Source{Client: dial(t, o)})
	if err != nil {
		t.Fatal(err)
	}
	size := int64(len(text))
	if end := d.Inventory.Tables[len(d.Inventory.Tables)-1].Span.End(); end > size {
		t.Errorf("the last table ends at %d of %d", end, size)
	}
	if _, _, err := dump(t, db.Source{Client: dial(t, o), MinSize: size}); err != nil {
		t.Errorf("just as large as it must be: %v", err)
	}
	_, _, err = dump(t, db.Source{Client: dial(t, o), MinSize: size + 1})
	wantError(t, err, db.ErrIncomplete, "min_size")
}

func TestDroppedConnection(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	o = exporting(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&dropping{w, 700}, r)
	})
	_, _, err := dump(t, db.Source{Client: dial(t, o)})
	wantError(t, err, db.ErrIncomplete, "the connection broke")
}

// A dropping writer breaks the connection behind left bytes.
type dropping struct {
	http.ResponseWriter
	left int
}

func (d *dropping) Write(p []byte) (int, error) {
	if len(p) < d.left {
		d.left -= len(p)
		return d.ResponseWriter.Write(p)
	}
	d.ResponseWriter.Write(p[:d.left])
	http.NewResponseController(d.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

func TestRefusedByStatus(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	o = exporting(t, o, func(_ http.Handler, w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no backend is healthy", http.StatusServiceUnavailable)
	})
	_, _, err := dump(t, db.Source{Client: dial(t, o)})
	wantError(t, err, nil, "status 503", "no backend is healthy")
}

// TestEveryCut ends an export of everything, cleanly, behind each of its lines.
func TestEveryCut(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop+"DEFINE TABLE sales AS SELECT count() AS n, out FROM bought GROUP BY out;")
	checkEveryCut(t, o)
}

// TestEveryCutOfAView ends with a view, which 3.3.1 and later define twice.
func TestEveryCutOfAView(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, `CREATE a:1 SET n = 1; DEFINE TABLE v AS SELECT math::sum(n) AS n FROM a GROUP ALL;`)
	checkEveryCut(t, o)
}

func checkEveryCut(t *testing.T, o db.Options) {
	t.Helper()
	_, whole, err := dump(t, db.Source{Client: dial(t, o)})
	if err != nil {
		t.Fatal(err)
	}
	end := strings.LastIndex(whole, ";\n") + 2
	if last := strings.LastIndex(whole, "-- TABLE DATA: "); last > end {
		end = last + strings.Index(whole[last:], "\n") + 1
	}
	cut := 0
	c := dial(t, instead(t, o, func(text string) string { return text[:cut] }))
	for ; cut < end; cut++ {
		if cut > 0 && whole[cut-1] != '\n' {
			continue
		}
		if _, _, err := dump(t, db.Source{Client: c}); err == nil {
			t.Errorf("cut at byte %d of %d, behind %q: it became a backup", cut, len(whole), whole[max(0, cut-60):cut])
		}
	}
}
