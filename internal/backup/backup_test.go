package backup_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

func TestRun(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	folder, err := local.Open(local.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	memory := &storagetest.Memory{}
	j := job(k, &source{text: noise(several), details: details()}, required("primary", folder), optional("second", memory))
	var told int64
	j.Progress = func(n int64) { told += n }
	j.Level = 4
	res, err := backup.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if told != several || res.Partial() {
		t.Errorf("told of %d bytes, want %d; partial: %v", told, int64(several), res.Partial())
	}
	m := load(t, folder, k)
	if diff := cmp.Diff(m, load(t, memory, k)); diff != "" {
		t.Errorf("the destinations differ: %s", diff)
	}
	for i, d := range res.Destinations {
		if want := m.Objects[0].Stored.Size + m.Objects[1].Stored.Size; d.Err != nil || d.Bytes != want || d.Name != j.Destinations[i].Name {
			t.Errorf("got %+v, want %d bytes", d, want)
		}
	}
	want, _ := io.ReadAll(noise(several))
	if got := open(t, folder, k, m.Data()); !bytes.Equal(got, want) {
		t.Error("the data is not what the source gave")
	}
	if got := open(t, memory, k, *m.Object(catalog.RoleSecrets)); string(got) != `{"key":"hush"}` {
		t.Errorf("secrets: got %s", got)
	}
	same(t, folder, memory, m)
}

// same compares the stored bytes: sealing twice would give others.
func same(t *testing.T, folder *local.Store, memory *storagetest.Memory, m *catalog.Manifest) {
	t.Helper()
	for _, key := range memory.Keys() {
		r, err := folder.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		if want, _ := memory.Bytes(key); !bytes.Equal(got, want) {
			t.Errorf("%s differs", key)
		}
	}
	if got, _ := memory.Bytes(m.Key(catalog.ManifestSuffix).String()); bytes.Contains(got, []byte("hush")) {
		t.Error("the manifest holds a secret")
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s := &storagetest.Memory{}
	j := job(k, &source{text: strings.NewReader("x"), details: details()}, required("primary", s))
	now := start.Add(123456789)
	j.Now = func() time.Time { // goes back
		defer func() { now = now.Add(-time.Hour) }()
		return now
	}
	res, err := backup.Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	m := load(t, s, k)
	want := &catalog.Manifest{
		Format: 1, ID: "20261123T140000Z-bcdefg", Kind: "database", Source: "vapora", Tool: j.Tool,
		Engine: "surrealdb-3.3.5", Started: start.Add(123456789), Finished: start.Add(123456789), Host: "worker-1",
		Objects: m.Objects, Compression: catalog.Compression{Algorithm: "zstd-seekable", Level: 1, FrameSize: 4 << 20},
		Recipients: k.recipients.Fingerprints(), Inventory: m.Inventory, Warnings: []string{"mind the gap"},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	if res.Manifest.ID != m.ID || !strings.HasSuffix(m.Data().Key, m.ID+".surql.zst.age") {
		t.Errorf("got %s at %s", res.Manifest.ID, m.Data().Key)
	}
}

func TestNoSecretsNoCompanion(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s := &storagetest.Memory{}
	d := details()
	d.Secrets = nil
	j := job(k, &source{text: strings.NewReader(""), details: d}, optional("only", s))
	j.Signer = nil
	if _, err := backup.Run(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	got := s.Keys()
	if len(got) != 3 || !strings.HasSuffix(got[1], ".manifest.json") || !strings.HasSuffix(got[2], ".surql.zst.age") {
		t.Errorf("got %q, want README.txt, a manifest and data", got)
	}
}

func TestRunRefusesJobs(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s := &storagetest.Memory{}
	for name, change := range map[string]func(*backup.Job){
		"no destination":    func(j *backup.Job) { j.Destinations = nil },
		"escaping kind":     func(j *backup.Job) { j.Kind = ".." },
		"escaping source":   func(j *backup.Job) { j.Source = "../../x" },
		"no suffix":         func(j *backup.Job) { j.Suffix = "" },
		"escaping suffix":   func(j *backup.Job) { j.Suffix = "/../x" },
		"companions suffix": func(j *backup.Job) { j.Suffix = ".secrets.json" },
		"level":             func(j *backup.Job) { j.Level = 77 },
		"no randomness":     func(j *backup.Job) { j.Random = strings.NewReader("") },
	} {
		src := &source{text: strings.NewReader("x"), details: details()}
		j := job(k, src, required("primary", s))
		change(&j)
		if res, err := backup.Run(t.Context(), j); err == nil || res != nil {
			t.Errorf("%s: got %+v, %v, want an error", name, res, err)
		}
		if n, _ := src.text.Read(make([]byte, 1)); n == 0 {
			t.Errorf("%s: the source was read", name)
		}
	}
	wantEmpty(t, s)
}
