package db_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

func TestDumpEverything(t *testing.T) {
	t.Parallel()
	o := options(t)
	v := everything(t, o)
	s := db.Source{Client: dial(t, o), AccessKeys: map[string]string{"api": "the key of api", "nobody": "x"}}
	d, text, err := dump(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if want := "surrealdb-" + v.String(); d.Engine != want {
		t.Errorf("got engine %s, want %s", d.Engine, want)
	}
	inv := d.Inventory
	if inv.Namespace != o.Namespace || inv.Database != o.Database {
		t.Errorf("got %s/%s", inv.Namespace, inv.Database)
	}
	types := map[string]string{}
	for _, table := range inv.Tables {
		types[table.Name] = table.Type
		piece := text[table.Span.Offset:table.Span.End()]
		if !strings.HasPrefix(piece, "DEFINE TABLE") || table.Data.Offset < table.Span.Offset || table.Data.End() > table.Span.End() {
			t.Errorf("table %s lies at %v, its data at %v: %.40q", table.Name, table.Span, table.Data, piece)
		}
	}
	for name, want := range map[string]string{"product": "normal", "bought": "relation", "sales": "view", "best": "view", "knows": "any", "123": "any", "weird-table name": "any", "dropper": "any", "empty": "normal"} {
		if types[name] != want {
			t.Errorf("table %s is of type %q, want %q", name, types[name], want)
		}
	}
	counts, err := s.Client.Counts(t.Context(), slices.Collect(mapKeys(types)))
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range inv.Tables {
		if got := table.Records + table.Edges; got != counts[table.Name] {
			t.Errorf("table %s has %d rows in the inventory and %d in the database", table.Name, got, counts[table.Name])
		}
	}
	if !slices.Equal(inv.KeylessAccesses, []string{"people"}) {
		t.Errorf("got keyless accesses %q, want people", inv.KeylessAccesses)
	}
	for _, want := range []string{"bearer grants of access robot", "changes recorded for table product"} {
		if !slices.Contains(inv.NotIncluded, want) {
			t.Errorf("%q is not among what is not included: %q", want, inv.NotIncluded)
		}
	}
	said := strings.Join(d.Warnings, "\n")
	for _, want := range []string{"the key of access people is in no export", "access_keys names access nobody"} {
		if !strings.Contains(said, want) {
			t.Errorf("no warning says %q:\n%s", want, said)
		}
	}
	if strings.Contains(said, "access api") {
		t.Errorf("a warning about access api, whose key is known:\n%s", said)
	}
	checkOpen(t, d)
	if problems := inv.Compare(outline(t, text)); len(problems) > 0 {
		t.Errorf("the inventory does not fit its own dump: %q", problems)
	}
}

// checkOpen makes sure that what lies open in a manifest holds no secret, and
// that the sealed part does.
func checkOpen(t *testing.T, d *db.Dumped) {
	t.Helper()
	open, err := json.Marshal(struct {
		Inventory db.Inventory
		Warnings  []string
	}{d.Inventory, d.Warnings})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"DEFINE", "PASSHASH", "argon2", "the key of api", "SELECT", "Anna"} {
		if strings.Contains(string(open), secret) {
			t.Errorf("the inventory or a warning holds %q:\n%s", secret, open)
		}
	}
	if len(d.Secrets.AccessKeys) == 0 || d.Secrets.AccessKeys[0] != (db.AccessKey{Name: "api", Key: "the key of api"}) {
		t.Errorf("got sealed keys %v", d.Secrets.AccessKeys)
	}
	if !strings.HasPrefix(d.Secrets.DatabaseLine, "DEFINE DATABASE main") {
		t.Errorf("got the database's line %q", d.Secrets.DatabaseLine)
	}
	if !strings.HasPrefix(d.Secrets.RootUsers["root"], "DEFINE USER root ON ROOT") || !slices.Contains(d.Inventory.Outside, "root user root") {
		t.Errorf("root's user is not outside: %q, %v", d.Secrets.RootUsers["root"], d.Inventory.Outside)
	}
}

func mapKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func outline(t *testing.T, text string) *surql.Outline {
	t.Helper()
	o, err := surql.ReadOutline(strings.NewReader(text), surql.Look{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestOddNames needs names that every quoting gets wrong once.
func TestOddNames(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, "DEFINE TABLE `a\\`b`; DEFINE TABLE `x ON y`; DEFINE TABLE `a\\\\b`; DEFINE TABLE `select`; DEFINE TABLE `日本`;"+
		"DEFINE TABLE `⟨z⟩`; DEFINE TABLE z; DEFINE TABLE `none`; DEFINE TABLE `2x`; DEFINE TABLE `new\\nline`; DEFINE TABLE `a: b`;"+
		"DEFINE FIELD `f\\`g`.`h i`[*].c ON `x ON y`; DEFINE FIELD `f ON x` ON `a\\`b`; DEFINE FIELD `日`.`select` ON `日本`; DEFINE FIELD a[0] ON `日本`;"+
		"DEFINE INDEX `i ON j` ON `x ON y` FIELDS a; DEFINE EVENT `e\\`v` ON `x ON y` THEN {}; DEFINE PARAM $`p q` VALUE 1;"+
		"DEFINE ANALYZER `an an` TOKENIZERS blank; DEFINE USER `u ON v` ON DATABASE PASSWORD 'x'; DEFINE FUNCTION fn::a::b() {};"+
		"CREATE `a\\`b`:1; CREATE `x ON y`:2; CREATE `日本`:1; CREATE `⟨z⟩`:1; CREATE `new\\nline`:1; CREATE `a: b`:1")
	d, _, err := dump(t, db.Source{Client: dial(t, o)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, table := range d.Inventory.Tables {
		if table.Records > 0 {
			got = append(got, table.Name)
		}
	}
	slices.Sort(got)
	if want := []string{"a: b", "a`b", "new\nline", "x ON y", "⟨z⟩", "日本"}; !slices.Equal(got, want) {
		t.Errorf("rows are in tables %q, want %q", got, want)
	}
}

func TestLeaveOut(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop+"DEFINE TABLE sales AS SELECT count() AS n, out FROM bought GROUP BY out;")
	s := db.Source{Client: dial(t, o), LeaveOut: db.LeaveOut{Tables: []string{"bought", "nowhere"}, Users: true, Accesses: true}}
	d, text, err := dump(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "DEFINE USER") || strings.Contains(text, "DEFINE ACCESS") || strings.Contains(text, "DEFINE TABLE bought") {
		t.Error("what was to be left out is in the dump")
	}
	if want := []string{"table bought", "table nowhere", "users", "accesses"}; !slices.Equal(d.Inventory.LeftOut, want) {
		t.Errorf("got left out %q, want %q", d.Inventory.LeftOut, want)
	}
	said := strings.Join(d.Warnings, "\n")
	for _, want := range []string{"table nowhere, which the database does not have", "view sales reads table bought"} {
		if !strings.Contains(said, want) {
			t.Errorf("no warning says %q:\n%s", want, said)
		}
	}
	deaf := exporting(t, o, func(next http.Handler, w http.ResponseWriter, r *http.Request) {
		r.Method, r.Body, r.ContentLength = http.MethodGet, http.NoBody, 0 // the form that takes no options
		next.ServeHTTP(w, r)
	})
	s.Client = dial(t, deaf)
	_, _, err = dump(t, s)
	wantError(t, err, db.ErrIncomplete, "leave_out", "TABLE bought", "USER clerk")
}

// TestNothingIsCreated asks for what is not there in every way.
func TestNothingIsCreated(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, shop)
	root := dial(t, o)
	state := func() string {
		var all strings.Builder
		for _, of := range []struct{ ns, what string }{{"", "ROOT"}, {o.Namespace, "NS"}} {
			results := run(t, root, of.ns, "", "INFO FOR "+of.what)
			var info struct{ Namespaces, Databases map[string]string }
			if err := json.Unmarshal(results[0].Value, &info); err != nil {
				t.Fatal(err)
			}
			if _, ok := info.Namespaces["typo"]; ok {
				t.Error("namespace typo was created")
			}
			for name := range info.Databases {
				all.WriteString(name + " ")
			}
		}
		return all.String()
	}
	was := state()
	for _, c := range []struct {
		ns, db string
		kind   error
		says   string
	}{
		{"typo", "main", db.ErrNoNamespace, o.Namespace},
		{o.Namespace, "typo", db.ErrNoDatabase, "there are: main"},
		{"typo", "typo", db.ErrNoNamespace, o.Namespace},
	} {
		_, text, err := dump(t, db.Source{Client: root.WithDatabase(c.ns, c.db)})
		wantError(t, err, c.kind, "typo", c.says)
		if text != "" {
			t.Errorf("%s/%s: %d bytes were written", c.ns, c.db, len(text))
		}
		if now := state(); now != was {
			t.Errorf("%s/%s: there was %q, there is %q", c.ns, c.db, was, now)
		}
	}
}

func TestDatabases(t *testing.T) {
	t.Parallel()
	o := options(t)
	run(t, dial(t, o), o.Namespace, "", "DEFINE DATABASE `second one`")
	s := db.Source{Client: dial(t, o)}
	got, err := s.Databases(t.Context())
	if want := []string{"main", "second one"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q and error %v, want %q", got, err, want)
	}
	s.Client = s.Client.WithDatabase("typo", "")
	_, err = s.Databases(t.Context())
	wantError(t, err, db.ErrNoNamespace, "typo", o.Namespace)
}

func TestSequences(t *testing.T) {
	t.Parallel()
	o := options(t)
	fill(t, o, "DEFINE SEQUENCE used BATCH 1 START 5; RETURN sequence::nextval('used'); RETURN sequence::nextval('used')")
	d, _, err := dump(t, db.Source{Client: dial(t, o)})
	if err != nil {
		t.Fatal(err)
	}
	v, err := dial(t, o).Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := db.Sequence{Name: "used", Start: 7, Positioned: true}
	if v.Less(db.Version{Major: 3, Minor: 2, Patch: 5}) {
		want = db.Sequence{Name: "used", Start: 5}
	}
	if !slices.Equal(d.Inventory.Sequences, []db.Sequence{want}) {
		t.Errorf("got %+v, want %+v", d.Inventory.Sequences, want)
	}
	if said := strings.Join(d.Warnings, "\n"); strings.Contains(said, "sequence used stands") == want.Positioned {
		t.Errorf("got warnings %q", said)
	}
}

func TestSchemaHash(t *testing.T) {
	t.Parallel()
	o := options(t)
	hash := func() string {
		t.Helper()
		d, _, err := dump(t, db.Source{Client: dial(t, o)})
		if err != nil {
			t.Fatal(err)
		}
		return d.Inventory.SchemaHash
	}
	fill(t, o, shop)
	first := hash()
	fill(t, o, "CREATE customer:9 SET name = 'Zoe'; RETURN sequence::nextval('number')")
	if got := hash(); got != first || len(got) != len("3:")+64 {
		t.Errorf("more rows made another hash: %s, was %s", got, first)
	}
	fill(t, o, "DEFINE FIELD age ON customer TYPE int")
	if hash() == first {
		t.Error("another field made the same hash")
	}
}
