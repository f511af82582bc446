package local_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A file whose writer was killed is found once it is old enough, and goes; a file
// that is no such thing cannot be abandoned.
func TestAbandonUnfinished(t *testing.T) {
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
	pw.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	killed := "database/" + entries[0].Name()
	if err := os.WriteFile(filepath.Join(dir, killed), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	find := func(before time.Time) (found []storage.Unfinished) {
		t.Helper()
		for u, err := range s.Unfinished(t.Context(), before, nil) {
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, u)
		}
		return found
	}
	if got := find(time.Now().Add(-time.Hour)); len(got) != 0 {
		t.Errorf("an hour ago: got %v, want nothing", got)
	}
	if got := find(time.Now().Add(time.Hour)); len(got) != 1 || got[0].ID != killed || got[0].Size != 4 {
		t.Fatalf("got %v, want %s of 4 bytes", got, killed)
	}
	if err := s.Abandon(t.Context(), storage.Unfinished{ID: "database/a"}); !errors.Is(err, storage.ErrKey) {
		t.Errorf("abandon an object: got %v, want storage.ErrKey", err)
	}
	if err := s.Abandon(t.Context(), storage.Unfinished{ID: killed}); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, "database/", "database/a")
}
