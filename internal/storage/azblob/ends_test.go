package azblob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/azblob"
)

func TestFailedUploadsLeaveNoObject(t *testing.T) {
	t.Parallel()
	name := server.Container(t)
	s := open(t, options(server, name))
	boom := errors.New("boom")
	err := s.Put(t.Context(), "kind/a", io.MultiReader(zeros(large), failing{boom}), storage.PutOptions{})
	if !errors.Is(err, boom) || err.Error() != "put kind/a: boom" {
		t.Errorf("got %v, want put kind/a: boom", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = s.Put(ctx, "kind/b", io.MultiReader(zeros(large), calling(cancel), zeros(large)), storage.PutOptions{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	wantNothing(t, name)
	if err := putZeros(t.Context(), s, "kind/a", large); err != nil {
		t.Errorf("again, over the blocks that the first one left: %v", err)
	}
	if got := blocks(t, name, "kind/a"); len(got) != 4 {
		t.Errorf("got blocks of %v, want four", got)
	}
}

// All stage blocks for one key side by side.
func TestManyWritersOfOneKey(t *testing.T) {
	t.Parallel()
	const writers = 16
	for _, size := range []int{small, 2*azblob.MinPartSize + 1} {
		s := open(t, options(server, server.Container(t)))
		errs := make([]error, writers)
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				errs[i] = s.Put(t.Context(), "kind/a", bytes.NewReader(bytes.Repeat([]byte{byte(i)}, size)), storage.PutOptions{})
			})
		}
		wg.Wait()
		var winners []int
		for i, err := range errs {
			if err == nil {
				winners = append(winners, i)
			} else if !errors.Is(err, fs.ErrExist) {
				t.Errorf("%d bytes: got %v, want fs.ErrExist", size, err)
			}
		}
		if len(winners) != 1 {
			t.Errorf("%d bytes: got the winners %v, want one", size, winners)
			continue
		}
		got, err := read(t, s, "kind/a")
		if err != nil || !bytes.Equal(got, bytes.Repeat([]byte{byte(winners[0])}, size)) {
			t.Errorf("%d bytes: got %d bytes, %v, want the winner's", size, len(got), err)
		}
	}
}

// The end of the context while the object is being made: the server may have it
// already, so the Put waits a moment for the answer.
func TestCancelledAtTheEnd(t *testing.T) {
	t.Parallel()
	for i, size := range []int64{small, large} {
		ctx, cancel := context.WithCancel(t.Context())
		px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
			if isSingle(r) || isCommit(r) {
				cancel()
				select {
				case <-r.Context().Done(): // nobody waits
				case <-time.After(100 * time.Millisecond):
				}
			}
			return false
		}}
		key := fmt.Sprintf("kind/%d", i)
		s := open(t, options(px.start(t, server), server.Container(t)))
		err := putZeros(ctx, s, key, size)
		if got, rerr := read(t, s, key); err != nil || rerr != nil || int64(len(got)) != size {
			t.Errorf("%d bytes: put %v, then got %d bytes, %v", size, err, len(got), rerr)
		}
	}
}
