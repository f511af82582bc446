package azblob_test

import (
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/azuretest"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/azblob"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

func TestStore(t *testing.T) {
	storagetest.Suite{
		Open: func(t *testing.T) storage.Store {
			return open(t, options(server, server.Container(t)))
		},
		PartSize: azblob.MinPartSize,
	}.Test(t)
}

func options(srv *azuretest.Server, container string) azblob.Options {
	return azblob.Options{
		Account: srv.Account, Container: container, Endpoint: srv.Endpoint,
		AccountKey: srv.Key, PartSize: azblob.MinPartSize,
	}
}

func open(t *testing.T, o azblob.Options) *azblob.Store {
	t.Helper()
	s, err := azblob.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
