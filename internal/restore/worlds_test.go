package restore_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/restore"
)

// Databases as drawn come back as they were, and go on as the source does.
// VAPORA_TEST_SEED draws others.
func TestAnyDatabaseComesBack(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			h, w := newHouse(t), newWorld(seed)
			ns, from := w.build(t, h)
			to := from + "_restored"
			b := h.backup(t, ns, from, nil)
			w.imported(t, h, ns, from, b)
			j := h.job(t, b, ns, to)
			j.CompareRows = true
			res, err := restore.Run(t.Context(), j)
			if err != nil {
				t.Fatalf("%v: %+v; of\n%s", err, res, strings.Join(w.taken, ";\n"))
			}
			w.alike(t, h, ns, from, to, res)
			if len(res.Checked.Notes) > 0 || w.removed() {
				return // a view that was computed anew has other rows, and goes on with these
			}
			w.taken = append(w.taken, "-- later")
			for range 12 {
				s := w.write()
				_, was := h.srv.Exec(t.Context(), ns, from, s)
				_, is := h.srv.Exec(t.Context(), ns, to, s)
				w.taken = append(w.taken, s)
				if (was == nil) != (is == nil) {
					t.Fatalf("%s: got %v, want %v; behind\n%s", s, is, was, strings.Join(w.taken, ";\n"))
				}
			}
			w.alike(t, h, ns, from, to, res)
		})
	}
}

// imported fails unless the stock import of the text for it brings back all but views,
// which a plain import cannot always compute.
func (w *world) imported(t *testing.T, h *house, ns, from string, b restore.Backup) {
	t.Helper()
	version, err := db.ParseVersion(h.srv.Version)
	if err != nil {
		t.Fatal(err)
	}
	_, text := forImport(t, b, replay.Target{References: version.ImportsReferences(), Text: true})
	h.srv.Query(t, ns, "", "DEFINE DATABASE "+from+"_imported")
	if err := h.srv.Load(t.Context(), ns, from+"_imported", text); err != nil {
		t.Errorf("%v; of\n%s", err, strings.Join(w.taken, ";\n"))
		return
	}
	was, is := h.sections(t, ns, from), h.sections(t, ns, from+"_imported")
	for _, view := range w.views {
		delete(was, view)
		delete(is, view)
	}
	w.same(t, was, is)
}

// alike fails unless two databases have the same text and the same ways between records,
// but for views of which the result says that they were computed anew.
func (w *world) alike(t *testing.T, h *house, ns, from, to string, res *restore.Result) {
	t.Helper()
	notes := strings.Join(res.Checked.Notes, "\n")
	was, is := h.sections(t, ns, from), h.sections(t, ns, to)
	for _, table := range w.views {
		if strings.Contains(notes, "view "+table+" ") {
			delete(was, table)
			delete(is, table)
		}
	}
	w.same(t, was, is)
	for table := range was {
		for _, q := range []string{"[id, ->(?), <-(?), ->(?)->(?)]", "[id, <~(?)]"} {
			if table == "" || strings.Contains(q, "<~") && w.removed() {
				continue
			}
			q = "SELECT VALUE <string> " + q + " FROM " + quote(table)
			want, err := h.srv.Exec(t.Context(), ns, from, q)
			if err != nil {
				continue // 3.0 does not answer where nothing refers to a table
			}
			if got, err := h.srv.Exec(t.Context(), ns, to, q); err != nil || fmt.Sprintf("%s", got) != fmt.Sprintf("%s", want) {
				t.Errorf("%s: got %s, %v, want %s; of\n%s", q, got, err, want, strings.Join(w.taken, ";\n"))
			}
		}
	}
}

// removed says whether a field was, which leaves references that no record has any more.
func (w *world) removed() bool {
	return slices.ContainsFunc(w.taken, func(s string) bool { return strings.HasPrefix(s, "REMOVE FIELD") })
}

// same fails unless each part of an export is as it was.
func (w *world) same(t *testing.T, want, got map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s is not as it was:\n%s\nof\n%s", name, diff(want[name], got[name]), strings.Join(w.taken, ";\n"))
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s was not there", name)
		}
	}
}

