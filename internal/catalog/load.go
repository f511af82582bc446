package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// maxSignature is how long a signature file may be, in bytes.
const maxSignature = 16 << 10

var (
	// ErrUnsigned is wrapped when a backup has no signature and needs one.
	ErrUnsigned = errors.New("not signed")

	// ErrUntrusted is wrapped, with the reason, when a signature is not one
	// that the verifier accepts, or belongs to another backup.
	ErrUntrusted = errors.New("signature does not count")
)

// A Signature is what is known of who wrote a manifest.
type Signature struct {
	Checked bool   // false: there was no verifier, and nothing is known
	KeyID   string // of the trusted key that signed
	Comment string // that was signed with it
}

// Load reads the manifest of a backup and checks that it is that backup's. If v
// is not nil, the manifest must be signed for this backup by whom v trusts.
//
// An error wraps ErrInvalid, ErrNewer, ErrUnsigned, ErrUntrusted, or
// fs.ErrNotExist if there is no manifest; any other is the store's.
func Load(ctx context.Context, s storage.Store, e Entry, v Verifier) (*Manifest, Signature, error) {
	got, err := load(ctx, s, e, v)
	if err != nil {
		return nil, Signature{}, fmt.Errorf("read manifest of %s: %w", e.ID, err)
	}
	return got.manifest, got.by, nil
}

// Fetch is Load, and returns the bytes of manifest and signature as they are
// stored, to be stored elsewhere.
func Fetch(ctx context.Context, s storage.Store, e Entry, v Verifier) (*Manifest, *Signed, error) {
	got, err := load(ctx, s, e, v)
	if err != nil {
		return nil, nil, fmt.Errorf("read manifest of %s: %w", e.ID, err)
	}
	out := newSigned(got.manifest, got.text)
	out.signature = got.signature
	if v == nil { // then nobody has read it
		out.signature, err = read(ctx, s, e.Key(SignatureSuffix), maxSignature)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("read signature of %s: %w", e.ID, err)
	}
	return got.manifest, out, nil
}

// loaded is what was read of a backup.
type loaded struct {
	manifest  *Manifest
	text      []byte // of it
	by        Signature
	signature []byte // that was verified; nil: none was
}

func load(ctx context.Context, s storage.Store, e Entry, v Verifier) (got loaded, err error) {
	key := e.Key(ManifestSuffix)
	if err := key.Check(); err != nil {
		return loaded{}, err
	}
	if got.text, err = read(ctx, s, key, maxManifest); err != nil {
		return loaded{}, err
	}
	// First, so that nothing is made of bytes that nobody vouches for.
	got.by, got.signature, err = vouch(ctx, s, key.With(SignatureSuffix), comment(key), got.text, at(v, e.written()))
	if err == nil && v != nil {
		err = e.dated(ctx, s, v, got)
	}
	if err != nil {
		return loaded{}, err
	}
	if got.manifest, err = Decode(got.text); err != nil {
		return loaded{}, err
	}
	if m := got.manifest; m.Key(ManifestSuffix) != key {
		return loaded{}, fmt.Errorf("%w: it is of %s/%s %s", ErrInvalid, m.Kind, m.Source, m.ID)
	}
	return got, nil
}

// vouch verifies the signature at a key, of a text, with the comment that binds
// it to its place. It returns the signature that it read.
func vouch(ctx context.Context, s storage.Store, at Key, comment string, text []byte, v Verifier) (Signature, []byte, error) {
	if v == nil {
		return Signature{}, nil, nil
	}
	file, err := read(ctx, s, at, maxSignature)
	if errors.Is(err, fs.ErrNotExist) {
		return Signature{}, nil, hint.Wrap(ErrUnsigned, "a backup that was taken without signing.key cannot be told from a forged one; "+
			"to read it nevertheless, take signing.trusted out of the config")
	} else if err != nil {
		return Signature{}, nil, err
	}
	id, said, err := v.Verify(text, file)
	if err != nil {
		return Signature{}, nil, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	if said != comment {
		return Signature{}, nil, fmt.Errorf("%w: it is for %q", ErrUntrusted, said)
	}
	return Signature{Checked: true, KeyID: id, Comment: said}, file, nil
}

// read reads a small object. One that is too long is cut, which its reader
// notices.
func read(ctx context.Context, s storage.Store, key Key, most int64) (_ []byte, err error) {
	r, err := s.Get(ctx, key.String())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return io.ReadAll(io.LimitReader(r, most+1))
}
