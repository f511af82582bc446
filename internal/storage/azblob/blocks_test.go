package azblob_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/azblob"
)

func TestHugeObjectsFit(t *testing.T) {
	t.Parallel()
	const mib, gib, tib = 1 << 20, 1 << 30, 1 << 40
	for _, test := range []struct{ part, total, largest int64 }{
		{8 * mib, 50 * gib, 8 * mib},
		{8 * mib, tib, 168 * mib},
		{8 * mib, 5 * tib, 808 * mib},
		{8 * mib, 20 * tib, 3232 * mib},
		{azblob.MinPartSize, tib, 162 * mib},
		{azblob.MinPartSize, 5 * tib, 807 * mib},
		{azblob.MaxPartSize, 5 * tib, azblob.MaxPartSize},
	} {
		count, last := azblob.Blocks(test.part, test.total)
		if count > azblob.MaxBlocks || last > test.largest {
			t.Errorf("%d GiB from %d MiB: %d blocks, the last of %d MiB, want at most %d of %d MiB",
				test.total/gib, test.part/mib, count, last/mib, azblob.MaxBlocks, test.largest/mib)
		}
	}
}

// Blocks grow, and the object is still what was put.
func TestGrowingBlocks(t *testing.T) {
	t.Parallel()
	const part = azblob.MinPartSize
	name := server.Container(t)
	o := options(server, name)
	o.Concurrency = 2
	s := azblob.WithSizes(open(t, o), 2, 5)
	data := make([]byte, 8*part+100)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	if err := s.Put(t.Context(), "kind/a", bytes.NewReader(data), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, s, "kind/a"); err != nil || !bytes.Equal(got, data) {
		t.Errorf("got %d bytes, %v, want %d", len(got), err, len(data))
	}
	if got, want := blocks(t, name, "kind/a"), []int64{part, part, 2 * part, 3 * part, part + 100}; !slices.Equal(got, want) {
		t.Errorf("got blocks of %v, want %v", got, want)
	}
	err := putZeros(t.Context(), s, "kind/b", 11*part+1) // 1 1 2 3 4, and one byte
	if err == nil || !strings.Contains(err.Error(), "more than 5 blocks") || hint.Of(err) == "" {
		t.Errorf("got %v, want more than 5 blocks", err)
	}
	if err := putZeros(t.Context(), s, "kind/b", 11*part); err != nil {
		t.Errorf("as many blocks as fit: %v", err)
	}
}

// Each Put has its own names for blocks, all of one length.
func TestBlockNames(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	names := map[string]string{}
	px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
		if isBlock(r) {
			mu.Lock()
			defer mu.Unlock()
			id, err := base64.StdEncoding.DecodeString(r.URL.Query().Get("blockid"))
			if _, twice := names[string(id)]; twice || err != nil || len(id) != 33 {
				t.Errorf("got %q, %v (twice: %v), want 33 bytes", id, err, twice)
			}
			names[string(id)] = r.Header.Get("X-Ms-Content-Crc64")
		}
		return false
	}}
	s := open(t, options(px.start(t, server), server.Container(t)))
	for range 2 {
		_ = putZeros(t.Context(), s, "kind/a", large) // the second one fails at its end
	}
	for name, sum := range names {
		if sum == "" {
			t.Errorf("%s: has no checksum", name)
		}
	}
	if len(names) != 8 {
		t.Errorf("got %d blocks, want 8", len(names))
	}
}

// Memory is bounded by the size of the blocks, not by that of the stream.
func TestMemoryIsBounded(t *testing.T) {
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
	}))
	defer sink.Close()
	o := azblob.Options{Account: "acct", Container: "container", Endpoint: sink.URL, AccountKey: otherKey, PartSize: 8 << 20, Concurrency: 2}
	s := open(t, o)
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak uint64
	const pieces, piece = 128, 2 << 20
	var stream []io.Reader
	for range pieces {
		stream = append(stream, zeros(piece), calling(func() {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}))
	}
	if err := s.Put(t.Context(), "kind/big", io.MultiReader(stream...), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	bound := uint64(o.PartSize)*uint64(o.Concurrency+2) + 4<<20
	if got := peak - before.HeapAlloc; got > bound {
		t.Errorf("got %d MiB at most, want less than %d MiB", got>>20, bound>>20)
	}
}

// Where rivals for a key drop each other's blocks, the error tells.
func TestBlocksThatAreGone(t *testing.T) {
	t.Parallel()
	name := server.Container(t)
	px := proxy{before: func(w http.ResponseWriter, r *http.Request) bool {
		return isCommit(r) && refuse(w, http.StatusBadRequest, "InvalidBlockList")
	}}
	s := open(t, options(px.start(t, server), name))
	err := putZeros(t.Context(), s, "kind/a", large)
	if err == nil || !strings.HasPrefix(err.Error(), "put kind/a: the blocks that were sent are gone") {
		t.Errorf("got %v, want … are gone", err)
	}
	if err := putZeros(t.Context(), open(t, options(server, name)), "kind/a", large); err != nil {
		t.Fatal(err)
	}
	if err := putZeros(t.Context(), s, "kind/a", large); fmt.Sprint(err) != "put kind/a: file already exists" {
		t.Errorf("got %v, want put kind/a: file already exists", err)
	}
}

// What is there and is not made of blocks is there, too.
func TestPutOverAnotherKindOfBlob(t *testing.T) {
	t.Parallel()
	name := server.Container(t)
	s := open(t, options(server, name))
	if _, err := behind(t, name).NewAppendBlobClient("kind/a").Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{small, large} {
		if err := putZeros(t.Context(), s, "kind/a", size); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%d bytes: got %v, want fs.ErrExist", size, err)
		}
	}
}
