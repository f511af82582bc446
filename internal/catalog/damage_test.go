package catalog_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
)

// unchecked writes what Encode would refuse.
func unchecked(t testing.TB, m *catalog.Manifest) []byte {
	t.Helper()
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// decode decodes, and makes sure that what was taken cannot lead astray.
func decode(t testing.TB, text []byte) error {
	t.Helper()
	m, err := catalog.Decode(text)
	if err != nil {
		if m != nil {
			t.Errorf("got a manifest beside the error %v", err)
		}
		return err
	}
	if _, err := catalog.Encode(m); err != nil {
		t.Errorf("Decode took what Encode refuses: %v\n%s", err, text)
	}
	for _, o := range m.Objects {
		k, err := catalog.ParseKey(o.Key)
		if err != nil || k != m.Key(k.Suffix) {
			t.Errorf("object of %s leads to %q", m.ID, o.Key)
		}
	}
	if m.Data().Role != catalog.RoleData {
		t.Errorf("no data in %s", text)
	}
	return nil
}

func TestDecodeRefusesEveryCut(t *testing.T) {
	t.Parallel()
	text := encode(t, manifest(firstID))
	for n := range len(text) - 1 { // the last byte is a newline
		if decode(t, text[:n]) == nil {
			t.Errorf("cut to %d of %d bytes: got no error", n, len(text))
		}
	}
}

func TestDecodeOfEveryFlippedBit(t *testing.T) {
	t.Parallel()
	text := encode(t, manifest(firstID))
	refused := 0
	for i := range len(text) * 8 {
		text[i/8] ^= 1 << (i % 8)
		if decode(t, text) != nil {
			refused++
		}
		text[i/8] ^= 1 << (i % 8)
	}
	// The rest is what a signature is for: a letter of a name, a digit of a size.
	if most := len(text) * 8 / 2; refused < most {
		t.Errorf("refused %d of %d, want most", refused, len(text)*8)
	}
}

func FuzzDecode(f *testing.F) {
	good := encode(f, manifest(firstID))
	text, err := os.ReadFile(golden)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{
		good, text, good[:len(good)/2], []byte(`{"format":2}`), []byte(`{"format":1}`), []byte(`null`), []byte(`[[[[`),
		[]byte(`{"format":1,"objects":[{"key":"../../etc/passwd"}]}`), []byte(`{"format":1,"Format":2}`), {0xff}, {},
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) { _ = decode(t, text) })
}
