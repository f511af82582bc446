package local_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
)

// diskEnv names the folder in which a second process of this test writes with
// a limit to the size of its files: a full disk that needs no rights.
const diskEnv = "VAPORA_TEST_FULL_DISK"

func TestFullDisk(t *testing.T) {
	if dir := os.Getenv(diskEnv); dir != "" {
		putOnFullDisk(t, dir)
		return
	}
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFullDisk$", "-test.count=1", "-test.v")
	cmd.Env = append(os.Environ(), diskEnv+"="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PASS: TestFullDisk") {
		t.Errorf("got %v\n%s", err, out)
	}
}

func putOnFullDisk(t *testing.T, dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 100_000, Max: 100_000}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	put(t, s, "database/small")
	err := s.Put(t.Context(), "database/x/large", strings.NewReader(strings.Repeat("x", 300_000)), storage.PutOptions{})
	wantError(t, err, "put database/x/large: write to "+filepath.Join(dir, "database", "x")+": file too large")
	wantFiles(t, dir, "database/", "database/small")
}

func TestNoRights(t *testing.T) {
	giveUpRights(t)
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "database/x/a")
	put(t, s, "closed/x/a")
	closed := filepath.Join(dir, "closed", "x")
	for _, x := range []struct {
		mode fs.FileMode
		name string
	}{{0o500, filepath.Join(dir, "database")}, {0o000, closed}} {
		if err := os.Chmod(x.name, x.mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(x.name, 0o700) })
	}

	for key, want := range map[string]string{
		"database/y/b": "put database/y/b: create a file in " + filepath.Join(dir, "database", "y") + ": permission denied",
		"database/b":   "put database/b: create a file in " + filepath.Join(dir, "database") + ": permission denied",
		"closed/x/b":   "put closed/x/b: create a file in " + closed + ": permission denied",
	} {
		err := s.Put(t.Context(), key, strings.NewReader("x"), storage.PutOptions{})
		wantError(t, err, want)
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: got %v, want fs.ErrPermission", key, err)
		}
	}
	_, err := s.Get(t.Context(), "closed/x/a")
	wantError(t, err, "get closed/x/a: folder "+dir+": permission denied")
	// A part of the store that cannot be read must not look like an empty one.
	var listed error
	for _, listed = range s.List(t.Context(), "closed/") {
	}
	if !errors.Is(listed, fs.ErrPermission) {
		t.Errorf("list: got %v, want fs.ErrPermission", listed)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, "closed/", "closed/x/", "closed/x/a", "database/", "database/x/", "database/x/a")

	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	below, err := local.Open(local.Options{Dir: filepath.Join(dir, "new", "store")})
	if err != nil {
		t.Fatal(err)
	}
	err = below.Put(t.Context(), "a", strings.NewReader("x"), storage.PutOptions{})
	wantError(t, err, "put a: make folder "+filepath.Join(dir, "new", "store")+": permission denied")
}

// giveUpRights makes permissions count for root too, on this test's thread.
func giveUpRights(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var caps [2]unix.CapUserData
	if err := unix.Capget(&header, &caps[0]); err != nil {
		t.Fatal(err)
	}
	caps[0].Effective &^= 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH
	if err := unix.Capset(&header, &caps[0]); err != nil {
		t.Fatal(err)
	}
}
