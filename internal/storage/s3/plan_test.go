package s3_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

const (
	mib = int64(1) << 20
	gib = int64(1) << 30
	tib = int64(1) << 40
)

// 48 MiB are enough for 100 GiB. Beyond that they cannot be where 5 TiB are to
// be possible in 10,000 parts; the bounds are those that Options tells of.
func TestLargeStreamsFitTenThousandParts(t *testing.T) {
	t.Parallel()
	s := open(t, s3.Options{Bucket: "b", Region: "eu-central-1"})
	for _, test := range []struct{ size, held int64 }{
		{1 * gib, 32 * mib}, {10 * gib, 32 * mib}, {100 * gib, 48 * mib}, {320 * gib, 384 * mib},
		{1 * tib, 1 * gib}, {5 * tib, 3700 * mib},
	} {
		p := s.Plan(test.size)
		if p.Parts > 10_000 || p.Largest > s3.MaxPartSize || p.Held > test.held {
			t.Errorf("%d GiB: got %d parts, of %d MiB at most, and %d MiB held, want %d MiB held",
				test.size/gib, p.Parts, p.Largest/mib, p.Held/mib, test.held/mib)
		}
	}
}

// Whatever size and concurrency are chosen, 5 TiB fit.
func TestEveryPartSizeFits(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{s3.MinPartSize, 7*mib + 1, 8 * mib, 16 * mib, 100_000_000, 128 * mib, 525 * mib, gib, s3.MaxPartSize} {
		for _, concurrency := range []int{1, 3, 16} {
			s := open(t, s3.Options{Bucket: "b", Region: "eu-central-1", PartSize: size, Concurrency: concurrency})
			for _, stream := range []int64{1, size, 1301 * size, 100 * gib, tib, 5 * tib} {
				p := s.Plan(stream)
				if p.Parts > 10_000 || p.Largest > s3.MaxPartSize {
					t.Errorf("parts of %d, %d at once: %d bytes: got %d parts of %d", size, concurrency, stream, p.Parts, p.Largest)
				}
			}
			if p := s.Plan(min(1300*size, 5*tib)); p.Largest != size {
				t.Errorf("parts of %d: got one of %d among the first 1300", size, p.Largest)
			}
			if p := s.Plan(5 * tib); p.Held > max(4*gib, size*int64(concurrency+1)) {
				t.Errorf("parts of %d, %d at once: got %d MiB held", size, concurrency, p.Held/mib)
			}
		}
	}
}

// Parts of several sizes make one object, in order and without a gap.
func TestPartsGrow(t *testing.T) {
	t.Parallel()
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			var mu sync.Mutex
			sent := map[int]int64{}
			px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
				if n, err := strconv.Atoi(r.URL.Query().Get("partNumber")); err == nil {
					mu.Lock()
					defer mu.Unlock()
					sent[n] = r.ContentLength
				}
				return false
			}}
			s := open(t, options(px.start(t, srv), srv.Bucket(t)))
			s.Grow([2]int64{2, 1}, [2]int64{6, 2}, [2]int64{9, 3})
			const unit = s3.MinPartSize
			sizes := []int64{unit, unit, 2 * unit, 2 * unit, 3 * unit}
			for name, more := range map[string]int64{"where a part ends": 0, "within a part": -unit - 7, "where the parts grow": -3 * unit} {
				clear(sent)
				data := make([]byte, 9*unit+more)
				_, _ = rand.Read(data)
				key := fmt.Sprint("kind/", len(data))
				if err := s.Put(t.Context(), key, bytes.NewReader(data), storage.PutOptions{}); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if got, err := read(t, s, key); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s: got %d bytes, %v, want the %d that were put", name, len(got), err, len(data))
				}
				var got, want []int64
				for n := 1; sent[n] > 0; n++ {
					got = append(got, sent[n])
				}
				for rest := int64(len(data)); rest > 0; rest -= want[len(want)-1] {
					want = append(want, min(rest, sizes[len(want)]))
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: got parts of %d, want %d", name, got, want)
				}
			}
		})
	}
}
