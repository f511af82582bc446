package cli_test

import (
	"runtime"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/cli"
)

// A backup takes half of the cores unless the operator says how many. Not parallel: the
// number is the process's.
func TestHalfTheCores(t *testing.T) {
	all := runtime.GOMAXPROCS(4)
	defer runtime.GOMAXPROCS(all)
	for want, environ := range map[int][]string{2: {"HOME=/root"}, 4: {"HOME=/root", "GOMAXPROCS=4"}} {
		undo := cli.HalfTheCores(environ)
		if got := runtime.GOMAXPROCS(0); got != want {
			t.Errorf("%q: got %d cores, want %d", environ, got, want)
		}
		undo()
		if got := runtime.GOMAXPROCS(0); got != 4 {
			t.Errorf("%q: left with %d cores", environ, got)
		}
	}
}