var (
	banner = regexp.MustCompile(`(?m)^-- ------------------------------\n-- TABLE(?: DATA)?: (.*)\n-- ------------------------------$`)
	// none is a field that only a view keeps; a restore names them.
	none = regexp.MustCompile("[a-z]+: NONE, |, [a-z]+: NONE")
)

// sections returns the export of a database by table, all before the first as "".
func (h *house) sections(t *testing.T, ns, database string) map[string]string {
	t.Helper()
	text := none.ReplaceAllString(string(h.srv.Export(t, ns, database)), "")
	out := map[string]string{}
	name, at := "", 0
	for _, m := range banner.FindAllStringSubmatchIndex(text, -1) {
		out[name] += text[at:m[0]]
		name, at = strings.Trim(text[m[2]:m[3]], "`"), m[1]
	}
	out[name] += text[at:]
	for name, section := range out {
		out[name] = strings.ReplaceAll(section, "}, { id", "},\n{ id")
	}
	return out
}

// Single tables come back as they were into the database that they are of, and what is not
// among them stays as it is.
func TestAnyTablesComeBack(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			h, w := newHouse(t), newWorld(seed)
			ns, name := w.build(t, h)
			was := h.sections(t, ns, name)
			j := h.job(t, h.backup(t, ns, name, nil), ns, name)
			j.Force, j.CompareRows = true, true
			w.taken = append(w.taken, "-- later")
			for range 12 {
				s := w.write()
				if _, err := h.srv.Exec(t.Context(), ns, name, s); err == nil {
					w.taken = append(w.taken, s)
				}
			}
			there := slices.DeleteFunc(w.stored(), func(table string) bool { return was[table] == "" })
			for _, table := range there {
				if w.IntN(2) == 0 {
					j.Tables = append(j.Tables, table)
				}
			}
			if len(j.Tables) == 0 {
				j.Tables = there[:1]
			}
			want, before := h.sections(t, ns, name), w.lost(t, h, ns, name)
			res, err := w.withViews(t, &j)
			w.taken = append(w.taken, "-- restore db --tables "+strings.Join(j.Tables, ","))
			if err != nil {
				t.Fatalf("%v: %+v; of\n%s", err, res, strings.Join(w.taken, ";\n"))
			}
			for _, table := range j.Tables {
				want[table] = was[table]
			}
			got := h.sections(t, ns, name)
			for _, view := range w.views {
				delete(want, view) // they are computed
				delete(got, view)
			}
			w.same(t, want, got)
			for edge := range w.lost(t, h, ns, name) {
				if !before[edge] {
					t.Errorf("%s, which notes %q need not tell; of\n%s", edge, res.Checked.Notes, strings.Join(w.taken, ";\n"))
				}
			}
		})
	}
}

var computes = regexp.MustCompile(` computes (.*) from these tables`)

// withViews restores tables, and with them the views over them, as the refusal says.
func (w *world) withViews(t *testing.T, j *restore.Job) (*restore.Result, error) {
	t.Helper()
	for {
		res, err := restore.Run(t.Context(), *j)
		m := computes.FindStringSubmatch(fmt.Sprint(err))
		if m == nil || slices.Contains(j.Tables, strings.Split(m[1], ", ")[0]) {
			return res, err
		}
		j.Tables = append(j.Tables, strings.Split(m[1], ", ")...)
	}
}

// lost are edges that one of their ends does not know, and ends that know of edges which
// are not there.
func (w *world) lost(t *testing.T, h *house, ns, database string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	ask := func(what, from, where string) {
		rows, err := h.srv.Exec(t.Context(), ns, database, "SELECT VALUE <string> "+what+" FROM "+quote(from)+" WHERE "+where)
		for _, row := range rows {
			if err == nil && string(row) != "[]" {
				out[from+": "+where+": "+string(row)] = true
			}
		}
	}
	for _, edge := range w.edges {
		const both = "in.id != NONE AND out.id != NONE AND id NOT IN " // an edge whose end is gone stays as it is
		ask("[id, in]", edge, both+"in->"+quote(edge))
		ask("[id, out]", edge, both+"out<-"+quote(edge))
		for _, end := range w.stored() {
			ask("id", end, fmt.Sprintf("count((->%[1]s)[WHERE id.exists() = false]) + count((<-%[1]s)[WHERE id.exists() = false]) > 0", quote(edge)))
		}
	}
	return out
}
