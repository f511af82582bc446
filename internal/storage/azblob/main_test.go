package azblob_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/azuretest"
)

// server is for all tests of this package, because its start takes seconds. Each
// test has a container of its own.
var server *azuretest.Server

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "azurite")
	if err == nil {
		defer os.RemoveAll(dir)
		server, err = azuretest.Launch(context.Background(), dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer server.Stop()
	return m.Run()
}
