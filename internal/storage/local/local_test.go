package local_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storagetest.Test(t, func(t *testing.T) storage.Store { return open(t, t.TempDir()) })
}

func TestStoreWithoutRename(t *testing.T) {
	t.Parallel()
	storagetest.Test(t, func(t *testing.T) storage.Store {
		s, err := local.OpenLinking(local.Options{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

// An object lasts before it has its name, and its name before Put returns; where one of
// the steps fails there is no object.
func TestPutLasts(t *testing.T) {
	t.Parallel()
	want := []string{"sync file", "name c", "sync a/b", "sync a", "sync ."}
	for fails := range len(want) + 1 {
		dir := t.TempDir()
		var steps []string
		broken := errors.New("broken")
		s, err := local.OpenTelling(local.Options{Dir: dir}, func(step string) error {
			steps = append(steps, step)
			if len(steps) == fails+1 && fails < len(want) {
				return broken
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Put(t.Context(), "a/b/c", strings.NewReader("text"), storage.PutOptions{})
		if fails == len(want) {
			if err != nil || !slices.Equal(steps, want) {
				t.Errorf("steps were %q, %v, want %q", steps, err, want)
			}
			continue
		}
		if !errors.Is(err, broken) {
			t.Errorf("step %q fails: got %v", want[fails], err)
		}
		if _, err := s.Get(t.Context(), "a/b/c"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("step %q failed, and the object is there: %v", want[fails], err)
		}
	}
}

// The folder appears with the first object: looking at a store makes nothing.
func TestFolderIsMadeByPut(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir := filepath.Join(top, "not", "yet")
	s := open(t, dir)
	for _, err := range s.List(t.Context(), "") {
		t.Errorf("list: got an object or %v, want nothing", err)
	}
	if _, err := s.Get(t.Context(), "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("get: got %v, want fs.ErrNotExist", err)
	}
	if err := s.Delete(t.Context(), "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("delete: got %v, want fs.ErrNotExist", err)
	}
	wantFiles(t, top)
	put(t, s, "database/x/a")
	wantFiles(t, top, "not/", "not/yet/", "not/yet/database/", "not/yet/database/x/", "not/yet/database/x/a")
	for _, name := range []string{dir, filepath.Join(dir, "database", "x")} {
		if got := mode(t, name); got != 0o700 {
			t.Errorf("%s: got mode %o, want 700", name, got)
		}
	}
	if got := mode(t, filepath.Join(dir, "database", "x", "a")); got != 0o600 {
		t.Errorf("object: got mode %o, want 600", got)
	}
}

func TestDeleteLeavesNoEmptyFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "database/x/2026/a")
	put(t, s, "database/y")
	if err := s.Delete(t.Context(), "database/x/2026/a"); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, "database/", "database/y")
}

// One Put makes the folder that another's Delete has just found empty.
func TestFoldersComeAndGo(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for range 100 {
				key := fmt.Sprintf("database/x/%d", worker)
				if err := s.Put(t.Context(), key, strings.NewReader("x"), storage.PutOptions{}); err != nil {
					t.Error(err)
				}
				if err := s.Delete(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestFileWhereAFolderShouldBe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "database"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	err := s.Put(t.Context(), "database/x/a", strings.NewReader("x"), storage.PutOptions{})
	wantError(t, err, "put database/x/a: create a file in "+filepath.Join(dir, "database", "x")+": not a directory")
	wantFiles(t, dir, "database")

	_, err = local.Open(local.Options{Dir: filepath.Join(dir, "database")})
	wantError(t, err, "open local store: "+filepath.Join(dir, "database")+" is not a folder")
	if _, err := local.Open(local.Options{}); err == nil {
		t.Error("open without a folder: no error")
	}
}

func TestFolderWhereAnObjectShouldBe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "a/b/c")
	err := s.Put(t.Context(), "a/b", strings.NewReader("x"), storage.PutOptions{})
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
	if err := s.Delete(t.Context(), "a/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("delete: got %v, want fs.ErrNotExist", err)
	}
	wantFiles(t, dir, "a/", "a/b/", "a/b/c")
}

func TestSymlinksLeadNowhere(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"out": outside, "file": filepath.Join(outside, "secret"), "up": ".."} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir)
	if err := s.Put(t.Context(), "out/new", strings.NewReader("x"), storage.PutOptions{}); err == nil {
		t.Error("put through a link that leads out: no error")
	}
	for _, key := range []string{"out/secret", "file", "up/" + filepath.Base(outside) + "/secret"} {
		if r, err := s.Get(t.Context(), key); err == nil {
			r.Close()
			t.Errorf("get %s: no error", key)
		}
		if err := s.Delete(t.Context(), key); err == nil {
			t.Errorf("delete %s: no error", key)
		}
	}
	for o, err := range s.List(t.Context(), "") {
		t.Errorf("list: got %v, %v, want nothing", o, err)
	}
	for _, err := range s.List(t.Context(), "out/") {
		if err == nil {
			t.Error("list through a link that leads out: got an object")
		}
	}
	wantFiles(t, outside, "secret")
}

// What is being written, or was left by a process that was killed, is no object.
func TestUnfinishedFilesAreNoObjects(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	pr, pw := io.Pipe()
	done := make(chan error)
	go func() { done <- s.Put(t.Context(), "database/a", pr, storage.PutOptions{}) }()
	if _, err := pw.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "database"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("got %v, %v, want one unfinished file", entries, err)
	}
	name := "database/" + entries[0].Name()
	for o := range s.List(t.Context(), "") {
		t.Errorf("list: got %s, want nothing", o.Key)
	}
	if _, err := s.Get(t.Context(), name); !errors.Is(err, storage.ErrKey) {
		t.Errorf("get: got %v, want storage.ErrKey", err)
	}
	if err := s.Delete(t.Context(), name); !errors.Is(err, storage.ErrKey) {
		t.Errorf("delete: got %v, want storage.ErrKey", err)
	}
	pw.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, "database/", "database/a")
}

func TestFailedPutLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	boom := errors.New("boom")
	pr, pw := io.Pipe()
	pw.CloseWithError(boom)
	if err := s.Put(t.Context(), "database/x/a", pr, storage.PutOptions{}); !errors.Is(err, boom) {
		t.Errorf("got %v, want %v", err, boom)
	}
	wantFiles(t, dir)
}

func open(t *testing.T, dir string) *local.Store {
	t.Helper()
	s, err := local.Open(local.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *local.Store, key string) {
	t.Helper()
	if err := s.Put(t.Context(), key, strings.NewReader(key), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
}

func mode(t *testing.T, name string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

// wantFiles checks what lies below dir, as anyone sees it; folders end in "/".
func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	var got []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if name == "." || err != nil {
			return err
		}
		if d.IsDir() {
			name += "/"
		}
		got = append(got, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("below %s: got %q, want %q", dir, got, want)
	}
}
