package restore

import (
	"errors"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// What would help comes before what is said of every unfinished restore.
func TestUnfinishedKeepsTheCure(t *testing.T) {
	t.Parallel()
	r := &run{out: &Result{Namespace: "n", Database: "d"}}
	got := hint.Of(r.unfinished(hint.Wrap(errors.New("too large"), "raise the limit")))
	if !strings.HasPrefix(got, "raise the limit; the backup is untouched; n/d is unfinished") {
		t.Errorf("got %q", got)
	}
}
