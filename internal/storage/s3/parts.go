package s3

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// send reads r part by part, after the first, and sends some at once.
func (u *upload) send(ctx context.Context, first []byte, r io.Reader) ([]types.CompletedPart, error) {
	var done []types.CompletedPart
	for offset, last := int64(0), false; !last; {
		s := &stretch{u: u, size: u.s.partSize(offset, len(done)), before: len(done), offset: offset}
		var err error
		if last, err = s.send(ctx, first, r); err != nil {
			return nil, err
		}
		for _, p := range s.parts {
			done = append(done, *p)
		}
		first, offset = nil, s.offset
	}
	return done, nil
}

// A stretch is a run of parts that have one size.
type stretch struct {
	u      *upload
	size   int64
	before int // parts of the stretches before
	parts  []*types.CompletedPart
	offset int64 // of the next part
}

// goesOn says whether the next part is of this stretch too.
func (s *stretch) goesOn() bool {
	return s.u.s.partSize(s.offset, s.before+len(s.parts)) == s.size
}

// send sends the stretch and says whether r has ended. There are never more
// buffers than parts under way and one that is being read.
func (s *stretch) send(ctx context.Context, first []byte, r io.Reader) (last bool, err error) {
	g, ctx := errgroup.WithContext(ctx)
	sending, stop := outlive(ctx, grace)
	defer stop()
	atOnce := s.u.s.atOnce(s.size)
	g.SetLimit(atOnce)
	free := make(chan []byte, atOnce+1)
	for buf := first; !last && s.goesOn(); buf = nil {
		n := len(buf)
		if buf == nil {
			select {
			case buf = <-free:
			default:
				buf = make([]byte, s.size)
			}
			if n, last, err = s.fill(ctx, r, buf); err != nil {
				// Where a part failed, that is the cause of the end of ctx, and err.
				_ = g.Wait()
				return false, err
			}
			if n == 0 {
				break // the stream ended where the last part did
			}
		}
		part := &types.CompletedPart{PartNumber: aws.Int32(int32(s.before + len(s.parts) + 1))}
		s.parts = append(s.parts, part)
		s.offset += int64(n)
		full, data := buf, buf[:n]
		g.Go(func() error {
			defer func() { free <- full }()
			return s.u.part(sending, part, data)
		})
	}
	return last, g.Wait()
}

// fill reads the next part, unless there are too many already.
func (s *stretch) fill(ctx context.Context, r io.Reader, buf []byte) (n int, last bool, err error) {
	n, last, err = fill(ctx, r, buf)
	if err == nil && n > 0 && s.before+len(s.parts) == maxParts {
		err = hint.Wrap(fmt.Errorf("more than %d parts, the last of %d bytes", maxParts, s.size), "set a larger part_size")
	}
	return n, last, err
}

// outlive returns a context that ends some time after ctx.
func outlive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	unwatch := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(d):
			cancel(context.Cause(ctx))
		case <-longer.Done():
		}
	})
	return longer, func() {
		unwatch()
		cancel(nil)
	}
}
