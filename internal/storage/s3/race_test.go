package s3_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

// One of sixteen wins, and the object is the winner's from its first byte to
// its last. Moto is left out: see TestStore.
func TestSixteenWritersOfOneKey(t *testing.T) {
	t.Parallel()
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			for _, bucket := range []string{srv.Bucket(t), srv.VersionedBucket(t)} {
				for _, size := range []int{small, s3.MinPartSize + small} {
					var wg sync.WaitGroup
					var mu sync.Mutex
					var winners []byte
					key := fmt.Sprint("kind/", size)
					for i := range byte(16) {
						s := open(t, options(srv, bucket)) // connections of its own
						wg.Go(func() {
							err := s.Put(t.Context(), key, bytes.NewReader(bytes.Repeat([]byte{i}, size)), storage.PutOptions{})
							mu.Lock()
							defer mu.Unlock()
							if err == nil {
								winners = append(winners, i)
							} else if !errors.Is(err, fs.ErrExist) {
								t.Errorf("%d bytes: got %v, want fs.ErrExist", size, err)
							}
						})
					}
					wg.Wait()
					if len(winners) != 1 {
						t.Fatalf("%d bytes: got winners %v, want one", size, winners)
					}
					s := open(t, options(srv, bucket))
					if got, err := read(t, s, key); err != nil || !bytes.Equal(got, bytes.Repeat(winners, size)) {
						t.Errorf("%d bytes: got %d bytes, %v, want those of writer %d", size, len(got), err, winners[0])
					}
					if err := s.Delete(t.Context(), key); err != nil {
						t.Error(err)
					}
				}
				wantNothing(t, srv, bucket)
			}
		})
	}
}
