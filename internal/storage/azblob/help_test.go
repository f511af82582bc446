package azblob_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/azblob"
)

const (
	small = 1000
	large = 3*azblob.MinPartSize + 1000
)

func putZeros(ctx context.Context, s *azblob.Store, key string, size int64) error {
	return s.Put(ctx, key, zeros(size), storage.PutOptions{})
}

func read(t *testing.T, s *azblob.Store, key string) ([]byte, error) {
	t.Helper()
	r, err := s.Get(t.Context(), key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// behind looks behind the store's back.
func behind(t *testing.T, name string) *container.Client {
	t.Helper()
	c, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	return c.NewContainerClient(name)
}

func head(t *testing.T, name, key string) (blob.GetPropertiesResponse, error) {
	t.Helper()
	return behind(t, name).NewBlobClient(key).GetProperties(t.Context(), nil)
}

// blocks are the sizes of those that an object is made of.
func blocks(t *testing.T, name, key string) (sizes []int64) {
	t.Helper()
	list, err := behind(t, name).NewBlockBlobClient(key).GetBlockList(t.Context(), blockblob.BlockListTypeCommitted, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range list.CommittedBlocks {
		sizes = append(sizes, *b.Size)
	}
	return sizes
}

// wantNothing looks for objects. Blocks that belong to none are Azure's to drop.
func wantNothing(t *testing.T, name string) {
	t.Helper()
	for pages := behind(t, name).NewListBlobsFlatPager(nil); pages.More(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Segment.BlobItems {
			t.Errorf("left behind: %s", *item.Name)
		}
	}
}

// wantNoSecrets looks through an error and all that it wraps.
func wantNoSecrets(t *testing.T, err error, secrets ...string) {
	t.Helper()
	if err == nil {
		return
	}
	for _, secret := range secrets {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%T quotes a secret: %v", err, err)
		}
	}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			wantNoSecrets(t, err, secrets...)
		}
	default:
		wantNoSecrets(t, errors.Unwrap(err), secrets...)
	}
}

func zeros(n int64) io.Reader { return io.LimitReader(zero{}, n) }

type zero struct{}

func (zero) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// calling calls and is then at its end.
type calling func()

func (c calling) Read([]byte) (int, error) {
	c()
	return 0, io.EOF
}
