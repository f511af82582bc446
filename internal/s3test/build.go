package s3test

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// module says from where a program is built, and which version.
func (p Program) module() (pkg, version string) {
	switch p {
	case Versitygw:
		return "github.com/versity/versitygw/cmd/versitygw", "v1.8.0"
	case MinIO:
		return "github.com/minio/minio", "v0.0.0-20260212201848-7aac2a2c5b7c"
	}
	return "", ""
}

// find returns the program's file: from PATH, from the cache, or built into it.
func find(ctx context.Context, p Program) (string, error) {
	if pkg, _ := p.module(); pkg == "" {
		return "", errors.New("no such server is known")
	}
	if file, err := exec.LookPath(string(p)); err == nil {
		return file, nil
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(cache, "bin")
	file := filepath.Join(bin, string(p))
	if built(file, p) {
		return file, nil
	}
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(file + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if built(file, p) { // by the one that held the lock
		return file, nil
	}
	return file, build(ctx, p, bin)
}

func cacheDir() (string, error) {
	if dir := os.Getenv("VAPORA_TEST_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "vapora-backup"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".cache", "vapora-backup"), nil
}

// built says whether file is the program in the version that is wanted.
func built(file string, p Program) bool {
	info, err := buildinfo.ReadFile(file)
	_, version := p.module()
	return err == nil && info.Main.Version == version
}

func build(ctx context.Context, p Program, bin string) error {
	pkg, version := p.module()
	args := []string{"go", "install", pkg + "@" + version}
	if nice, err := exec.LookPath("nice"); err == nil {
		args = append([]string{nice, "-n", "15"}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = bin // outside of any module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+bin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s@%s: %w\n%s", pkg, version, err, out)
	}
	return nil
}
