package restore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/restore"
)

// stopped begins a restore and ends it when all rows are in.
func stopped(t *testing.T, j restore.Job) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	j.Phase = func(name string) {
		if name == "check" {
			stop()
		}
	}
	if _, err := restore.Run(ctx, j); err == nil {
		t.Fatal("the restore was not stopped")
	}
}

// Whoever works with a database that a restore left unfinished loses nothing when it is
// started again.
func TestStartedAgainOverOthersWork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "CREATE a:1, a:2, b:1 RETURN NONE; DEFINE TABLE n AS SELECT count() AS n FROM a GROUP ALL")
	b := h.backup(t, ns, from, nil)
	for _, c := range []struct {
		name, meanwhile, names string
		tables                 []string
	}{
		{"rows", "CREATE a:new RETURN NONE", "1 records more in table a", nil},
		{"a table", "CREATE other:1 RETURN NONE", "tables other", nil},
		{"a function", "DEFINE FUNCTION fn::other() { RETURN 1 }", "functions other", nil},
		{"rows of a single table", "CREATE a:new RETURN NONE", "1 records more in table a", []string{"a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := from + "_" + strings.ReplaceAll(c.name, " ", "_")
			j := h.job(t, b, ns, to)
			j.Tables = c.tables
			stopped(t, j)
			h.srv.Query(t, ns, to, c.meanwhile)
			was := string(h.srv.Export(t, ns, to))
			for _, dry := range []bool{true, false} {
				j.DryRun = dry
				if _, err := restore.Run(t.Context(), j); !errors.Is(err, db.ErrNotEmpty) || !strings.HasSuffix(err.Error(), c.names) || !strings.Contains(hint.Of(err), "--force") {
					t.Errorf("got %v (%s), want that %q is named", err, hint.Of(err), c.names)
				}
			}
			if now := string(h.srv.Export(t, ns, to)); now != was {
				t.Errorf("a refused restore wrote:\n%s", diff(was, now))
			}
			j.Force = true
			res, err := restore.Run(t.Context(), j)
			if err != nil {
				t.Fatal(err)
			}
			if !res.Again || !strings.Contains(res.Replaced, "tables a") {
				t.Errorf("got again %v, replaced %q", res.Again, res.Replaced)
			}
		})
	}
}

// What a restore left is named where it is cleared, also when nothing else is there.
func TestStartedAgainNamesWhatItClears(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "CREATE a:1, `b,c`:1, b:1, c:1 RETURN NONE")
	j := h.job(t, h.backup(t, ns, from, nil), ns, from+"_restored")
	j.Tables = []string{"b,c", "a"}
	stopped(t, j)
	other := j
	other.Tables = []string{"a", "b", "c"} // are other tables
	if _, err := restore.Run(t.Context(), other); !errors.Is(err, db.ErrNotEmpty) {
		t.Errorf("got %v: a restore of other tables went over an unfinished one", err)
	}
	res, err := restore.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if !res.Again || res.Replaced != "tables a, b,c" {
		t.Errorf("got again %v, replaced %q", res.Again, res.Replaced)
	}
}

