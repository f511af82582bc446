package surrealtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/vapora-platform/vapora-backup/internal/stocktool"
)

// engineFiles are the whole of the old engine's program.
var engineFiles = []string{"package.json", "package-lock.json", "server.mjs", "values.mjs"}

// installEngine puts the old engine into the cache, once for all processes,
// and returns the program for node.
func installEngine(ctx context.Context) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	src := filepath.Join(root, "testdata", "servers", "engine")
	hash := sha256.New()
	texts := map[string][]byte{}
	for _, name := range engineFiles {
		if texts[name], err = os.ReadFile(filepath.Join(src, name)); err != nil {
			return "", err
		}
		hash.Write(texts[name])
	}
	dir := filepath.Join(stocktool.Cache(), "engine-"+hex.EncodeToString(hash.Sum(nil)[:6]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return filepath.Join(dir, "server.mjs"), locked(dir+".lock", func() error {
		stamp := filepath.Join(dir, "installed")
		if _, err := os.Stat(stamp); err == nil {
			return nil
		}
		for name, text := range texts {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
				return err
			}
		}
		cmd := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("npm ci of the old engine: %w\n%s", err, out)
		}
		return os.WriteFile(stamp, nil, 0o644)
	})
}

// locked runs f while no other process holds the file.
func locked(path string, f func() error) (err error) {
	lock, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	return f()
}

// Root returns the folder of the module that the working directory is in.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("the working directory is in no module")
		}
		dir = up
	}
}
