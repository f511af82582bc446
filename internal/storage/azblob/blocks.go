package azblob

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"golang.org/x/sync/errgroup"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// growth is after how many blocks' worth of bytes the blocks grow by another
// PartSize. With it 50,000 blocks hold 5 TiB, and the memory of an upload grows
// with its size only where it must.
const growth = 6500

// sizes say how large blocks are.
type sizes struct {
	first, growth, max int64
	blocks             int // that an object may have
}

// at is the size of the block that begins at an offset.
func (z sizes) at(offset int64) int64 {
	return min(z.first*(1+offset/(z.growth*z.first)), z.max)
}

// atOnce is how many blocks of a size are sent at once: fewer of large ones.
func (s *Store) atOnce(size int64) int {
	return max(1, int(int64(s.o.Concurrency)*s.o.PartSize/size))
}

// send reads r block by block, after the first, and sends some at once.
func (u *upload) send(ctx context.Context, first []byte, r io.Reader) (ids []string, err error) {
	for offset, last := int64(0), false; !last; {
		s := &stretch{u: u, size: u.s.sizes.at(offset), before: len(ids)}
		if last, err = s.send(ctx, first, r); err != nil {
			return nil, err
		}
		ids = append(ids, s.ids...)
		first = nil
		offset += s.bytes
	}
	return ids, nil
}

// A stretch is a run of blocks that have one size.
type stretch struct {
	u      *upload
	size   int64
	before int // blocks of the stretches before
	ids    []string
	bytes  int64
}

// send sends the stretch and says whether r has ended. There are never more
// buffers than blocks under way and one that is being read.
func (s *stretch) send(ctx context.Context, first []byte, r io.Reader) (last bool, err error) {
	g, ctx := errgroup.WithContext(ctx)
	atOnce := s.u.s.atOnce(s.size)
	g.SetLimit(atOnce)
	free := make(chan []byte, atOnce+1)
	for buf := first; !last && s.bytes < s.u.s.sizes.growth*s.u.s.sizes.first; buf = nil {
		n := len(buf)
		if buf == nil {
			select {
			case buf = <-free:
			default:
				buf = make([]byte, s.size)
			}
			if n, last, err = s.fill(ctx, r, buf); err != nil {
				// Where a block failed, that is the cause of the end of ctx, and err.
				_ = g.Wait()
				return false, err
			}
			if n == 0 {
				break // the stream ended where the last block did
			}
		}
		id := s.u.blockID(s.before + len(s.ids))
		s.ids = append(s.ids, id)
		s.bytes += int64(n)
		full, data := buf, buf[:n]
		g.Go(func() error {
			defer func() { free <- full }()
			return s.u.stage(ctx, id, data)
		})
	}
	return last, g.Wait()
}

// fill reads the next block, unless there are too many already.
func (s *stretch) fill(ctx context.Context, r io.Reader, buf []byte) (n int, last bool, err error) {
	n, last, err = fill(ctx, r, buf)
	if most := s.u.s.sizes.blocks; err == nil && n > 0 && s.before+len(s.ids) == most {
		err = hint.Wrap(fmt.Errorf("more than %d blocks, the last of %d bytes", most, s.size), "set a larger part_size")
	}
	return n, last, err
}

// blockID names a block. Rivals for one key stage theirs side by side, so each
// has its own names, and Azure wants all of one length: never change it.
func (u *upload) blockID(n int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s-%06d", u.token, n))
}

// stage sends one block. Where the server says that it encrypts in another way,
// no object is ever made of it.
func (u *upload) stage(ctx context.Context, id string, data []byte) error {
	p := newPayload(data)
	defer p.wait() // the buffer is filled again
	out, err := u.blob.StageBlock(u.s.persist(ctx), id, p, &blockblob.StageBlockOptions{
		TransactionalValidation: checksum(data),
		CPKScopeInfo:            &blob.CPKScopeInfo{EncryptionScope: optional(u.scope)},
	})
	switch {
	case err == nil:
		return u.confirmScope(made{scope: out.EncryptionScope})
	case status(err) == http.StatusConflict: // of a blob that is locked, or none of blocks
		return u.settle(ctx, err)
	case bloberror.HasCode(err, bloberror.AuthorizationPermissionMismatch):
		return hint.Wrap(u.s.explain(ctx, err),
			"where an object is longer than one block, Azure wants the right to write beside that to create (sp=cw in a SAS token); with create alone, set a part_size above the largest object")
	}
	return u.s.explain(ctx, err)
}