// A target that is not as it was when the restore began is left alone: a proof may take
// hours.
func TestTargetThatChangesDuringTheProof(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "CREATE a:1 RETURN NONE; DEFINE PARAM $p VALUE 'backup'")
	b, other := h.backup(t, ns, from, nil), h.backup(t, ns, from, nil)
	for _, c := range []struct {
		name, before string
		force        bool
		meanwhile    func(to string)
	}{
		{name: "a table", meanwhile: func(to string) {
			h.srv.Query(t, ns, "", "DEFINE DATABASE "+to)
			h.srv.Query(t, ns, to, "CREATE live:1 RETURN NONE")
		}},
		{name: "a parameter", before: "DEFINE TABLE old", force: true, meanwhile: func(to string) { h.srv.Query(t, ns, to, "DEFINE PARAM $p VALUE 'live'") }},
		{name: "another restore", meanwhile: func(to string) {
			if _, err := restore.Run(t.Context(), h.job(t, other, ns, to)); err != nil {
				t.Error(err)
			}
		}},
		{name: "an unfinished restore", meanwhile: func(to string) { stopped(t, h.job(t, other, ns, to)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := from + "_" + strings.ReplaceAll(c.name, " ", "_")
			if c.before != "" {
				h.srv.Query(t, ns, "", "DEFINE DATABASE "+to)
				h.srv.Query(t, ns, to, c.before)
			}
			var was string
			j := h.job(t, b, ns, to)
			j.Force = c.force
			j.Phase = func(name string) {
				if name == "prove" {
					c.meanwhile(to)
					was = string(h.srv.Export(t, ns, to))
				}
			}
			if _, err := restore.Run(t.Context(), j); !errors.Is(err, db.ErrNotEmpty) || !strings.Contains(hint.Of(err), "nothing was written") {
				t.Errorf("got %v (%s), want ErrNotEmpty", err, hint.Of(err))
			}
			if now := string(h.srv.Export(t, ns, to)); now != was {
				t.Errorf("a refused restore wrote:\n%s", diff(was, now))
			}
		})
	}
}

// Of two restores into one database the one that was written over says so, and does not
// end as the other's.
func TestRestoreThatIsTakenOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "CREATE a:1, a:2 RETURN NONE")
	j := h.job(t, h.backup(t, ns, from, nil), ns, from+"_restored")
	first := j
	first.Phase = func(name string) {
		if name == "check" {
			if _, err := restore.Run(t.Context(), h.job(t, j.Backup, ns, from+"_restored")); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := restore.Run(t.Context(), first); !errors.Is(err, db.ErrTakenOver) {
		t.Errorf("got %v, want ErrTakenOver", err)
	}
	// The mark is a lock: who sees none sets it once.
	target := &db.Target{Client: h.client(t, ns, from)}
	if _, err := target.Prepare(t.Context(), "one", false, nil); err != nil {
		t.Fatal(err)
	}
	late := &db.Target{Client: h.client(t, ns, from)}
	if _, err := late.Prepare(t.Context(), "two", false, nil); !errors.Is(err, db.ErrTakenOver) {
		t.Errorf("got %v, want ErrTakenOver", err)
	}
	if _, unfinished, err := target.Look(t.Context()); unfinished != "one" || err != nil {
		t.Errorf("got %q, %v", unfinished, err)
	}
	if err := target.Finish(t.Context()); err != nil {
		t.Error(err)
	}
}

// What came while the restore ran is named in the end.
func TestWhatCameWhileTheRestoreRan(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	h.srv.Query(t, ns, from, "CREATE a:1 RETURN NONE")
	j := h.job(t, h.backup(t, ns, from, nil), ns, from+"_restored")
	j.Phase = func(name string) {
		if name == "check" {
			h.srv.Query(t, ns, from+"_restored", "CREATE live:1 RETURN NONE; DEFINE PARAM $live VALUE 1")
		}
	}
	res, err := restore.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	const why = " is there, and not in the backup: it came meanwhile, or stayed"
	if want := []string{"PARAM live" + why, "TABLE live" + why}; !slices.Equal(res.Checked.Notes, want) {
		t.Errorf("got notes %q, want %q", res.Checked.Notes, want)
	}
}

// A target that holds what nobody can remove is found out before anything is written.
func TestWhatCannotBeRemoved(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ns, from := h.srv.Fresh(t)
	target := &db.Target{Client: h.client(t, ns, from)}
	if _, err := target.Prepare(t.Context(), "one", false, db.Contents{"inventions": {"x"}}); err == nil || !strings.Contains(err.Error(), "inventions") {
		t.Errorf("got %v", err)
	}
	if _, unfinished, err := target.Look(t.Context()); unfinished != "" || err != nil {
		t.Errorf("got %q, %v", unfinished, err)
	}
}
