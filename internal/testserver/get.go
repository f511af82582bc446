// Package testserver gets servers of others, for tests, the demonstration and the
// benchmark only.
//
// What is neither in PATH nor in the tests' cache is built or installed there
// once, which takes minutes. A test that needs a server fails where it cannot
// be had; it is never skipped.
package testserver

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
)

// Cache returns the folder that servers and tools are built into.
func Cache() string {
	if dir := os.Getenv("VAPORA_TEST_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "vapora-backup")
}

// GoInstall returns a program that is built from a package of Go at a version:
// from PATH, from the cache, or built into it.
func GoInstall(ctx context.Context, pkg, version string) (string, error) {
	name := path.Base(pkg)
	if file, err := exec.LookPath(name); err == nil {
		return file, nil
	}
	file := filepath.Join(Cache(), "bin", name)
	built := func() bool {
		info, err := buildinfo.ReadFile(file)
		return err == nil && info.Main.Version == version
	}
	return file, once(file, built, func() error {
		cmd := quietly(ctx, "go", "install", pkg+"@"+version)
		cmd.Dir = filepath.Dir(file) // outside of any module
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+cmd.Dir)
		return output(cmd)
	})
}

// NPM returns a folder of the cache with the files of src, named, and what its
// package-lock.json wants installed.
func NPM(ctx context.Context, src string, files ...string) (string, error) {
	hash := sha256.New()
	texts := map[string][]byte{}
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join(src, name))
		if err != nil {
			return "", err
		}
		texts[name] = text
		hash.Write(text)
	}
	dir := filepath.Join(Cache(), filepath.Base(src)+"-"+hex.EncodeToString(hash.Sum(nil)[:6]))
	return dir, stamped(dir, func() error {
		for name, text := range texts {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
				return err
			}
		}
		cmd := quietly(ctx, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
		cmd.Dir = dir
		return output(cmd)
	})
}

// Venv returns the folder of programs of a virtual environment of Python that
// holds what the file of pinned requirements names.
func Venv(ctx context.Context, requirements string) (string, error) {
	text, err := os.ReadFile(requirements)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	dir := filepath.Join(Cache(), filepath.Base(filepath.Dir(requirements))+"-"+hex.EncodeToString(sum[:6]))
	bin := filepath.Join(dir, "bin")
	return bin, stamped(dir, func() error {
		if err := output(exec.CommandContext(ctx, "python3", "-m", "venv", dir)); err != nil {
			return err
		}
		return output(quietly(ctx, filepath.Join(bin, "pip"), "install", "--quiet", "--disable-pip-version-check", "-r", requirements))
	})
}

// stamped fills a folder once; a file in it says that it is done.
func stamped(dir string, fill func() error) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	stamp := filepath.Join(dir, "installed")
	done := func() bool { _, err := os.Stat(stamp); return err == nil }
	return once(dir, done, func() error {
		if err := fill(); err != nil {
			return err
		}
		return os.WriteFile(stamp, nil, 0o644)
	})
}

// once does what is not done, unless another process does it meanwhile.
func once(what string, done func() bool, do func() error) (err error) {
	if done() {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(what), 0o755); err != nil {
		return err
	}
	unlock, err := lock(what + ".lock")
	if err != nil {
		return err
	}
	defer unlock()
	if done() {
		return nil
	}
	return do()
}

// quietly is a command that leaves the machine to others, where that can be said.
func quietly(ctx context.Context, args ...string) *exec.Cmd {
	if nice, err := exec.LookPath("nice"); err == nil {
		args = append([]string{nice, "-n", "15"}, args...)
	}
	return exec.CommandContext(ctx, args[0], args[1:]...)
}

func output(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return nil
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
