package cli_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/cli"
)

// A proved file gets its name, and replaces none, also where a file system knows no
// hard links (FAT), or no rename that does not replace (NFS).
func TestNamesReplaceNothing(t *testing.T) {
	t.Parallel()
	for name, settle := range map[string]func(from, to string) error{"settle": cli.Settle, "claim": cli.Claim} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			from, to, other := filepath.Join(dir, ".dump.1"), filepath.Join(dir, "dump"), filepath.Join(dir, "other")
			for path, text := range map[string]string{from: "proved", other: "mine"} {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := settle(from, other); !errors.Is(err, fs.ErrExist) {
				t.Errorf("got %v, want %v", err, fs.ErrExist)
			}
			if err := settle(from, to); err != nil {
				t.Fatal(err)
			}
			if err := settle(from, filepath.Join(dir, "third")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v, want %v", err, fs.ErrNotExist)
			}
			var got []string
			entries, _ := os.ReadDir(dir)
			for _, e := range entries {
				text, _ := os.ReadFile(filepath.Join(dir, e.Name()))
				got = append(got, e.Name()+" "+string(text))
			}
			if want := []string{"dump proved", "other mine"}; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
