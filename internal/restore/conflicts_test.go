package restore_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/restore"
	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

// Edges of one record that come in several imports at once write one key, where a server
// of 3.3 keeps them inline: only one import gets through, and the others are sent again.
func TestManyEdgesOfOneRecord(t *testing.T) {
	t.Parallel()
	clause := "INLINE EDGES 200"
	if surrealtest.Start(t, surrealtest.Options{}).Engine == "npm" { // 3.0 has no such clause
		clause = "SCHEMALESS"
	}
	comesBack(t, fmt.Sprintf(`DEFINE TABLE p %s; CREATE p:0 RETURN NONE;
		FOR $i IN 0..4000 { RELATE p:0->k->(type::record('q', $i)) SET t = 'some text that is not too short' RETURN NONE; }`, clause),
		"RETURN count(p:0->k)", "RETURN count(p:0->k->q)")
}

// An edge that is no record lies between the records that its line names, whatever their
// keys hold.
func TestLightweightEdgesBetweenOddRecords(t *testing.T) {
	t.Parallel()
	sql := "CREATE a:[11.10dec - 0.10dec], a:[{ type: 'Point', coordinates: [1, 2] }], a:['->'], b:['x'] RETURN NONE;"
	if surrealtest.Start(t, surrealtest.Options{}).Engine == "real" { // 3.0 knows no such edges
		sql += "DEFINE TABLE k TYPE RELATION IN a | b OUT a | b LIGHTWEIGHT; RELATE (SELECT VALUE id FROM a)->k->b:['x']; RELATE b:['x']->k->(SELECT VALUE id FROM a)"
	}
	comesBack(t, sql, "SELECT id, ->k->b AS b, <-k<-b AS r FROM a", "SELECT <-k<-a AS a, ->k->a AS r FROM b")
}

// The user of a database that restores into it stays as it is, though the backup has one of
// the name: with that one's password it would be locked out after the first statement.
func TestUserThatRestores(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "DEFINE USER owner ON DATABASE PASSWORD 'old' ROLES OWNER; DEFINE USER other ON DATABASE PASSWORD 'old' ROLES VIEWER; CREATE a:1 RETURN NONE")
	b := h.backup(t, ns, from, nil)
	to := from + "_own"
	h.srv.Query(t, ns, from, "DEFINE DATABASE "+to)
	h.srv.Query(t, ns, to, "DEFINE USER owner ON DATABASE PASSWORD 'new' ROLES OWNER")
	c, err := db.Dial(db.Options{URL: h.srv.URL, Namespace: ns, Database: to, Username: "owner", Password: "new", Auth: db.Database})
	if err != nil {
		t.Fatal(err)
	}
	j := h.job(t, b, ns, to)
	j.Target = &db.Target{Client: c}
	res, err := restore.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	wantLosses(t, res, "the password and roles of user owner")
	if got := h.srv.Query(t, ns, to, "RETURN [object::keys((INFO FOR DB).users), (SELECT VALUE id FROM a)]"); string(got[0]) != `[["other","owner"],["a:1"]]` {
		t.Errorf("got %s", got)
	}
}

// An EDITOR may remove all tables and define no user: that is found out before anything goes.
func TestEditorRemovesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "DEFINE USER clerk ON DATABASE PASSWORD 'x' ROLES VIEWER; CREATE a:1 RETURN NONE")
	b := h.backup(t, ns, from, nil)
	to := from + "_own"
	h.srv.Query(t, ns, from, "DEFINE DATABASE "+to)
	h.srv.Query(t, ns, to, "DEFINE USER ed ON DATABASE PASSWORD 'x' ROLES EDITOR; DEFINE USER owner ON DATABASE PASSWORD 'x' ROLES OWNER; CREATE kept:1 RETURN NONE")
	for user, want := range map[string]error{"ed": db.ErrDenied, "owner": nil} {
		c, err := db.Dial(db.Options{URL: h.srv.URL, Namespace: ns, Database: to, Username: user, Password: "x", Auth: db.Database})
		if err != nil {
			t.Fatal(err)
		}
		for _, dry := range []bool{true, false} {
			if user == "owner" && !dry {
				continue
			}
			j := h.job(t, b, ns, to)
			j.Target, j.Force, j.DryRun = &db.Target{Client: c}, true, dry
			if _, err := restore.Run(t.Context(), j); !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("%s, dry %v: got %v, want %v", user, dry, err, want)
			}
		}
	}
	if got := h.srv.Query(t, ns, to, "RETURN [(SELECT VALUE id FROM kept), object::keys((INFO FOR DB).users)]"); string(got[0]) != `[["kept:1"],["ed","owner"]]` {
		t.Errorf("got %s", got)
	}
}
