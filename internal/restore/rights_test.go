package restore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/restore"
)

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

// Users and accesses of root and of the namespace belong to no database: they lie sealed
// beside its dump, and the plan and the result of a restore name each.
func TestWhatLiesOutside(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, `DEFINE ACCESS door ON ROOT TYPE JWT ALGORITHM HS256 KEY 'the key of the door'; DEFINE USER warden ON NAMESPACE PASSWORD 'x' ROLES VIEWER;
		DEFINE ACCESS gate ON NAMESPACE TYPE JWT ALGORITHM HS256 KEY 'the key of the gate'; CREATE a:1 RETURN NONE`)
	b := h.backup(t, ns, from, nil)
	j := h.job(t, b, ns, from+"_restored")
	for _, j.DryRun = range []bool{true, false} {
		res, err := restore.Run(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		wantLosses(t, res, "root user root", "root access door", "namespace user warden", "namespace access gate")
		if h.srv.Engine == "npm" { // whose memory keeps what was
			wantLosses(t, res, "the past of the versioned store")
		}
	}
	secrets, err := b.SecretText(t.Context())
	if err != nil || !strings.Contains(string(secrets), "DEFINE USER warden ON NAMESPACE") || !strings.Contains(string(secrets), "DEFINE ACCESS gate ON NAMESPACE") || !strings.Contains(string(secrets), "DEFINE ACCESS door ON ROOT") {
		t.Errorf("got a companion of %d bytes, %v, that lacks one of them", len(secrets), err)
	}
	if strings.Contains(string(b.Manifest.Inventory), "DEFINE") {
		t.Error("a definition lies open")
	}
}
