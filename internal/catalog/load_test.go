package catalog_test

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

var (
	first  = catalog.Entry{ID: firstID, Kind: "database", Source: "vapora"}
	second = catalog.Entry{ID: secondID, Kind: "database", Source: "vapora"}
)

// stored returns a store with two backups, signed.
func stored(t *testing.T, signer catalog.Signer) *storagetest.Memory {
	t.Helper()
	s := &storagetest.Memory{}
	for _, id := range []string{firstID, secondID} {
		if err := catalog.Commit(t.Context(), s, sign(t, manifest(id), signer), storage.PutOptions{Kind: "database"}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestLoad(t *testing.T) {
	t.Parallel()
	signer, trusted := signingKey(t)
	s := stored(t, signer)
	m, sig, err := catalog.Load(t.Context(), s, first, trusted)
	if err != nil {
		t.Fatal(err)
	}
	want := catalog.Signature{Checked: true, KeyID: signer.KeyID(), Comment: "vapora-backup kind database source vapora id " + firstID}
	if sig != want {
		t.Errorf("got %+v, want %+v", sig, want)
	}
	if got := encode(t, m); !bytes.Equal(got, encode(t, manifest(firstID))) {
		t.Errorf("got %s", cmp.Diff(string(encode(t, manifest(firstID))), string(got)))
	}
	if _, sig, err = catalog.Load(t.Context(), s, first, nil); err != nil || sig.Checked {
		t.Errorf("without a verifier: got %+v, %v", sig, err)
	}
}

func TestLoadUnsigned(t *testing.T) {
	t.Parallel()
	_, trusted := signingKey(t)
	s := stored(t, nil)
	_, _, err := catalog.Load(t.Context(), s, first, trusted)
	if !errors.Is(err, catalog.ErrUnsigned) || hint.Of(err) == "" {
		t.Errorf("got %v, want ErrUnsigned with a hint", err)
	}
	if _, sig, err := catalog.Load(t.Context(), s, first, nil); err != nil || sig.Checked {
		t.Errorf("without a verifier: got %+v, %v", sig, err)
	}
}

func TestLoadRefusesOthersSignatures(t *testing.T) {
	t.Parallel()
	attacker, _ := signingKey(t)
	_, trusted := signingKey(t)
	_, _, err := catalog.Load(t.Context(), stored(t, attacker), first, trusted)
	if !errors.Is(err, catalog.ErrUntrusted) || !errors.Is(err, crypt.ErrUntrusted) {
		t.Errorf("got %v, want both ErrUntrusted", err)
	}
}

func TestLoadRefusesWhatWasChanged(t *testing.T) {
	t.Parallel()
	signer, trusted := signingKey(t)
	manifestKey, signatureKey := first.Key(catalog.ManifestSuffix).String(), first.Key(catalog.SignatureSuffix).String()
	good := stored(t, signer)
	text, _ := good.Bytes(manifestKey)
	sig, _ := good.Bytes(signatureKey)
	for i := range text {
		s := stored(t, signer)
		text[i] ^= 1
		s.Set(manifestKey, text)
		text[i] ^= 1
		if _, _, err := catalog.Load(t.Context(), s, first, trusted); !errors.Is(err, catalog.ErrUntrusted) {
			t.Errorf("manifest byte %d: got %v, want ErrUntrusted", i, err)
		}
	}
	// The untrusted comment, the first line, is not signed, and says so.
	for i := bytes.IndexByte(sig, '\n') + 1; i < len(sig)-1; i++ {
		if sig[i+1] == '=' {
			continue // base64 has bits there that mean nothing
		}
		s := stored(t, signer)
		sig[i] ^= 1
		s.Set(signatureKey, sig)
		sig[i] ^= 1
		if _, _, err := catalog.Load(t.Context(), s, first, trusted); !errors.Is(err, catalog.ErrUntrusted) {
			t.Errorf("signature byte %d: got %v, want ErrUntrusted", i, err)
		}
	}
}

// move copies an object of one backup over that of another.
func move(s *storagetest.Memory, from, to catalog.Entry, suffix string) {
	b, _ := s.Bytes(from.Key(suffix).String())
	s.Set(to.Key(suffix).String(), b)
}

func TestLoadRefusesWhatWasMoved(t *testing.T) {
	t.Parallel()
	signer, trusted := signingKey(t)
	other := catalog.Entry{ID: firstID, Kind: "database", Source: "other"}
	for _, to := range []catalog.Entry{second, other} {
		s := stored(t, signer)
		move(s, first, to, catalog.ManifestSuffix)
		move(s, first, to, catalog.SignatureSuffix)
		if _, _, err := catalog.Load(t.Context(), s, to, trusted); !errors.Is(err, catalog.ErrUntrusted) {
			t.Errorf("all to %+v: got %v, want ErrUntrusted", to, err)
		}
		if _, _, err := catalog.Load(t.Context(), s, to, nil); !errors.Is(err, catalog.ErrInvalid) {
			t.Errorf("all to %+v, unchecked: got %v, want ErrInvalid", to, err)
		}
	}
	s := stored(t, signer)
	move(s, first, second, catalog.SignatureSuffix)
	if _, _, err := catalog.Load(t.Context(), s, second, trusted); !errors.Is(err, catalog.ErrUntrusted) {
		t.Errorf("signature: got %v, want ErrUntrusted", err)
	}
}

// signed by the right key, but for another backup.
func TestLoadComparesTheComment(t *testing.T) {
	t.Parallel()
	signer, trusted := signingKey(t)
	s := stored(t, signer)
	text, _ := s.Bytes(first.Key(catalog.ManifestSuffix).String())
	sig, err := signer.Sign(text, "vapora-backup kind database source vapora id "+secondID)
	if err != nil {
		t.Fatal(err)
	}
	s.Set(first.Key(catalog.SignatureSuffix).String(), sig)
	_, _, err = catalog.Load(t.Context(), s, first, trusted)
	if !errors.Is(err, catalog.ErrUntrusted) {
		t.Errorf("got %v, want ErrUntrusted", err)
	}
	wantError(t, err, secondID)
}

func TestLoadFails(t *testing.T) {
	t.Parallel()
	signer, trusted := signingKey(t)
	if _, _, err := catalog.Load(t.Context(), &storagetest.Memory{}, first, trusted); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no manifest: got %v, want fs.ErrNotExist", err)
	}
	for _, key := range []string{".manifest.json", ".minisig"} {
		s := &storagetest.Faulty{Store: stored(t, signer), Op: storagetest.Get, Key: key, Err: errDenied}
		_, _, err := catalog.Load(t.Context(), s, first, trusted)
		if !errors.Is(err, errDenied) || errors.Is(err, catalog.ErrInvalid) || errors.Is(err, catalog.ErrUntrusted) {
			t.Errorf("%s: got %v, want only %v", key, err, errDenied)
		}
	}
	s := stored(t, signer)
	s.Set(first.Key(catalog.ManifestSuffix).String(), append(encode(t, manifest(firstID)), make([]byte, 64<<20)...))
	if _, _, err := catalog.Load(t.Context(), s, first, nil); !errors.Is(err, catalog.ErrInvalid) {
		t.Errorf("too long: got %v, want ErrInvalid", err)
	}
	bad := catalog.Entry{ID: firstID, Kind: "database", Source: "../.."}
	if _, _, err := catalog.Load(t.Context(), s, bad, nil); err == nil {
		t.Error("escaping entry: got no error")
	}
}
