package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

const golden = "testdata/entry-v1.json"

// stored is an entry as a log stores it.
func stored(t testing.TB) []byte {
	t.Helper()
	m := &storagetest.Memory{}
	e := entry("a\nb")
	e.Actor = audit.Actor{User: "root", Sudo: "alice", Host: "worker-1", ServiceAccount: "backup/vapora",
		CI: &audit.CI{System: "github-actions", Repository: "o/r", Workflow: "w", Actor: "bob", Run: "1.1"}}
	e.Subject.Request, e.Subject.Key = "r", "RWx"
	l := newLog(m, newKeys(t), -1)
	add(t, l, 1)
	if _, err := l.Append(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	return text(t, m, entryKey(2))
}

// What was written once must be read for ever, also by the check by hand.
func TestDecodeOfAnOldEntry(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.FromSlash(golden))
	if err != nil {
		t.Fatal(err)
	}
	e, err := audit.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(e)
	if want := bytes.Replace(bytes.TrimSpace(b), []byte(`,"later":{"x":[1]}`), nil, 1); err != nil || !bytes.Equal(again, want) {
		t.Errorf("got %s, want %s", again, want)
	}
	if e.Joined == nil || e.Actor.CI == nil || e.Subject.Request == "" || e.Number != 42 {
		t.Errorf("got %+v", e)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	good := string(stored(t))
	if _, err := audit.Decode([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, with string }{
		{"\n", ""}, {"\n", "\n\n"}, {"\n", " \n"}, {"{", " {"}, {"{", "\n{"}, {`{"version":1,`, `{"version":1, `},
		{`{"version":1,`, `{`}, {`{"version":1,`, `{"version":0,`}, {`{"version":1,`, `{"version":-1,`},
		{`"number":2,`, `"number":0,`}, {`"number":2,`, `"number":1,`}, {`"number":2,`, `"number":2.0,`}, {`"number":2,`, `"number":1000000000000,`},
		{`"number":2,`, `"number":2,"Number":2,`}, {`"action":`, `"number":3,"action":`}, {`"action":`, `"PREVIOUS":"","action":`},
		{`"previous":"`, `"previous":"x`}, {`"id":"`, `"id":"x`}, {`"action":"backup"`, `"action":""`}, {`"result":"ok"`, `"result":""`},
		{`"bytes":12345`, `"bytes":-1`}, {`"sha256":"0`, `"sha256":"G`}, {`Z","action"`, `+01:00","action"`},
		{`"detail":`, `"joined":{},"detail":`}, {`"time":"2`, `"time":"x`},
	} {
		if !strings.Contains(good, c.old) {
			t.Fatalf("%q is not in %s", c.old, good)
		}
		bad := strings.Replace(good, c.old, c.with, 1)
		if e, err := audit.Decode([]byte(bad)); !errors.Is(err, audit.ErrInvalid) || e.ID != "" {
			t.Errorf("%q for %q: got %+v, %v, want ErrInvalid alone", c.with, c.old, e, err)
		}
	}
	for n := range len(good) {
		if _, err := audit.Decode([]byte(good[:n])); err == nil {
			t.Errorf("cut to %d bytes: got no error", n)
		}
	}
}

func FuzzDecode(f *testing.F) {
	old, err := os.ReadFile(filepath.FromSlash(golden))
	if err != nil {
		f.Fatal(err)
	}
	good := stored(f)
	for _, seed := range [][]byte{
		old, good, good[:len(good)/2], []byte("{}\n"), []byte("null\n"), []byte("[[[[\n"), {0xff}, {},
		bytes.Replace(good, []byte(`"action"`), []byte(`"number":7,"action"`), 1),
		bytes.Replace(good, []byte(`"detail"`), []byte(`"joined":null,"detail"`), 1),
		bytes.Replace(good, []byte("INC"), []byte("\xff\\ud800"), 1),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := audit.Decode(text)
		if err != nil {
			if e.ID != "" || !errors.Is(err, audit.ErrInvalid) {
				t.Errorf("got %+v beside %v", e, err)
			}
			return
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(e); err != nil {
			t.Fatalf("took what cannot be written: %v\n%q", err, text)
		}
		again, err := audit.Decode(b.Bytes())
		if err != nil {
			t.Fatalf("took what it refuses once it is written: %v\n%q\n%s", err, text, b.Bytes())
		}
		if again.Number != e.Number || again.Previous != e.Previous || again.ID != e.ID || !again.Time.Equal(e.Time) {
			t.Errorf("got %+v, then %+v", e, again)
		}
	})
}

// Actions leaves none out: it is what --action of `audit log` may be.
func TestActionsAreAll(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("entry.go")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, a := range audit.Actions() {
		got = append(got, string(a))
	}
	for _, m := range regexp.MustCompile(`Action += "([a-z-]+)"`).FindAllStringSubmatch(string(text), -1) {
		want = append(want, m[1])
	}
	if !slices.Equal(got, want) || len(want) < 10 {
		t.Errorf("got %q, want %q", got, want)
	}
}
