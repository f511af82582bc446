package db_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

// shared is the server of all tests of this package; each has a namespace of
// its own in it.
var shared *surrealtest.Server

func TestMain(m *testing.M) {
	var err error
	if shared, err = surrealtest.Launch(context.Background(), surrealtest.Options{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stderr, "%s, %s engine\n", shared.Version, shared.Engine)
	code := m.Run()
	if err := shared.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
