package catalog_test

import (
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

func TestKey(t *testing.T) {
	t.Parallel()
	k := catalog.Key{Kind: "database", Source: "vapora.a..b_-", ID: firstID, Suffix: ".surql.zst.age"}
	const want = "database/vapora.a..b_-/2026-11-23/" + firstID + ".surql.zst.age"
	if got := k.String(); got != want || k.Check() != nil {
		t.Errorf("got %q, %v, want %q", got, k.Check(), want)
	}
	if got, err := catalog.ParseKey(want); err != nil || got != k {
		t.Errorf("ParseKey: got %+v, %v, want %+v", got, err, k)
	}
}

// foreign are keys that are not ours, some of them on purpose nearly.
var foreign = []string{
	"", "/", "README.txt", "a/b/c/d", "database/vapora", "database/vapora/2026-11-23/",
	"database/vapora/2026-11-23/" + firstID, "database/vapora/2026-11-23/" + firstID + ".",
	"database/vapora/2026-11-23/" + firstID + "..manifest.json", "database/vapora/2026-11-23/" + firstID + "-manifest.json",
	"database/vapora/2026-11-24/" + firstID + ".manifest.json", "database/vapora/2026-11-2/" + firstID + ".manifest.json",
	"database/vapora/no-date/20261399T140000Z-7f3k2m.manifest.json",
	"/database/vapora/2026-11-23/" + firstID + ".manifest.json", "database/vapora/2026-11-23/" + firstID + ".manifest.json/x",
	"x/database/vapora/2026-11-23/" + firstID + ".manifest.json", "database//2026-11-23/" + firstID + ".manifest.json",
	"database/../2026-11-23/" + firstID + ".manifest.json", "../vapora/2026-11-23/" + firstID + ".manifest.json",
	"./vapora/2026-11-23/" + firstID + ".manifest.json", "database/.vapora/2026-11-23/" + firstID + ".manifest.json",
	"database/Vapora/2026-11-23/" + firstID + ".manifest.json", "database/va pora/2026-11-23/" + firstID + ".manifest.json",
	"database/vap\u00f6ra/2026-11-23/" + firstID + ".manifest.json", `database/va\pora/2026-11-23/` + firstID + ".manifest.json",
	"database/vapora/2026-11-23/" + firstID + ".MANIFEST.json", "database/vapora/2026-11-23/" + firstID + ".a\x00b",
	"database/" + strings.Repeat("v", 1000) + "/2026-11-23/" + firstID + ".manifest.json",
}

func TestParseKeyRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range foreign {
		if k, err := catalog.ParseKey(s); err == nil {
			t.Errorf("%q: got %+v, want an error", s, k)
		}
	}
}

// A key that was cut is that of no backup, and one of which a bit is another is foreign or
// has another place: never the same backup's manifest twice.
func TestDamagedKeys(t *testing.T) {
	t.Parallel()
	const good = "database/vapora/2026-11-23/" + firstID + catalog.ManifestSuffix
	for n := range len(good) {
		if k, err := catalog.ParseKey(good[:n]); err == nil && k.Suffix == catalog.ManifestSuffix {
			t.Errorf("%q is taken for the key of a manifest", good[:n])
		}
	}
	refused := 0
	for i := range len(good) * 8 {
		flipped := []byte(good)
		flipped[i/8] ^= 1 << (i % 8)
		k, err := catalog.ParseKey(string(flipped))
		switch {
		case err != nil:
			refused++
		case k.String() != string(flipped):
			t.Errorf("%q became %q", flipped, k)
		}
	}
	if refused < len(good)*8/2 {
		t.Errorf("refused %d of %d, want most", refused, len(good)*8)
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	good := catalog.Key{Kind: "database", Source: "vapora", ID: firstID, Suffix: ".x"}
	for name, k := range map[string]catalog.Key{
		"kind":   {Kind: "..", Source: good.Source, ID: good.ID, Suffix: good.Suffix},
		"source": {Kind: good.Kind, Source: "a/b", ID: good.ID, Suffix: good.Suffix},
		"id":     {Kind: good.Kind, Source: good.Source, ID: "x", Suffix: good.Suffix},
		"no dot": {Kind: good.Kind, Source: good.Source, ID: good.ID, Suffix: "x"},
		"suffix": {Kind: good.Kind, Source: good.Source, ID: good.ID, Suffix: "./../../x"},
	} {
		if k.Check() == nil {
			t.Errorf("%s: got no error for %+v", name, k)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	for _, s := range foreign {
		f.Add(s)
	}
	f.Add("database/vapora/2026-11-23/" + firstID + ".manifest.json")
	f.Fuzz(func(t *testing.T, s string) {
		k, err := catalog.ParseKey(s)
		if err != nil {
			return
		}
		if k.String() != s || k.Check() != nil {
			t.Errorf("%q became %q, %v", s, k.String(), k.Check())
		}
		if err := storage.CheckKey(s); err != nil {
			t.Error(err)
		}
	})
}
