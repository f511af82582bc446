package catalog_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// The file was written once. Every later version must read it, and this one
// writes the same.
const golden = "testdata/v1.manifest.json"

func TestFormatOne(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := encode(t, manifest(firstID)); !bytes.Equal(got, text) {
		t.Errorf("Encode: %s", cmp.Diff(string(text), string(got)))
	}
	m, err := catalog.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	if m.Data().Key != m.Objects[0].Key || m.Object("secrets") != &m.Objects[1] || m.Object("other") != nil {
		t.Errorf("objects: got %+v", m.Objects)
	}
	if got := encode(t, m); !bytes.Equal(got, text) {
		t.Errorf("Decode, Encode: %s", cmp.Diff(string(text), string(got)))
	}
}

func TestEncodeWritesNoNullLists(t *testing.T) {
	t.Parallel()
	m := manifest(firstID)
	m.Warnings, m.Inventory, m.Base = nil, nil, nil
	text := string(encode(t, m))
	for _, want := range []string{`"warnings": []`, `"inventory": null`, `"base": null`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if m.Warnings != nil {
		t.Error("Encode changed the manifest")
	}
}

func TestDecodeIgnoresUnknownFields(t *testing.T) {
	t.Parallel()
	text := bytes.Replace(encode(t, manifest(firstID)), []byte("{"), []byte(`{"later": {"a": [1]},`), 1)
	if _, err := catalog.Decode(text); err != nil {
		t.Error(err)
	}
}

func TestDecodeRefusesNewerFormats(t *testing.T) {
	t.Parallel()
	// What else such a manifest holds, nobody knows yet.
	_, err := catalog.Decode([]byte(`{"format": 2, "id": {"time": 1}, "objects": "elsewhere"}`))
	if !errors.Is(err, catalog.ErrNewer) || errors.Is(err, catalog.ErrInvalid) {
		t.Errorf("got %v, want ErrNewer", err)
	}
	wantError(t, err, "2, this program reads up to 1")
	if !strings.Contains(hint.Of(err), "upgrade") {
		t.Errorf("got hint %q", hint.Of(err))
	}
}

func TestDecodeRefusesText(t *testing.T) {
	t.Parallel()
	good := string(encode(t, manifest(firstID)))
	for name, text := range map[string]string{
		"empty": "", "null": "null", "list": "[]", "number": "1", "no format": "{}",
		"format 0":      strings.Replace(good, `"format": 1`, `"format": 0`, 1),
		"format -1":     strings.Replace(good, `"format": 1`, `"format": -1`, 1),
		"format 1.5":    strings.Replace(good, `"format": 1`, `"format": 1.5`, 1),
		"format text":   strings.Replace(good, `"format": 1`, `"format": "1"`, 1),
		"format 1e99":   strings.Replace(good, `"format": 1`, `"format": 1e99`, 1),
		"two":           good + good,
		"not utf-8":     strings.Replace(good, "worker-1", "worker-\xff", 1),
		"deep":          strings.Repeat(`{"a":`, 100000),
		"fat":           good + strings.Repeat(" ", 64<<20),
		"huge size":     strings.Replace(good, `"size": 5`, `"size": 99999999999999999999`, 1),
		"float size":    strings.Replace(good, `"size": 5`, `"size": 5.5`, 1),
		"started local": strings.Replace(good, "14:00:00.123Z", "16:00:00.123+02:00", 1),
	} {
		if m, err := catalog.Decode([]byte(text)); !errors.Is(err, catalog.ErrInvalid) || m != nil {
			t.Errorf("%s: got %v, %v, want ErrInvalid", name, m, err)
		}
	}
}

func TestContradictions(t *testing.T) {
	t.Parallel()
	self, bad := firstID, "yesterday"
	object := func(f func(*catalog.Object)) func(*catalog.Manifest) {
		return func(m *catalog.Manifest) { f(&m.Objects[0]) }
	}
	for name, change := range map[string]func(*catalog.Manifest){
		"no id":              func(m *catalog.Manifest) { m.ID = "" },
		"other id":           func(m *catalog.Manifest) { m.ID = secondID },
		"no kind":            func(m *catalog.Manifest) { m.Kind = "" },
		"escaping kind":      func(m *catalog.Manifest) { m.Kind = ".." },
		"other source":       func(m *catalog.Manifest) { m.Source = "other" },
		"escaping source":    func(m *catalog.Manifest) { m.Source = "a/../.." },
		"no tool":            func(m *catalog.Manifest) { m.Tool.Name = "" },
		"no engine":          func(m *catalog.Manifest) { m.Engine = "" },
		"no recipients":      func(m *catalog.Manifest) { m.Recipients = nil },
		"no started":         func(m *catalog.Manifest) { m.Started = time.Time{} },
		"no finished":        func(m *catalog.Manifest) { m.Finished = time.Time{} },
		"finished before":    func(m *catalog.Manifest) { m.Finished = m.Started.Add(-1) },
		"started later":      func(m *catalog.Manifest) { m.Started = m.Started.Add(time.Second) },
		"base of itself":     func(m *catalog.Manifest) { m.Base = &self },
		"bad base":           func(m *catalog.Manifest) { m.Base = &bad },
		"no algorithm":       func(m *catalog.Manifest) { m.Compression.Algorithm = "" },
		"other algorithm":    func(m *catalog.Manifest) { m.Compression.Algorithm = "lzma" },
		"negative level":     func(m *catalog.Manifest) { m.Compression.Level = -1 },
		"no frame size":      func(m *catalog.Manifest) { m.Compression.FrameSize = 0 },
		"no objects":         func(m *catalog.Manifest) { m.Objects = nil },
		"no data":            func(m *catalog.Manifest) { m.Objects = m.Objects[1:] },
		"same key twice":     func(m *catalog.Manifest) { m.Objects[1] = m.Objects[0]; m.Objects[1].Role = "more" },
		"two data":           func(m *catalog.Manifest) { m.Objects[1].Role, m.Objects[1].Key = "data", m.Key(".b.zst.age").String() },
		"two secrets":        func(m *catalog.Manifest) { m.Objects = append(m.Objects, m.Objects[1]) },
		"secrets as data":    func(m *catalog.Manifest) { m.Objects[0].Role, m.Objects[1].Role = "secrets", "data" },
		"no role":            object(func(o *catalog.Object) { o.Role = "" }),
		"odd role":           object(func(o *catalog.Object) { o.Role = "data " }),
		"no key":             object(func(o *catalog.Object) { o.Key = "" }),
		"foreign key":        object(func(o *catalog.Object) { o.Key = "x" }),
		"key up":             object(func(o *catalog.Object) { o.Key = "../../etc/passwd" }),
		"key of another":     object(func(o *catalog.Object) { o.Key = strings.ReplaceAll(o.Key, firstID, secondID) }),
		"key elsewhere":      object(func(o *catalog.Object) { o.Key = strings.Replace(o.Key, "vapora", "other", 1) }),
		"key of other kind":  object(func(o *catalog.Object) { o.Key = strings.Replace(o.Key, "database", "git", 1) }),
		"key is manifest":    object(func(o *catalog.Object) { o.Key = strings.Replace(o.Key, ".surql.zst.age", ".manifest.json", 1) }),
		"not sealed":         object(func(o *catalog.Object) { o.Key = strings.TrimSuffix(o.Key, ".age") }),
		"negative size":      object(func(o *catalog.Object) { o.Plain.Size = -1 }),
		"negative stored":    object(func(o *catalog.Object) { o.Stored.Size = -1 }),
		"empty stored":       object(func(o *catalog.Object) { o.Stored.Size = 0 }),
		"no plain sum":       object(func(o *catalog.Object) { o.Plain.SHA256 = "" }),
		"no stored sum":      object(func(o *catalog.Object) { o.Stored.SHA256 = "" }),
		"short sum":          object(func(o *catalog.Object) { o.Stored.SHA256 = o.Stored.SHA256[1:] }),
		"upper-case sum":     object(func(o *catalog.Object) { o.Stored.SHA256 = strings.Repeat("A", 64) }),
		"sum with a newline": object(func(o *catalog.Object) { o.Stored.SHA256 = o.Stored.SHA256[1:] + "\n" }),
	} {
		m := manifest(firstID)
		change(m)
		if text, err := catalog.Encode(m); err == nil {
			t.Errorf("%s: Encode took it: %s", name, text)
		}
		if _, err := catalog.Decode(unchecked(t, m)); !errors.Is(err, catalog.ErrInvalid) {
			t.Errorf("%s: Decode: got %v, want ErrInvalid", name, err)
		}
	}
}
