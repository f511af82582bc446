package replica

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// Same reports whether an object is what its sum says.
func Same(ctx context.Context, s storage.Store, key string, want archive.Sum) (bool, error) {
	body, err := s.Get(ctx, key)
	if err != nil {
		return false, err
	}
	defer body.Close() // read only
	r := &proved{r: body, want: want, hash: sha256.New()}
	if _, err = io.Copy(io.Discard, r); errors.Is(err, ErrDamaged) {
		return false, nil
	}
	return err == nil, err
}

// A proved reader ends with io.EOF only if all was as its sum says, so that no
// store keeps what is not.
type proved struct {
	r    io.Reader
	want archive.Sum
	hash hash.Hash
	tell func(int)
	n    int64
	err  error // of the reading; not io.EOF
}

func (p *proved) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.n += int64(n)
	p.hash.Write(b[:n])
	if p.tell != nil && n > 0 {
		p.tell(n)
	}
	switch {
	case p.n > p.want.Size:
		err = fmt.Errorf("%w: more than the %d bytes of the manifest", ErrDamaged, p.want.Size)
	case err != io.EOF:
	case p.n < p.want.Size:
		err = fmt.Errorf("%w: %d bytes, %d in the manifest", ErrDamaged, p.n, p.want.Size)
	case hex.EncodeToString(p.hash.Sum(nil)) != p.want.SHA256:
		err = fmt.Errorf("%w: the sha256 is not the manifest's", ErrDamaged)
	}
	if err != nil && err != io.EOF {
		p.err = err
	}
	return n, err
}
