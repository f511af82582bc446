package catalog_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
)

const (
	firstID  = "20261123T140000Z-7f3k2m"
	secondID = "20261123T150000Z-aaaaaa"
)

func sum(text string) archive.Sum {
	h := sha256.Sum256([]byte(text))
	return archive.Sum{Size: int64(len(text)), SHA256: hex.EncodeToString(h[:])}
}

// manifest returns a good manifest with everything in it.
func manifest(id string) *catalog.Manifest {
	base := "20261122T140000Z-222222"
	started, err := catalog.ParseID(id)
	if err != nil {
		panic(err)
	}
	at := "database/vapora/" + id[:4] + "-" + id[4:6] + "-" + id[6:8] + "/" + id
	return &catalog.Manifest{
		Format: 1, ID: id, Kind: "database", Source: "vapora",
		Tool:   catalog.Tool{Name: "vapora-backup", Version: "v0.1.0"},
		Engine: "surrealdb-3.3.5", Started: started.Add(123 * time.Millisecond), Finished: started.Add(time.Minute),
		Host: "worker-1",
		Objects: []catalog.Object{
			{Role: "data", Key: at + ".surql.zst.age", Plain: sum("plain"), Stored: sum("stored")},
			{Role: "secrets", Key: at + ".secrets.json.zst.age", Plain: sum("secret"), Stored: sum("sealed")},
		},
		Compression: catalog.Compression{Algorithm: "zstd-seekable", Level: 3, FrameSize: 4 << 20},
		Recipients:  []string{"age1ql3z7hjy54pw SHA256:x"},
		Base:        &base,
		Inventory:   json.RawMessage(`{"tables":[{"name":"a<b>&\u2028"}],"records":12345678901234567}`),
		Warnings:    []string{"the key of access <api> is not in this backup"},
		Class:       "daily",
	}
}

func encode(t testing.TB, m *catalog.Manifest) []byte {
	t.Helper()
	b, err := catalog.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sign(t testing.TB, m *catalog.Manifest, s catalog.Signer) *catalog.Signed {
	t.Helper()
	signed, err := catalog.Sign(m, s)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// signingKey returns a new key, and a verifier that trusts it alone.
func signingKey(t testing.TB) (*crypt.Signer, *crypt.Trusted) {
	t.Helper()
	private, public, err := crypt.GenerateSigningKey()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := crypt.ParseSigner(private, nil)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := crypt.ParseTrusted([]string{public})
	if err != nil {
		t.Fatal(err)
	}
	return signer, trusted
}

func wantError(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("got error %v, want one with %q", err, part)
	}
}
