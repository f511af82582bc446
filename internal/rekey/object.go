package rekey

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// objects lets each object of a manifest be written, proves it, and returns them
// with their new sums, as write does.
func (o Options) objects(ctx context.Context, to storage.Store, m *catalog.Manifest, res *Result, write func(catalog.Object) (catalog.Object, error)) ([]catalog.Object, error) {
	res.Opened = true
	var out []catalog.Object
	for _, object := range m.Objects {
		var err error
		if object, err = write(object); err != nil {
			return nil, fmt.Errorf("%s: %w", object.Role, err)
		}
		res.Bytes += object.Stored.Size
		opened, err := o.prove(ctx, to, object)
		if errors.Is(err, storage.ErrCold) {
			res.Cold, err = true, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: what was written cannot be read back: %w", object.Role, err)
		}
		res.Opened = res.Opened && opened
		out = append(out, object)
	}
	return out, nil
}

// rewrapObject rewraps one object and returns it as what it wrote.
func (o Options) rewrapObject(ctx context.Context, from, to storage.Store, object catalog.Object, opt storage.PutOptions) (catalog.Object, error) {
	body, err := from.Get(ctx, object.Key)
	if err != nil {
		return object, err
	}
	defer body.Close() // read only: what matters came from Read
	sealed, err := crypt.Rewrap(o.proved(body, object), o.Identities, o.Recipients)
	if err != nil {
		return object, err
	}
	head := &summed{r: io.LimitReader(sealed, sealed.Head()), hash: sha256.New()}
	all := &summed{r: io.MultiReader(head, sealed), hash: sha256.New()}
	if err := to.Put(ctx, object.Key, all, opt); err != nil {
		return object, err
	}
	object.Stored, object.Head = all.sum(), head.sum()
	return object, nil
}

// copyObject copies one object as it is.
func (o Options) copyObject(ctx context.Context, from, to storage.Store, object catalog.Object, opt storage.PutOptions) (catalog.Object, error) {
	body, err := from.Get(ctx, object.Key)
	if err != nil {
		return object, err
	}
	defer body.Close() // read only: what matters came from Read
	return object, to.Put(ctx, object.Key, o.proved(body, object), opt)
}

func (o Options) proved(body io.Reader, object catalog.Object) *archive.Proved {
	return &archive.Proved{From: body, Want: object.Stored, Tell: o.Progress}
}

// put are the wishes for a part of a backup, "" for what tells of it.
func (o Options) put(m *catalog.Manifest, role string) storage.PutOptions {
	out := storage.PutOptions{Kind: m.Kind, Lock: o.Lock}
	if role == catalog.RoleData {
		out.Class = o.Class
	}
	return out
}

// prove reads an object back. It opens it to its last plain byte if an identity
// fits, and says so; else it compares the stored sum.
func (o Options) prove(ctx context.Context, s storage.Store, object catalog.Object) (opened bool, err error) {
	if o.Identities != nil {
		if err = o.open(ctx, s, object); !errors.Is(err, crypt.ErrNoMatch) {
			return err == nil, err
		}
	}
	body, err := s.Get(ctx, object.Key)
	if err != nil {
		return false, err
	}
	defer body.Close() // read only
	_, err = io.Copy(io.Discard, &archive.Proved{From: body, Want: object.Stored})
	return false, err
}

func (o Options) open(ctx context.Context, s storage.Store, object catalog.Object) (err error) {
	body, err := s.Get(ctx, object.Key)
	if err != nil {
		return err
	}
	defer body.Close() // read only
	r, err := archive.NewReader(body, o.Identities, object.Summary(), 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	_, err = io.Copy(io.Discard, r)
	return err
}

// summed sums up what is read of it.
type summed struct {
	r    io.Reader
	hash hash.Hash
	n    int64
}

func (s *summed) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	s.n += int64(n)
	s.hash.Write(b[:n])
	return n, err
}

func (s *summed) sum() archive.Sum {
	return archive.Sum{Size: s.n, SHA256: hex.EncodeToString(s.hash.Sum(nil))}
}
