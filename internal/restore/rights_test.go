package restore_test

import (
	"errors"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/restore"
)

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
