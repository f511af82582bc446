package audit_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/stocktool"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

func export(t testing.TB, l *audit.Log) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := l.Export(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestExportIsWhatIsStored(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	m := small(t, k)
	m.Set("audit/x", []byte("foreign"))
	l := newLog(m, k, -1)
	file := export(t, l)
	if !bytes.Equal(file, export(t, l)) {
		t.Error("two exports of one log differ")
	}
	want := append(keysWith(m, "/entries/"), keysWith(m, "/heads/")...)
	var got []string
	r := tar.NewReader(bytes.NewReader(file))
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == audit.ReadmeName {
			continue
		}
		got = append(got, h.Name)
		if there, _ := m.Bytes(h.Name); !bytes.Equal(body, there) {
			t.Errorf("%s is not what is stored", h.Name)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExportLeavesOutWhatIsTooLong(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	m := small(t, k)
	m.Set(entryKey(2), make([]byte, 1<<20))
	head := keysWith(m, "/heads/")[0]
	m.Set(head, make([]byte, 1<<20))
	var b bytes.Buffer
	err := newLog(m, k, -1).Export(t.Context(), &b)
	if !errors.Is(err, audit.ErrInvalid) || !strings.Contains(err.Error(), entryKey(2)) || !strings.Contains(err.Error(), head) {
		t.Errorf("got %v, want both named", err)
	}
	names := string(stock(t, b.Bytes(), "tar", "-tf", "-"))
	if strings.Count(names, "\n") != 1+5+3-1 {
		t.Errorf("got %s, want all else", names)
	}
	for _, op := range []storagetest.Op{storagetest.Get, storagetest.List} {
		f := &storagetest.Faulty{Store: m, Op: op, Nth: 2, Err: errDown}
		if err := newLog(f, k, -1).Export(t.Context(), io.Discard); !errors.Is(err, errDown) {
			t.Errorf("%s fails: got %v", op, err)
		}
	}
}

func stock(t testing.TB, stdin []byte, name string, args ...string) []byte {
	t.Helper()
	out, err := stocktool.Run(t, stdin, name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// byHand unpacks an export and does what its README.txt says, to the letter.
func byHand(t *testing.T, file []byte, key string) string {
	t.Helper()
	stocktool.Find(t, "minisign")
	dir := t.TempDir()
	stock(t, file, "tar", "-xf", "-", "-C", dir)
	readme, err := os.ReadFile(filepath.Join(dir, audit.ReadmeName))
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for line := range strings.Lines(string(readme)) {
		if command, ok := strings.CutPrefix(line, "    "); ok {
			script.WriteString(command)
		}
	}
	if n := strings.Count(script.String(), "'KEY'"); n != 1 {
		t.Fatalf("KEY is there %d times:\n%s", n, script.String())
	}
	commands := "cd '" + dir + "' || exit 1\n" + strings.Replace(script.String(), "'KEY'", "'"+key+"'", 1)
	return string(stock(t, []byte(commands), "sh", "-eu"))
}

func TestExportIsProvedByHand(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	m := small(t, k)
	// A key that was used before: two are to be trusted.
	old := newKeys(t)
	both, err := crypt.ParseTrusted([]string{old.public, k.public})
	if err != nil {
		t.Fatal(err)
	}
	add(t, newLog(m, keys{old.signer, both, ""}, 4), 2)
	l := newLog(m, keys{k.signer, both, ""}, 4)
	if r := verify(t, l); !r.OK() || r.Head.Number != 8 {
		t.Fatalf("got %+v", r)
	}
	out := byHand(t, export(t, l), old.public+" "+k.public)
	if strings.Contains(out, "BAD") || !strings.Contains(out, "entries: 8, ") || !strings.Contains(out, "signed up to entry: 8\n") {
		t.Errorf("got %s, want all good", out)
	}
	sum := strings.Fields(string(stock(t, text(t, m, entryKey(8)), "sha256sum")))[0]
	if !strings.Contains(out, "the last one is "+sum) {
		t.Errorf("got %s, want the hash of the last entry, %s", out, sum)
	}
	if out := byHand(t, export(t, l), k.public); strings.Count(out, "BAD") != 1 || !strings.Contains(out, "BAD: the signature of audit/heads/000000000/000000000008-") {
		t.Errorf("got %s, want the head of 8 untrusted", out)
	}
}

func TestDamageIsFoundByHand(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	m := small(t, k)
	heads := keysWith(m, "/heads/")
	for name, c := range map[string]struct {
		damage func(m *storagetest.Memory)
		want   string
	}{
		"changed":     {func(m *storagetest.Memory) { edit(t, m, entryKey(2), "INC-123", "INC-321") }, entryKey(3) + " is not chained"},
		"last":        {func(m *storagetest.Memory) { edit(t, m, entryKey(6), "INC-123", "INC-321") }, entryKey(6) + " is not the one in"},
		"first":       {func(m *storagetest.Memory) { remove(t, m, entryKey(1)) }, entryKey(2) + " instead of " + entryKey(1)},
		"gap":         {func(m *storagetest.Memory) { remove(t, m, entryKey(4)) }, entryKey(5) + " instead of " + entryKey(4)},
		"cut":         {func(m *storagetest.Memory) { remove(t, m, entryKey(6)) }, entryKey(6) + " is not the one in"},
		"copied":      {func(m *storagetest.Memory) { m.Set(entryKey(7), text(t, m, entryKey(5))) }, entryKey(7) + " is not chained"},
		"head":        {func(m *storagetest.Memory) { edit(t, m, heads[2], `"time":"2`, `"time":"3`) }, "the signature of " + heads[2]},
		"unsigned":    {func(m *storagetest.Memory) { remove(t, m, heads[2]+".minisig") }, "the signature of " + heads[2]},
		"wrong place": {func(m *storagetest.Memory) { moveHead(t, m, heads[0], 5) }, "is a head of entry 3"},
	} {
		bad := copyOf(m)
		c.damage(bad)
		if out := byHand(t, export(t, newLog(bad, k, -1)), k.public); !strings.Contains(out, "BAD: ") || !strings.Contains(out, c.want) {
			t.Errorf("%s: got %s, want %q", name, out, c.want)
		}
	}
}

func edit(t testing.TB, m *storagetest.Memory, key, old, with string) {
	t.Helper()
	b := text(t, m, key)
	if !bytes.Contains(b, []byte(old)) {
		t.Fatalf("no %q in %s", old, b)
	}
	m.Set(key, bytes.Replace(b, []byte(old), []byte(with), 1))
}

func moveHead(t testing.TB, m *storagetest.Memory, head string, to int) {
	t.Helper()
	key := strings.Replace(head, "000000000003-", fmt.Sprintf("%012d-", to), 1)
	m.Set(key, text(t, m, head))
	m.Set(key+".minisig", text(t, m, head+".minisig"))
}
