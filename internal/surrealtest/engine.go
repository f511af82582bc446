package surrealtest

import (
	"context"
	"path/filepath"

	"github.com/vapora-platform/vapora-backup/internal/testserver"
)

// installEngine puts the old engine into the cache and returns the program for
// node.
func installEngine(ctx context.Context) (string, error) {
	root, err := testserver.Root()
	if err != nil {
		return "", err
	}
	dir, err := testserver.NPM(ctx, filepath.Join(root, "testdata", "servers", "engine"),
		"package.json", "package-lock.json", "server.mjs", "values.mjs")
	return filepath.Join(dir, "server.mjs"), err
}
