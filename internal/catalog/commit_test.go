package catalog_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"slices"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

var errDenied = errors.New("access denied")

// writeOnly is what a backup's credentials give: Put, and nothing else.
type writeOnly struct {
	*storagetest.Memory
	puts []string
}

func (w *writeOnly) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	w.puts = append(w.puts, key+" "+o.Kind)
	return w.Memory.Put(ctx, key, r, o)
}

func (w *writeOnly) Get(context.Context, string) (io.ReadCloser, error) { return nil, errDenied }
func (w *writeOnly) GetRange(context.Context, string, int64, int64) (io.ReadCloser, error) {
	return nil, errDenied
}

func (w *writeOnly) List(context.Context, string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) { yield(storage.Object{}, errDenied) }
}
func (w *writeOnly) Delete(context.Context, string) error { return errDenied }

func TestCommitNeedsOnlyToWrite(t *testing.T) {
	t.Parallel()
	signer, _ := signingKey(t)
	s := &writeOnly{Memory: &storagetest.Memory{}}
	first, second := manifest(firstID), manifest(secondID)
	for _, m := range []*catalog.Manifest{first, second} {
		if err := catalog.Commit(t.Context(), s, sign(t, m, signer), storage.PutOptions{Kind: "database"}); err != nil {
			t.Fatal(err)
		}
	}
	const base = ".base-20261122t140000z-222222"
	want := []string{
		"README.txt ",
		first.Key(catalog.SignatureSuffix).String() + " database", first.Key(base).String() + " database", first.Key(catalog.ManifestSuffix).String() + " database",
		"README.txt ",
		second.Key(catalog.SignatureSuffix).String() + " database", second.Key(base).String() + " database", second.Key(catalog.ManifestSuffix).String() + " database",
	}
	if !slices.Equal(s.puts, want) {
		t.Errorf("got %q, want %q", s.puts, want)
	}
	if got, _ := s.Bytes(first.Key(catalog.ManifestSuffix).String()); !bytes.Equal(got, encode(t, first)) {
		t.Errorf("manifest: got %s", got)
	}
	for _, word := range []string{"age -d", "zstd -d", "minisign -V", "sha256sum"} {
		if got, _ := s.Bytes("README.txt"); !bytes.Contains(got, []byte(word)) {
			t.Errorf("README.txt does not tell of %q", word)
		}
	}
}

func TestCommitReplacesNothing(t *testing.T) {
	t.Parallel()
	s := &storagetest.Memory{}
	m := manifest(firstID)
	m.Base = nil // whose marker is all that would be added
	for _, key := range []string{"README.txt", m.Key(catalog.ManifestSuffix).String()} {
		s.Set(key, []byte("mine"))
	}
	if err := catalog.Commit(t.Context(), s, sign(t, m, nil), storage.PutOptions{Kind: "database"}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
	for _, key := range s.Keys() {
		if got, _ := s.Bytes(key); string(got) != "mine" {
			t.Errorf("%s: got %s", key, got)
		}
	}
}

func TestCommitFails(t *testing.T) {
	t.Parallel()
	signer, _ := signingKey(t)
	m := manifest(firstID)
	for _, key := range []string{"README.txt", ".minisig", ".manifest.json"} {
		s := &storagetest.Memory{}
		faulty := &storagetest.Faulty{Store: s, Op: storagetest.Put, Key: key, Err: errDenied}
		if err := catalog.Commit(t.Context(), faulty, sign(t, m, signer), storage.PutOptions{Kind: "database"}); !errors.Is(err, errDenied) {
			t.Errorf("%s: got %v, want %v", key, err, errDenied)
		}
		if _, ok := s.Bytes(m.Key(catalog.ManifestSuffix).String()); ok {
			t.Errorf("%s could not be put: the backup exists nevertheless", key)
		}
	}
}

type noSigner struct{}

func (noSigner) Sign([]byte, string) ([]byte, error) { return nil, errDenied }

func TestSignFails(t *testing.T) {
	t.Parallel()
	if got, err := catalog.Sign(manifest(firstID), noSigner{}); !errors.Is(err, errDenied) || got != nil {
		t.Errorf("got %v, %v, want %v", got, err, errDenied)
	}
	bad := manifest(firstID)
	bad.Objects[0].Key = "../x"
	if got, err := catalog.Sign(bad, nil); err == nil || got != nil {
		t.Errorf("got %v, %v, want an error", got, err)
	}
}

// Two runs that make the same copy at once both succeed; another manifest is never
// taken for ours.
func TestCommitTwice(t *testing.T) {
	t.Parallel()
	signer, _ := signingKey(t)
	s := &storagetest.Memory{}
	m := manifest(firstID)
	signed := sign(t, m, signer)
	for range 2 {
		if err := catalog.Commit(t.Context(), s, signed, storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, suffix := range []string{catalog.ManifestSuffix, catalog.SignatureSuffix} {
		key := m.Key(suffix).String()
		good, _ := s.Bytes(key)
		s.Set(key, append(bytes.Clone(good), ' '))
		if err := catalog.Commit(t.Context(), s, signed, storage.PutOptions{}); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: got %v, want fs.ErrExist", suffix, err)
		}
		s.Set(key, good)
	}
}
